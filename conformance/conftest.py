"""Servers and instances for the stories. Each is there for as long as it is needed; what is left over fails the run."""

import os
import random
import socket
from pathlib import Path

import pytest

from support import instance as of
from support.levers import SEED, Levers
from support.sdk import Sdk
from support.server import Server

ROOT = Path(__file__).resolve().parent.parent
# Short enough to see both statuses of a destroyed instance, long enough to see the first of them for sure.
CONFIG = "[isolation]\nto_delete_after = 8\n[background]\nexpire = 200\nobserve = 500\n"


@pytest.fixture(scope="session", autouse=True)
def clean_environment():
    """No setting of the machine reaches a client: no proxy, no key, no configuration folder."""
    for name in list(os.environ):
        if (
            name.lower().endswith("_proxy")
            or name.startswith(("TENCENTCLOUD_", "CINNABAR_"))
            and name not in ("CINNABAR_BINARY", "CINNABAR_DRIVERS")
        ):
            del os.environ[name]


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    path = Path(os.environ.get("CINNABAR_BINARY", ROOT / "target/debug/cinnabar"))
    assert path.is_file(), f"{path} is not there; build it with `cargo build -p cinnabar`"
    return path


def free_address() -> str:
    """A loopback address on which nobody listens on Redis's port."""
    while True:
        address = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(1, 254)}"
        with socket.socket() as probe:
            try:
                probe.bind((address, 6379))
                return address
            except OSError:
                continue


@pytest.fixture(scope="session")
def start_server(binary, tmp_path_factory):
    """Starts servers; ends them all when the session ends."""
    started = []

    def start(*flags: str) -> Server:
        server = Server(binary, tmp_path_factory.mktemp("server"), free_address())
        started.append(server)
        server.start(CONFIG, *flags)
        variables = server.variables()
        server.secret_id, server.secret_key = variables["TENCENTCLOUD_SECRET_ID"], variables["TENCENTCLOUD_SECRET_KEY"]
        return server

    yield start
    failures = [failure for server in started if (failure := _failure(server))]
    assert not failures, "\n\n".join(failures)


def _failure(server: Server):
    try:
        server.end()
    except Exception as failure:
        return str(failure)
    return None


@pytest.fixture(scope="session")
def server(start_server) -> Server:
    """The server of most stories. It does not count requests, since stories ask faster than people."""
    return start_server("--rate-limit", "off")


@pytest.fixture(scope="session")
def levered(start_server, tmp_path_factory):
    """A server with the test levers and a seed."""
    seed = tmp_path_factory.mktemp("seed") / "seed.toml"
    seed.write_text(SEED)
    server = start_server("--rate-limit", "off", "--test-levers", "--seed", str(seed))
    yield server
    call = Sdk(server)
    for instance in of.listed(call):
        of.retire(call, instance)


@pytest.fixture
def levers(levered):
    """The levers of that server, which is as seeded again after the story."""
    levers = Levers(levered)
    yield levers
    levers("reset")


@pytest.fixture(scope="session")
def call(server) -> Sdk:
    """The SDK as most people set it up."""
    return Sdk(server)


@pytest.fixture
def buy(call):
    """Buys instances that are destroyed and cleaned up after the story, whatever became of them."""
    bought = []

    def one(**order) -> str:
        bought.append(of.create(call, **order))
        return bought[-1]

    yield one
    for instance in bought:
        of.retire(call, instance)


@pytest.fixture(scope="module")
def shared(call):
    """One running instance for the stories of a file that only read."""
    instance = of.create(
        call, InstanceName="shared", VpcId="vpc-1a2b3c4d", ResourceTags=[{"TagKey": "team", "TagValue": "a"}]
    )
    yield instance
    of.retire(call, instance)
