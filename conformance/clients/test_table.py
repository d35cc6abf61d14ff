"""Every client shows every cell that it has, and docs/clients.md says so."""

from dataclasses import dataclass

import pytest

from support import instance as of
from support import table
from support.cells import CELLS
from support.clients import KINDS
from support.driver import settings
from support.levers import Levers
from support.sdk import Sdk

WANTED = [(kind, cell) for kind in KINDS for cell in CELLS if cell not in kind.lacks]


@dataclass
class Stage:
    """What the cells play with."""

    server: object
    instance: str
    levered: object
    levers: Levers


def variables(server) -> dict:
    """How clients are told of a proxy (addresses on this machine they reach without one) and of an authority to trust."""
    proxy, authority = server.url, str(server.authority)
    return {
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "SSL_CERT_FILE": authority,
        "NODE_EXTRA_CA_CERTS": authority,
    }


@pytest.fixture(scope="module")
def stage(server, levered):
    call = Sdk(server)
    instance = of.create(call, InstanceName="staged", ResourceTags=[{"TagKey": "team", "TagValue": "a"}])
    yield Stage(server, instance, levered, Levers(levered))
    of.retire(call, instance)


@pytest.fixture(scope="module")
def started(server, tmp_path_factory):
    """The clients, each started when it is first asked for."""
    running = {}

    def start(kind):
        if not kind.present():
            pytest.skip(f"{kind.title} is not installed")
        if kind.title not in running:
            running[kind.title] = kind.start(tmp_path_factory.mktemp("client"), variables(server))
        return running[kind.title]

    yield start
    for client in running.values():
        client.close()


@pytest.fixture(scope="module")
def shown():
    """The cells that passed."""
    return set()


@pytest.mark.parametrize(("kind", "cell"), WANTED, ids=[f"{kind.title}: {cell}" for kind, cell in WANTED])
def test_client(stage, started, shown, kind, cell):
    client = started(kind)
    CELLS[cell](stage, lambda **changed: client.connect(settings(stage.server, **changed)))
    shown.add((kind.title, cell))


def test_the_document_claims_what_was_shown(shown):
    left = [(kind.title, cell) for kind, cell in WANTED if (kind.title, cell) not in shown]
    if left and all(not kind.present() for kind in KINDS if kind.title in dict(left)):
        pytest.skip(f"not installed: {sorted(dict(left))}")
    assert not left, f"not shown by this run: {left}"
    table.keep(KINDS)
