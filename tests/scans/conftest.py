"""A copy for each scanner, really running under a name of its own, with somebody in it.

Scanners delete tables and end sessions as they walk: none finds what another has left.
"""

from collections.abc import Iterator

import pytest

from tests.running import Copy, start_copy
from tests.scans.people import Inhabited, inhabit

NAME = "tenshu.home.arpa"
"""A name that never leaves a house (RFC 8375), for which HSTS is sent."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    with start_copy(tmp_path_factory.mktemp("copy"), TENSHU_HOST_NAMES=NAME) as started:
        yield started


@pytest.fixture(scope="module")
def inhabited(copy: Copy) -> Inhabited:
    return inhabit(copy)
