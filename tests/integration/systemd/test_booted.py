"""All of it where systemd is the first process: units with users of their own, timer, job units."""

import time

import pytest

from app.audit.inspection import read_inspection
from app.audit.verdict import State
from appliance.contract.kit import KeyKit
from appliance.contract.ring import wrap_ring
from tests.integration.systemd.booted import Booted
from tests.running import wait_until
from tests.units import OURS

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13-booted"),
    pytest.mark.timeout(600),
]

NAMES = ("console", "desk", "workspace", "worker", "sealer")
SERVICES = [f"tenshu-{name}.service" for name in NAMES]
NARROW = """\
format = 1
[access]
console = ["management"]
[access.lists.management]
networks = ["192.0.2.0/24"]
"""
WINDOW = 30
DATA = "var/lib/tenshu/data"


def test_the_machine_verifies_its_own_history_at_the_lowest_priority_F5(
    machine: Booted,
) -> None:
    def verified() -> bool:
        found = read_inspection(machine.root / DATA / "audit").latest
        return found is not None and found.state is State.WHOLE

    wait_until(verified, "the sealer has verified it", 90)
    told = machine.said("journalctl", "--quiet", "--output=cat", "--unit=tenshu-sealer.service")
    assert "without a result" not in told
    assert "Operation not permitted" not in told, "its sandbox lets it give way"


def apply(machine: Booted, document: str = NARROW, seconds: int = WINDOW) -> int:
    before = machine.result("ReadConfiguration")["version"]
    wanted = {"document": document, "based_on": before, "seconds": seconds}
    version = machine.result("ApplyConfiguration", **wanted, despite_warnings=True)
    assert version["outcome"] == "waiting"
    return int(version["number"])


def outcome(machine: Booted, number: int) -> tuple[str, str]:
    found = machine.result("ReadVersion", version=number)["version"]
    return found["outcome"], found["reason"]


PLACE = (
    "TENSHU_DATA=/var/lib/tenshu/data",
    "TENSHU_KEYS=/var/lib/tenshu/keys",
    "TENSHU_EDGE=1",
    "LANG=C.UTF-8",
)


def test_every_process_runs_in_its_unit_with_its_user_and_nothing_is_out_of_reach_F6(
    machine: Booted,
) -> None:
    assert machine.healthy(443)
    for unit in [*SERVICES, "tenshu-agent.service", "tenshu-edge.service"]:
        assert machine.property(unit, "ActiveState") == "active", unit
        assert machine.property(unit, "NRestarts") == "0", unit
    assert machine.said("ps", "-o", "user:20=", "-p", machine.main_process(SERVICES[0])) == (
        "tenshu-console"
    )
    found = machine.result("ReadConfiguration")
    assert (found["version"], found["drift"], found["unavailable"]) == (1, [], [])
    assert machine.said("cat", "/run/tenshu-screen/claim-code").count("-") == 2
    assert machine.run("test", "-S", "/run/tenshu-maintenance/door.sock").returncode == 0
    told = machine.run("env", *PLACE, "/usr/lib/tenshu/bin/python", "-P", "-m", "cli", "status")
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("RUNNING") == 6


def test_the_running_sandboxes_are_as_closed_as_the_files_say(machine: Booted) -> None:
    for unit in (*NAMES, "edge", "agent"):
        limit = round(OURS[f"tenshu-{unit}"].held * 10)
        told = machine.run(
            "systemd-analyze", "security", "--no-pager", f"--threshold={limit}", f"tenshu-{unit}"
        )
        assert told.returncode == 0, told.stdout[-1500:]


def test_the_machine_is_put_right_before_the_network_comes_up_F6(machine: Booted) -> None:
    put_right = int(machine.property("tenshu-starting.service", "ActiveEnterTimestampMonotonic"))
    for later in ("network-pre.target", "systemd-networkd.service", "tenshu-edge.service"):
        assert put_right < int(machine.property(later, "ActiveEnterTimestampMonotonic")), later
    rules = int(machine.property("nftables.service", "ActiveEnterTimestampMonotonic"))
    network = int(machine.property("systemd-networkd.service", "ActiveEnterTimestampMonotonic"))
    assert put_right < rules < network, "nobody comes in before the rules hold"


def test_a_machine_that_hangs_is_started_anew_by_its_watchdog(machine: Booted) -> None:
    told = machine.said("systemd-analyze", "cat-config", "systemd/system.conf")
    assert {"RuntimeWatchdogSec=3min", "RebootWatchdogSec=10min"} <= set(told.splitlines())


def test_ssh_listens_where_the_firewall_stands_and_nowhere_else_F6(machine: Booted) -> None:
    """Systemd of itself would let it listen on a socket of this machine and to its host."""
    told = machine.said("systemctl", "list-units", "--all", "--no-legend", "--plain", "*ssh*")
    assert not [unit for unit in told.split() if unit.endswith(".socket")], told


@pytest.mark.parametrize("user", ["tenshu-workspace", "tenshu-audit", "tenshu-console"])
def test_who_is_no_process_of_the_console_reaches_no_action(machine: Booted, user: str) -> None:
    """Not even as its user: what somebody starts elsewhere is no part of its unit."""
    assert machine.call("ListRuns", user=user).get("result") is None
    refused = machine.run("journalctl", "--unit=tenshu-agent", "--output=cat", "--no-pager").stdout
    number = machine.said("id", "-u", user)
    if user == "tenshu-console":
        assert f"refused a connection of user {number}" in refused


def test_a_killed_edge_comes_back_over_its_stale_socket(machine: Booted) -> None:
    killed = machine.main_process("tenshu-edge.service")
    machine.run("kill", "-9", killed)
    wait_until(lambda: machine.main_process("tenshu-edge.service") not in ("0", killed), "it came")
    wait_until(lambda: machine.healthy(8443), "it serves", 20)


TENSHU = ("env", "TENSHU_DATA=/var/lib/tenshu/data", "TENSHU_KEYS=/var/lib/tenshu/keys",
          "/usr/lib/tenshu/bin/python", "-P", "-m", "cli")  # fmt: skip
LOCK = "/var/lib/tenshu/data/appliance.lock"
HOLDER = f"exec 9<>{LOCK}; flock 9 && echo 4711 >&9 && exec sleep 600"


def test_beside_the_units_no_copy_starts_and_beside_a_copy_no_units_F6(machine: Booted) -> None:
    refused = machine.run(*TENSHU, "start")
    assert refused.returncode != 0
    assert "tenshu.target" in refused.stderr, refused
    machine.run("systemctl", "restart", "tenshu-prepare.service", "tenshu.target")
    wait_until(lambda: machine.healthy(8443), "it serves again", 60)
    assert "tenshu.target" in machine.run(*TENSHU, "start").stderr, "also after a restart"
    machine.run("systemctl", "stop", "tenshu.target", "tenshu-prepare.service")
    machine.run("systemd-run", "--unit=holder", "sh", "-c", HOLDER)
    wait_until(lambda: machine.said("cat", LOCK).startswith("4711"), "another copy holds it", 20)
    assert machine.run("systemctl", "start", "tenshu-console.service").returncode != 0
    told = machine.said("journalctl", "--unit=tenshu-prepare", "--output=cat", "--no-pager")
    assert "data_folder.in_use" in told
    machine.run("systemctl", "stop", "holder.service")
    assert machine.run("systemctl", "start", "tenshu.target").returncode == 0
    wait_until(lambda: machine.healthy(8443), "it serves again", 60)


def test_the_logs_of_the_edge_are_rotated_and_it_writes_on_F6(machine: Booted) -> None:
    folder = "/var/log/tenshu-edge"
    before = machine.main_process("tenshu-edge.service")
    turned = machine.run("logrotate", "--force", "--verbose", "/etc/logrotate.conf")
    assert turned.returncode == 0, turned.stderr
    assert "error:" not in turned.stderr
    owners = machine.said("stat", "--format=%U %G %a %n", f"{folder}/access.log")
    assert owners == f"root adm 640 {folder}/access.log"
    assert machine.said("cat", f"{folder}/access.log.1").startswith("{")

    def writes_on() -> bool:
        return machine.healthy(443) and bool(machine.said("cat", f"{folder}/access.log"))

    wait_until(writes_on, "the new file is written to", 20)
    assert machine.main_process("tenshu-edge.service") == before, "nobody was cut off"
    machine.run("systemctl", "restart", "tenshu-edge.service")
    wait_until(lambda: machine.healthy(8443), "it opens what was rotated when it starts anew", 20)


def test_a_timer_takes_back_what_nobody_confirms_also_when_the_agent_is_killed_F6(
    machine: Booted,
) -> None:
    begun = time.monotonic()
    number = apply(machine)
    timer = f"tenshu-revert@{number}.timer"
    assert machine.property(timer, "ActiveState") == "active"
    assert machine.property(timer, "AccuracyUSec") == "100ms"
    machine.kill_agent()
    assert "192.0.2.0/24" in machine.rules()
    wait_until(lambda: "192.0.2.0/24" not in machine.rules(), "it is as it was", WINDOW + 20)
    assert WINDOW - 1 < time.monotonic() - begun < WINDOW + 10
    wait_until(lambda: outcome(machine, number) == ("reverted", "not_confirmed"), "it is told", 10)


def test_what_is_confirmed_holds_and_its_timer_wakes_for_nothing_F6(machine: Booted) -> None:
    number = apply(machine, NARROW.replace("192.0.2.0/24", "127.0.0.0/8"))
    machine.result("ConfirmConfiguration", version=number)
    assert outcome(machine, number) == ("confirmed", "none")
    woken = machine.run("systemctl", "start", f"tenshu-revert@{number}.service")
    assert woken.returncode == 0, woken.stderr
    assert outcome(machine, number) == ("confirmed", "none")


def test_a_long_action_is_a_unit_of_its_own_and_outlives_the_agent_F13(machine: Booted) -> None:
    kit = KeyKit.new()
    ring = machine.root / "var/lib/tenshu/keys/ring.json"
    wrapped = machine.root / "var/lib/tenshu/data/ring.wrapped"
    wrapped.write_bytes(wrap_ring(kit.public_key(), ring.read_bytes()))
    opens = {"passphrase": kit.borg_passphrase().reveal(), "kit_number": kit.number()}
    made = machine.result("CreateRepository", name="NAS", folder="/srv/nas", **opens)
    run = machine.result("RunBackup", repository=made["id"])
    unit = f"tenshu-job@{run['id']}.service"
    assert machine.property(unit, "ActiveState") in ("active", "activating")
    machine.kill_agent()
    ended: dict[str, object] = {}

    def has_ended() -> bool:
        ended.update(machine.call("GetProgress", run=run["id"]).get("result") or {})
        return ended.get("state") not in (None, "running")

    wait_until(has_ended, "the backup ends", 60)
    said = machine.said("journalctl", f"--unit={unit}", "--output=cat", "--no-pager")
    told = (ended["error_code"], ended["error_parameters"], said)
    assert ended["state"] == "done", told


def test_a_power_cut_while_it_waits_takes_it_back_before_the_network_comes_up_F6(
    machine: Booted,
) -> None:
    number = apply(machine)
    machine.cut_power()
    machine.boot()
    assert outcome(machine, number) == ("reverted", "restarted")
    assert "192.0.2.0/24" not in machine.rules()
