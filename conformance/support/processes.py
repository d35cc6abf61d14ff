"""Processes by their working folder: how an engine is told from everybody else's."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    pid: int
    folder: str
    command: str


def inside(folder: Path) -> list:
    """The processes that work in `folder` or below it."""
    root = os.path.realpath(folder)
    found = (_process(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [process for process in found if process and f"{process.folder}/".startswith(f"{root}/")]


def _process(entry: Path):
    try:
        folder = os.readlink(entry / "cwd").removesuffix(" (deleted)")
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return None
    # A dead child that nobody has waited for yet has no command line.
    return Process(int(entry.name), folder, command) if command else None


def reap(folder: Path) -> list:
    """Kills what works in `folder`, waits until it is gone, and answers what it was."""
    killed = []
    while left := inside(folder):
        killed.extend(process for process in left if process not in killed)
        for process in left:
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    return killed


@contextlib.contextmanager
def paused(folders: list):
    """Stops the engines of these node folders for a while, as a machine that is much too busy would."""
    engines = [process.pid for folder in folders for process in inside(folder)]
    assert len(engines) == len(folders), f"{len(engines)} engines work in {folders}"
    for pid in engines:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in engines:
            os.kill(pid, signal.SIGCONT)


if __name__ == "__main__":
    # For run.sh, when the tests themselves were killed.
    sys.exit(1 if [print(f"conformance: killed {process}") for process in reap(Path(sys.argv[1]))] else 0)
