"""chronyd with the capabilities that its unit has. In a container it does not start: no clock."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian import appliance, layered
from tests.units import UNITS, settings

# making the root takes minutes, once a machine
pytestmark = [pytest.mark.image, pytest.mark.together("appliance-root")]

FILE = "etc/chrony/chrony.conf"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with layered(appliance(), tmp_path_factory.mktemp("time")) as found:
        (found / "run/chrony").mkdir(mode=0o700)
        yield found


def start(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run chronyd for a second, with the capabilities of its unit and no hold on the clock."""
    closed, *named = settings(UNITS / "chrony.service.d/tenshu.conf")["CapabilityBoundingSet"]
    assert closed == ""
    kept = ",".join(f"+{name.lower().removeprefix('cap_')}" for name in " ".join(named).split())
    return subprocess.run(
        ["chroot", root, "setpriv", f"--bounding-set=-all,{kept}", "--no-new-privs",
         "chronyd", "-x", "-d", "-F", "1", "-u", "_chrony", "-t", "1", *words],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_chronyd_starts_at_the_machines_first_start_with_what_its_unit_may(root: Path) -> None:
    ended = start(root)
    assert "Timeout reached" in ended.stderr, ended.stderr


def test_a_port_that_serves_would_be_found(root: Path) -> None:
    served = (root / FILE).read_text().replace("port 0\n", "port 123\n", 1)
    (root / "etc/served.conf").write_text(served)
    ended = start(root, "-f", "/etc/served.conf")
    assert "cap_set_proc" in ended.stderr, ended.stderr
