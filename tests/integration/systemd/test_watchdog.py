"""A process that hangs is started again by systemd: frozen in the middle of its work."""

import pytest

from appliance.faults.edge import SECONDS
from tests.integration.systemd.booted import Booted
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13-booted"),
    pytest.mark.timeout(600),
]

UNITS = ("agent", "sealer", "worker", "console", "workspace", "desk")
SOON = "[Service]\nWatchdogSec=12s\nTimeoutStopSec=2s\nTimeoutAbortSec=2s\n"
"""A test does not wait for the minutes that a starved machine is given."""


@pytest.fixture
def watched(machine: Booted):
    """The machine, its processes watched more closely."""
    for unit in UNITS:
        folder = f"/run/systemd/system/tenshu-{unit}.service.d"
        machine.run("mkdir", "-p", folder)
        machine.run("sh", "-c", f"printf '{SOON}' > {folder}/99-soon.conf")
    machine.run("systemctl", "daemon-reload")
    names = [f"tenshu-{unit}.service" for unit in UNITS]
    machine.run("systemctl", "restart", *names, seconds=180)
    yield machine
    for unit in UNITS:
        machine.run("rm", "-r", f"/run/systemd/system/tenshu-{unit}.service.d")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", *names, seconds=180)


def test_each_that_is_frozen_is_started_again_and_nobody_who_works_is_S7(watched: Booted) -> None:
    before = {unit: watched.main_process(f"tenshu-{unit}.service") for unit in UNITS}
    assert "0" not in before.values()
    for unit in UNITS[:-1]:
        watched.run("kill", "-STOP", before[unit])
    wait_until(
        lambda: all(
            watched.property(f"tenshu-{unit}.service", "NRestarts") == "1" for unit in UNITS[:-1]
        ),
        "those that are frozen are started again",
        90,
    )
    assert watched.main_process("tenshu-desk.service") == before["desk"], "it works"
    wait_until(lambda: watched.healthy(8443), "the console answers again", 60)
    told = watched.said("journalctl", "--unit=tenshu-worker.service", "--grep=Watchdog timeout")
    assert "Watchdog timeout" in told


@pytest.fixture
def impatient(machine: Booted):
    """The machine, whose agent takes an edge for dead after a few seconds."""
    folder = "/run/systemd/system/tenshu-agent.service.d"
    machine.run("mkdir", "-p", folder)
    line = f"[Service]\\nEnvironment={SECONDS}=8\\n"
    machine.run("sh", "-c", f"printf '{line}' > {folder}/99-soon.conf")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "tenshu-agent.service", seconds=180)
    yield machine
    machine.run("rm", "-r", folder)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "tenshu-agent.service", seconds=180)


def hung(machine: Booted) -> list[str]:
    """What of the edge has hung so far, the newest first."""
    happenings = machine.result("ListFaults")["happenings"]
    return [one["subject"] for one in happenings if one["kind"] == "edge_hung"]


@pytest.mark.parametrize("who", ["the first process", "those that serve"])
def test_an_edge_that_is_frozen_is_started_again_and_that_is_told_S7(
    impatient: Booted, who: str
) -> None:
    wait_until(lambda: impatient.healthy(8443), "the console answers", 60)
    wait_until(lambda: impatient.call("ListFaults").get("result"), "the agent answers", 60)
    main = impatient.main_process("tenshu-edge.service")
    before = hung(impatient)
    serving = impatient.said("pgrep", "--parent", main).split()
    impatient.run("kill", "-STOP", *([main] if who == "the first process" else serving))
    wait_until(
        lambda: impatient.main_process("tenshu-edge.service") not in (main, "0"),
        "the edge is started again",
        60,
    )
    wait_until(lambda: impatient.healthy(8443), "the console answers again", 60)
    wait_until(lambda: hung(impatient) == [who, *before], "and that is told", 20)


def test_a_plane_whose_worker_is_frozen_is_started_again_too_S7(watched: Booted) -> None:
    main = watched.main_process("tenshu-console.service")
    worker = watched.said("pgrep", "--parent", main).split()[-1]
    watched.run("kill", "-STOP", worker)
    wait_until(
        lambda: watched.main_process("tenshu-console.service") not in (main, "0"),
        "the plane is started again",
        60,
    )
    wait_until(lambda: watched.healthy(8443), "the console answers again", 60)
