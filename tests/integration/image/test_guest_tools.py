"""What a hypervisor may ask of the machine: its address, a stop, a quiet disk. No more."""

import configparser
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.debian import appliance, layered
from tests.running import wait_until

pytestmark = [pytest.mark.image, pytest.mark.together("image-root"), pytest.mark.timeout(600)]

UNITS = "usr/lib/systemd/system"
HYPERVISORS = {
    "qemu-guest-agent": {"|kvm", "|qemu"},
    "open-vm-tools": {"vmware"},
    "hv-kvp-daemon": {"microsoft"},
    "hv-vss-daemon": {"microsoft"},
}
ALLOWED = {"guest-shutdown", "guest-network-get-interfaces", "guest-fsfreeze-freeze"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with layered(appliance(), tmp_path_factory.mktemp("root")) as found:
        yield found


def lines_of(root: Path, unit: str) -> str:
    files = [root / UNITS / f"{unit}.service", *(root / UNITS / f"{unit}.service.d").glob("*.conf")]
    return "\n".join(file.read_text() for file in files)


@pytest.mark.parametrize("unit", HYPERVISORS)
def test_each_tool_starts_on_its_own_hypervisor_alone(root: Path, unit: str) -> None:
    found = re.findall(r"^ConditionVirtualization=(.*)$", lines_of(root, unit), re.MULTILINE)
    assert set(found) == HYPERVISORS[unit]
    assert "NoNewPrivileges=yes" in lines_of(root, unit)


def test_systemd_takes_what_was_added_to_the_units(root: Path) -> None:
    told = subprocess.run(
        ["chroot", root, "systemd-analyze", "verify", *(f"{name}.service" for name in HYPERVISORS)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    wrong = [line for line in told.stderr.splitlines() if "50-tenshu.conf" in line]
    assert wrong == []


class Host:
    """Somebody who holds the other end of the agent's port."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rw")

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        self._file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._file.flush()
        return json.loads(self._file.readline())

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def host(root: Path) -> Iterator[Host]:
    """QEMU's agent as Debian's unit starts it, at a socket in the place of the port."""
    port = root / "run/port"
    agent = subprocess.Popen(
        ["chroot", root, "qemu-ga", "--method", "unix-listen", "--path", "/run/port",
         "--statedir", "/run", "--pidfile", "/run/agent.pid"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(port.exists, "the agent listens")
        found = Host(port)
        yield found
        found.close()
    finally:
        agent.kill()
        agent.wait(30)
        port.unlink(missing_ok=True)


def test_a_host_with_qemu_gets_answers_but_runs_nothing_and_reads_no_file(host: Host) -> None:
    assert host.ask("guest-ping") == {"return": {}}
    assert "host-name" in host.ask("guest-get-host-name")["return"]
    known = host.ask("guest-info")["return"]["supported_commands"]
    enabled = {one["name"] for one in known if one["enabled"]}
    assert enabled >= ALLOWED
    forbidden = {one["name"] for one in known} - enabled
    assert {"guest-exec", "guest-file-open", "guest-file-read", "guest-set-user-password",
            "guest-ssh-add-authorized-keys", "guest-set-time"} <= forbidden  # fmt: skip
    assert not {name for name in enabled if re.search("exec|file-|ssh|password|set-", name)}
    for command, arguments in (
        ("guest-exec", {"path": "/usr/bin/touch", "arg": ["/run/touched"]}),
        ("guest-file-open", {"path": "/etc/shadow"}),
        ("guest-set-user-password", {"username": "root", "password": "eA==", "crypted": False}),
    ):
        assert host.ask(command, **arguments)["error"]["class"] == "CommandNotFound"


def test_a_host_with_vmware_runs_nothing_and_signs_nobody_in(root: Path) -> None:
    found = configparser.ConfigParser()
    found.read_string((root / "etc/vmware-tools/tools.conf").read_text())
    assert found.getboolean("guestoperations", "disabled")
    assert not found.getboolean("deployPkg", "enable-customization")
    assert found.getboolean("servicediscovery", "disabled")
    assert (root / "etc/systemd/system/vgauth.service").readlink() == Path("/dev/null")
    required = root / "etc/systemd/system/open-vm-tools.service.requires"
    assert not required.exists() or list(required.iterdir()) == [], "or the tools would not start"
    enabled = root / "etc/systemd/system/multi-user.target.wants/open-vm-tools.service"
    assert enabled.is_symlink()


def test_what_copies_files_from_a_host_with_hyper_v_is_not_installed(root: Path) -> None:
    found = {path.name for path in (root / "usr/sbin").glob("hv_*")}
    assert found == {"hv_kvp_daemon", "hv_vss_daemon"}
