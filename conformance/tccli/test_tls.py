"""tccli by HTTPS. It has no option for an authority: it accepts what the bundle of its Python holds."""

import shutil
from pathlib import Path

import certifi
import pytest

from support import instance as of


@pytest.fixture
def accepting(server, tccli, tmp_path):
    """A tccli whose certifi has the authority appended, as `cinnabar trust` says; a copy of it, not that of the other tests."""
    copy = tmp_path / "python" / "certifi"
    shutil.copytree(Path(certifi.__file__).parent, copy)
    with open(copy / "cacert.pem", "a") as bundle:
        bundle.write(server.authority.read_text())
    other = type(tccli)(server, tmp_path)
    other.environment["PYTHONPATH"] = str(tmp_path / "python")
    return other


def test_by_the_servers_own_address(server, accepting):
    accepting.endpoint = server.endpoint
    assert accepting("DescribeInstances")["TotalCount"] >= 0


def test_by_the_clouds_own_name(server, accepting):
    accepting.endpoint = "redis.tencentcloudapi.com"
    accepting.environment["HTTPS_PROXY"] = server.url
    instance = of.create(accepting, InstanceName="over-tls")
    assert of.describe(accepting, instance)["Status"] == 2
    of.retire(accepting, instance)


def test_without_the_authority_it_refuses(server, tccli, tmp_path):
    plain = type(tccli)(server, tmp_path)
    plain.endpoint = server.endpoint
    done = plain.run("redis", "DescribeInstances")
    assert done.returncode != 0 and "certificate" in (done.stderr + done.stdout).lower()
