"""A copy for each scanner, really running under a name of its own, with somebody in it.

Scanners delete tables and end sessions as they walk: none finds what another has left.
"""

from collections.abc import Iterator

import pytest

from appliance.machine.facts import Certificate
from tests.benchmarks.container import container
from tests.integration.edge import Edge, before, short_root
from tests.integration.systemd.booted import Booted
from tests.running import Copy, start_copy
from tests.scans.people import Inhabited, inhabit

NAME = "tenshu.home.arpa"
"""A name that never leaves a house (RFC 8375)."""
DOCUMENT = """
[certificates]
console = "company"
workspace = "company"
hsts = "on"
[edge]
requests_per_second = 10000
[firewall]
connections_per_source = 1000
"""
"""A certificate that browsers know; no limits, for one address asks a thousand times."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    with start_copy(tmp_path_factory.mktemp("copy"), TENSHU_HOST_NAMES=NAME) as started:
        yield started


@pytest.fixture(scope="module")
def inhabited(copy: Copy) -> Inhabited:
    return inhabit(copy)


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    """The whole product, behind nginx on the planned configuration."""
    with (
        short_root() as root,
        short_root() as folder,
        start_copy(folder, TENSHU_EDGE="1", TENSHU_HOST_NAMES=NAME) as copy,
        before(copy, root) as made,
    ):
        made.apply(DOCUMENT, certificates={**made.facts.certificates, "company": own_of(made)})
        yield made


def own_of(edge: Edge) -> Certificate:
    """The appliance's own certificate, whose authority testssl is told to trust."""
    return edge.facts.certificates["own"]


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """The appliance as systemd has booted it, with the scanners of benchmarks beside it."""
    with container(tmp_path_factory.mktemp("benchmarks")) as machine:
        yield machine
