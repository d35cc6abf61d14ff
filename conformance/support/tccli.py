"""tccli as people run it: a command, its environment, what it prints and its exit status."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import certifi

TCCLI = Path(sys.executable).parent / "tccli"


def accepting(authority: Path, folder: Path) -> str:
    """The path to a copy of certifi, for one test alone, that the authority is appended to."""
    copy = folder / "certifi"
    shutil.copytree(Path(certifi.__file__).parent, copy, dirs_exist_ok=True)
    with open(copy / "cacert.pem", "a") as bundle:
        bundle.write(authority.read_text())
    return str(folder)


class Tccli:
    """Calls actions by name, as the SDK's callable does, through the command line."""

    def __init__(self, endpoint: str, home: Path, variables: dict):
        self.endpoint = endpoint
        self.environment = variables | {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
        if prefix := os.environ.get("PYTHONPYCACHEPREFIX"):
            self.environment["PYTHONPYCACHEPREFIX"] = prefix

    def accept(self, authority: Path, folder: Path) -> None:
        """Appends the authority to its certifi, as `cinnabar trust` says."""
        self.environment["PYTHONPATH"] = accepting(authority, folder)

    def run(self, *words: str) -> subprocess.CompletedProcess:
        command = [TCCLI, *words, "--endpoint", self.endpoint]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
        )

    def ask(self, action: str, parameters: dict, *options: str) -> subprocess.CompletedProcess:
        """An action of redis, its parameters as people write them."""
        words = [word for name, value in parameters.items() for word in (f"--{name}", self._word(value))]
        return self.run("redis", action, *words, *options)

    def __call__(self, action: str, **parameters) -> dict:
        done = self.ask(action, parameters)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @staticmethod
    def _word(value) -> str:
        return value if isinstance(value, str) else json.dumps(value)


def by_variables(server, home: Path) -> Tccli:
    """As `cinnabar env` sets it up."""
    variables = {name: value for name, value in server.variables().items() if name.startswith("TENCENTCLOUD_")}
    return Tccli(server.url, home, variables)
