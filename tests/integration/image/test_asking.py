"""The initrd asks the key server: its own systemd, unit and steps, in a container (S1).

The slot is the appliance's root, read only. What no container has is the guest's part: drivers, the
volume itself, and the way from the initrd into the system (test_key_server.py).
"""

import shlex
import subprocess
from pathlib import Path

import msgspec
import pytest

from appliance.volume import carried, tang
from appliance.volume import head as heads
from image.initramfs import initramfs
from tests.debian import appliance
from tests.hosts import Host
from tests.key_server_network import CABLE, SERVER, far, machine, server
from tests.tang import KeyServer

__all__ = ["far", "machine", "server"]
pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

UNIT = """\
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/sh /try
StandardOutput=file:/out/log
StandardError=file:/out/log
"""
TRY = """\
set -eu
mkdir -m 0700 /run/tenshu-volume
mkdir -p /run/udev
umask 077
cp /out/head.json /run/tenshu-volume/
key=/run/key array=none second_patience=1
. /functions
server_patience={patience}
open_by_key() {{ echo "by $1: $(cat "$2")"; opened "$1"; }}
is_first && echo "is first"
open_by_server || echo "not opened"
forget_server
echo left: /run/tenshu-volume/*
systemctl --force --force poweroff
"""
"""The initrd's own functions, with a volume that any key opens."""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The initrd as a folder that a container starts from."""
    folder = tmp_path_factory.mktemp("initrd") / "root"
    folder.mkdir()
    unpack = f"zstd -dc {shlex.quote(str(initramfs()))} | cpio -idm --quiet"
    subprocess.run(["sh", "-c", unpack], cwd=folder, check=True, capture_output=True)
    (folder / "etc/os-release").write_text("ID=debian\n")
    (folder / "sysroot").mkdir(exist_ok=True)
    steps = (folder / "usr/lib/tenshu/state").read_text()
    begin, end = steps.index("\ntold="), steps.index("\nmake_volume()")
    (folder / "functions").write_text(steps[begin:end])
    units = folder / "etc/systemd/system"
    (units / "basic.target.wants").mkdir(parents=True)
    (units / "try.service").write_text(UNIT)
    (units / "basic.target.wants/try.service").symlink_to("../try.service")
    return folder


@pytest.fixture
def out(tmp_path: Path, far: Host, server: KeyServer) -> Path:
    """What the container finds at /out: the head of a volume that the server opens."""
    folder = tmp_path / "out"
    folder.mkdir()
    seen = far.call(tang.fetch, server.url)
    closed = tang.close("the key", server.url, seen.signing[0], seen.text)
    settings = f"[Match]\nName={CABLE}\n\n[Network]\nDHCP=no\nAddress=10.77.0.9/24\n"
    packed = carried.pack({"90-tenshu-first.network": "", "50-tenshu-eth7.network": settings})
    tokens = (
        heads.token(heads.SERVER, 1, address=server.url, closed=closed, made=5),
        heads.token(heads.NETWORK, network=packed, first=True),
    )
    named = {str(number): msgspec.Raw(text.encode()) for number, text in enumerate(tokens)}
    (folder / "head.json").write_bytes(msgspec.json.encode({"tokens": named}))
    return folder


def start(unpacked: Path, machine: Host, out: Path, patience: int) -> str:
    """Let the initrd start and try; return what it says."""
    (unpacked / "try").write_text(TRY.format(patience=patience))
    words = ("--quiet", f"--directory={unpacked}", "--register=no", "--keep-unit", "--boot")
    lent = (f"--bind-ro={appliance()}:/sysroot", f"--bind={out}:/out", "--capability=all")
    network = f"--network-namespace-path=/run/netns/{machine.name}"
    name = f"--machine={machine.name}"
    command = ["systemd-nspawn", *words, *lent, network, name, "systemd.unit=basic.target"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert (out / "log").exists(), ended.stdout + ended.stderr
    return (out / "log").read_text()


def test_the_initrd_opens_by_the_server_and_leaves_neither_key_nor_network_S1(
    unpacked: Path, machine: Host, out: Path
) -> None:
    said = start(unpacked, machine, out, 60)
    assert "is first" in said
    assert "by server: the key" in said
    assert "left: /run/tenshu-volume/opened /run/tenshu-volume/server.json" in said
    assert "10.77.0.9" not in machine.run("ip", "-brief", "address")


def test_a_server_that_is_not_reached_is_told_of_and_the_start_goes_on_S1(
    unpacked: Path, machine: Host, far: Host, out: Path
) -> None:
    far.run("ip", "link", "set", "srv0", "down")
    said = start(unpacked, machine, out, 5)
    assert f"The key server does not open the disks. http://{SERVER}" in said
    assert "not opened" in said
    assert "left: /run/tenshu-volume/server.json" in said
