"""One copy of the appliance that really runs, under a name of its own, with somebody in it."""

from collections.abc import Iterator

import pytest

from tests.running import Copy, start_copy
from tests.scans.people import Inhabited, inhabit

NAME = "tenshu.home.arpa"
"""A name that never leaves a house (RFC 8375), for which HSTS is sent."""


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    with start_copy(tmp_path_factory.mktemp("copy"), TENSHU_HOST_NAMES=NAME) as started:
        yield started


@pytest.fixture(scope="session")
def inhabited(copy: Copy) -> Inhabited:
    return inhabit(copy)
