"""The Go SDK's common package as Terraform's provider is set up: by SERVICE.DOMAIN, over HTTP_PROXY, English, JSON by POST."""

import pytest

from support.clients import DRIVERS
from support.driver import Driver, settings


@pytest.fixture(scope="session")
def terraform(server, tmp_path_factory):
    """Makes a callable for a service."""
    program = DRIVERS / "gocommon/run"
    if not program.is_file():
        pytest.skip("the Go SDK's common package is not installed")
    driver = Driver(program, tmp_path_factory.mktemp("terraform"), {"HTTP_PROXY": server.url})
    yield lambda service: driver.connect(settings(server, endpoint=None), service)
    driver.close()
