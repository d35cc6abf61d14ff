"""The clients of the table, behind one face: a connection is made with settings, and calls actions by name.

A client in another language is a driver: a small program that uses its SDK as people do and speaks one JSON object a line.
It reads `{settings, service, action, parameters}` and writes `{response}` (the inner Response, as its models hold it) or
`{error: {code, message, request_id}}`; see `Settings` for what the settings are.
"""

import json
import selectors
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from support.server import environment

ANSWER_SECONDS = 120


class Refused(Exception):
    """What a client throws for an API error."""

    def __init__(self, code: str, message: str, request_id: str):
        super().__init__(f"{code}: {message} ({request_id})")
        self.code, self.message, self.request_id = code, message, request_id


@dataclass
class Settings:
    """What a connection may set; each client has its own words for it."""

    id: str
    key: str
    scheme: str = "http"
    # None is the client's own, the cloud's name.
    endpoint: str | None = None
    proxy: str | None = None
    # The authority to trust, as a file, for clients that take it as a setting rather than from their environment.
    ca: str | None = None
    sign: str = "TC3-HMAC-SHA256"
    method: str = "POST"
    language: str = "en-US"
    region: str = "ap-guangzhou"
    # Try again what was refused for its rate; change to the region below after failures.
    retry: bool = False
    breaker: bool = False


def settings(server, **changed) -> Settings:
    """By the server's address and with its key, but for what is changed."""
    usual = {"id": server.secret_id, "key": server.secret_key, "endpoint": server.endpoint, "ca": str(server.authority)}
    return Settings(**usual | changed)


class Driver:
    """One driver process for a whole session."""

    def __init__(self, program: Path, folder: Path, variables: dict):
        self.log = folder / "driver.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env=environment() | {"HOME": str(folder)} | variables,
            )

    def connect(self, made: Settings, service: str = "redis"):
        def call(action: str, **parameters) -> dict:
            return self._ask({"settings": asdict(made), "service": service, "action": action, "parameters": parameters})

        return call

    def _ask(self, asked: dict) -> dict:
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self._line())
        if refusal := answer.get("error"):
            raise Refused(refusal["code"], refusal["message"], refusal["request_id"])
        return answer["response"]

    def _line(self) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            line = self.process.stdout.readline() if selector.select(ANSWER_SECONDS) else b""
        assert line.endswith(b"\n"), f"the driver said {line!r}; its log:\n{self.log.read_text()}"
        return line

    def close(self) -> None:
        self.process.stdin.close()
        try:
            assert self.process.wait(30) == 0, self.log.read_text()
        finally:
            self.process.kill()
            self.process.stdout.close()
