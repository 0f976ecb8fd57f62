"""A machine in doubt, in a Debian 13 that systemd boots: told, decided, on keys of its own."""

import json
import os
from collections.abc import Iterator

import pytest

from tests.debian import appliance, layered
from tests.integration.systemd.booted import Booted, booted
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.together("debian-13-booted-copy"),
    pytest.mark.timeout(600),
]

KNOWN = "/var/lib/tenshu/data/machine/identity.json"
DOUBT = "/var/lib/tenshu/data/doubt.json"
NOTE = "/run/issue.d/tenshu-identity.issue"
OTHER = {
    "hardware": "4c4c4544-0001",
    "cards": ["52:54:00:00:00:01"],
    "disks": [],
    "generation": "",
}
FOUND = {"at": 1_800_000_000_000, "before": OTHER, "now": {"hardware": "4c4c4544-0002"}}
SHOWN = "import ssl; print(ssl.get_server_certificate(('localhost', 8443)))"
RULE = "/usr/lib/udev/rules.d/65-tenshu-generation.rules"
SEALED = "/var/lib/tenshu/data/audit"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with (
        layered(appliance(), tmp_path_factory.mktemp("copied")) as root,
        booted(root, f"tenshu-copy-{os.getpid()}") as machine,
    ):
        yield machine


def keys(machine: Booted) -> list[str]:
    """Everything by which others know a machine."""
    files = machine.said(
        "sha256sum",
        "/etc/machine-id",
        "/etc/ssh/ssh_host_ed25519_key.pub",
        "/var/lib/tenshu/data/tls/authority.pem",
        "/var/lib/tenshu/keys/audit-signing.key",
    ).splitlines()
    return [*files, machine.said("python3", "-c", SHOWN)]


def public_keys(machine: Booted) -> int:
    return len(machine.said("cat", f"{SEALED}/audit.vkey").splitlines())


def test_a_doubt_is_told_at_the_start_and_a_copy_gets_keys_of_its_own_in_every_place(
    copied: Booted,
) -> None:
    wait_until(lambda: copied.run("test", "-s", KNOWN).returncode == 0, "it knows itself", 30)
    before = keys(copied)
    assert len(before) == 5
    assert copied.result("ReadConfiguration")["doubt"] is None
    # a container has no hardware of its own: what the comparison would find is put in its place
    copied.run("sh", "-c", f"printf '%s' '{json.dumps(FOUND)}' > {DOUBT}; chmod 640 {DOUBT}; sync")
    copied.cut_power()
    copied.boot()
    doubt = copied.result("ReadConfiguration")["doubt"]
    assert (doubt["stage"], doubt["before"]) == ("told", OTHER)
    assert copied.said("stat", "-c", "%a %U %G", DOUBT) == "640 root tenshu"
    screen = copied.said("runuser", "-u", "tenshu-console", "--", "cat", NOTE)
    assert "machine may be a copy" in screen
    reads = copied.run("runuser", "-u", "tenshu-workspace", "--", "test", "-r", DOUBT)
    assert reads.returncode == 0, "who sends sees it"
    assert (keys(copied), public_keys(copied)) == (before, 1)

    copied.result("DecideIdentity", verdict="copy")
    wait_until(lambda: copied.run("test", "-e", DOUBT).returncode == 1, "it has its keys", 90)
    wait_until(lambda: copied.healthy(8443), "the console answers again", 90)
    assert not set(keys(copied)) & set(before), "nothing of the other one is left"
    wait_until(lambda: public_keys(copied) == 2, "the history goes on with its own key", 30)
    assert copied.result("ReadConfiguration")["doubt"] is None


def test_a_machine_that_was_set_back_while_it_ran_asks_which_one_it_is_as_at_a_start_S4(
    copied: Booted,
) -> None:
    assert "NEW_VMGENID" in copied.said("cat", RULE), "udev starts it where there is a hypervisor"
    assert copied.result("ReadConfiguration")["doubt"] is None
    ended = copied.run("systemctl", "start", "tenshu-generation.service")
    assert ended.returncode == 0, copied.said("journalctl", "-u", "tenshu-generation.service")

    def is_told() -> bool:
        doubt = copied.call("ReadConfiguration").get("result", {}).get("doubt")
        return bool(doubt) and doubt["stage"] == "told"

    wait_until(is_told, "a new epoch has opened, and an administrator is asked", 120)
    assert "set back to a snapshot" in copied.said("cat", NOTE)
    wait_until(lambda: copied.healthy(8443), "the console answers", 60)
