"""The real binary as a child process, with its own data folder and its own loopback address for instances."""

import os
import re
import selectors
import signal
import subprocess
import time
from pathlib import Path

from support import processes

READY = re.compile(r"^listening on (http://(127\.0\.0\.1:\d+))$")
START_SECONDS = 60
STOP_SECONDS = 60


class Server:
    """`cinnabar serve`, from its ready line to its end; nothing of it may be left afterwards."""

    def __init__(self, binary: Path, folder: Path, address: str):
        self.binary = binary
        self.folder = folder
        self.data = folder / "data"
        self.address = address
        self.command = self.process = None
        self.url = self.endpoint = None
        # The certificate of the local authority, which clients of HTTPS must accept.
        self.authority = self.data / "ca.pem"

    def start(self, config: str = "", *flags: str) -> "Server":
        """Starts it and reads the ready line; `config` is added to a file that names the instances' address."""
        settings = self.folder / "cinnabar.toml"
        settings.write_text(f'{config}\n[network]\naddresses = ["{self.address}"]\n')
        self.command = [
            self.binary,
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--data",
            self.data,
            "--config",
            settings,
            *flags,
        ]
        self._run()
        return self

    def restart(self) -> None:
        """Starts it again after it has ended, over the same data; it listens on another port."""
        self.process.stdout.close()
        self._run()

    def _run(self) -> None:
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                env=environment(),
            )
        line = self._first_line()
        ready = READY.match(line)
        assert ready, f"the ready line is {line!r}; the log ends:\n{self.log()}"
        self.url, self.endpoint = ready.groups()

    def _first_line(self) -> str:
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            return self.process.stdout.readline().decode().strip() if selector.select(START_SECONDS) else ""

    def log(self) -> str:
        """The end of what it logged."""
        return "\n".join((self.folder / "server.log").read_text().splitlines()[-40:])

    def variables(self) -> dict:
        """What `eval "$(cinnabar env --data DIR)"` leaves in a shell that had nothing."""
        script = 'eval "$("$1" env --data "$2")" && env -0'
        clean = {"PATH": os.environ["PATH"]}
        shell = ["sh", "-c", script, "sh", self.binary, self.data]
        shown = subprocess.run(shell, env=clean, check=True, capture_output=True, text=True)
        return dict(line.split("=", 1) for line in shown.stdout.split("\0") if line)

    def stop(self) -> int:
        """SIGTERM; answers the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            self.process.stdout.close()

    def end(self) -> None:
        """Stops it and holds it to its word: exit status 0, and no engine of an instance that was cleaned up."""
        try:
            status = self.stop()
        finally:
            left = processes.reap(self.folder)
        assert status == 0, f"exit status {status} after SIGTERM; the log ends:\n{self.log()}"
        assert not left, f"left running: {left}"

    def node_folders(self, instance: str) -> list:
        """The folders of an instance's nodes, found by their redis.conf, the master's first."""
        return sorted(path.parent for path in self.data.rglob("redis.conf") if instance in path.parts)

    def ports(self, instance: str) -> list:
        """The ports of an instance's nodes, the master's first."""
        return [
            int(re.search(r"(?m)^port (\d+)$", (node / "redis.conf").read_text())[1])
            for node in self.node_folders(instance)
        ]

    def traces(self, instance: str) -> list:
        """What is left of an instance on this machine: folders and processes."""
        folders = [str(path) for path in self.data.rglob(instance)]
        return folders + [process for process in processes.inside(self.data) if instance in process.folder]


def environment() -> dict:
    """This process's environment without settings that would reach the server."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CINNABAR_", "TENCENTCLOUD_"))}


def eventually(look, *, seconds: float = 120, every: float = 0.1):
    """Looks until something true is seen and answers it; the limit only ends a story that hangs."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"did not come about within {seconds} s; last seen: {seen!r}"
        time.sleep(every)
