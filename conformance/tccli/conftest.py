"""tccli, set up by what `cinnabar env` prints."""

import pytest

from support.tccli import Tccli, by_variables


@pytest.fixture(scope="session")
def tccli(server, tmp_path_factory) -> Tccli:
    return by_variables(server, tmp_path_factory.mktemp("home"))


@pytest.fixture
def planned(levered, tmp_path) -> Tccli:
    """tccli before the server that does what was planned."""
    return by_variables(levered, tmp_path)
