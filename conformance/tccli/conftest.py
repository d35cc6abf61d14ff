"""tccli as people run it: a command, its environment, what it prints and its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TCCLI = Path(sys.executable).parent / "tccli"


class Tccli:
    """Calls actions by name, as the SDK's callable does, through the command line."""

    def __init__(self, server, home: Path):
        self.endpoint = server.url
        self.home = home
        variables = {name: value for name, value in server.variables().items() if name.startswith("TENCENTCLOUD_")}
        self.environment = variables | {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        if prefix := os.environ.get("PYTHONPYCACHEPREFIX"):
            self.environment["PYTHONPYCACHEPREFIX"] = prefix

    def run(self, *words: str) -> subprocess.CompletedProcess:
        command = [TCCLI, *words, "--endpoint", self.endpoint]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
        )

    def __call__(self, action: str, **parameters) -> dict:
        words = [word for name, value in parameters.items() for word in (f"--{name}", self._word(value))]
        done = self.run("redis", action, *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @staticmethod
    def _word(value) -> str:
        return value if isinstance(value, str) else json.dumps(value)


@pytest.fixture(scope="session")
def tccli(server, tmp_path_factory) -> Tccli:
    return Tccli(server, tmp_path_factory.mktemp("home"))


@pytest.fixture
def planned(levered, tmp_path) -> Tccli:
    """tccli before the server that does what was planned."""
    return Tccli(levered, tmp_path)
