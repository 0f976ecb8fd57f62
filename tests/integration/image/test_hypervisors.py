"""Each file that a customer imports starts behind what its hypervisor gives a machine by default.

An emulator has the controllers and cards of all but Hyper-V, whose bus of its own nobody emulates:
there it is the disk's file that is shown to start, and `test_drivers.py` sees the drivers. Its
firmware reads no disk behind VMware's controller, as VMware's does: there the emulator hands over
the kernel image that lies on the disk.
"""

import contextlib
import http.client
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from image.formats import FORMATS
from tests.debian import appliance_disk
from tests.guest.console import ask, handed_out
from tests.guest.firmware import firmware
from tests.guest.machine import untouched, wait_inside
from tests.ports import free_port

pytestmark = [
    pytest.mark.image,
    pytest.mark.emulated,
    pytest.mark.slow,
    pytest.mark.timeout(900),
]

SECONDS = 400
"""A first start takes a hundred where nothing else runs."""
SCSI = "scsi-hd,drive=disk"


@dataclass(frozen=True)
class Given:
    """What a machine gets where nobody chooses anything."""

    file: str
    controller: Sequence[str]
    card: str
    read_by_firmware: bool = True


HYPERVISORS = {
    "KVM": Given("qcow2", ["virtio-blk-pci,drive=disk"], "virtio-net-pci"),
    "Proxmox": Given("qcow2", ["virtio-scsi-pci", SCSI], "virtio-net-pci"),
    "VMware": Given("ova", ["pvscsi", SCSI], "vmxnet3", read_by_firmware=False),
    "VirtualBox": Given("ova", ["ich9-ahci,id=sata", "ide-hd,bus=sata.0,drive=disk"], "e1000"),
    "Hyper-V": Given("vhdx", ["ich9-ahci,id=sata", "ide-hd,bus=sata.0,drive=disk"], "e1000e"),
}


def imported(kind: str, folder: Path) -> tuple[Path, str]:
    """Return the file as it is built, and what the emulator calls its format."""
    made = folder / f"tenshu.{kind}"
    FORMATS[kind](appliance_disk().raw, "0" * 64, made)
    if kind != "ova":
        return made, kind
    with tarfile.open(made) as archive:
        archive.extract("tenshu-disk1.vmdk", folder, filter="data")
    return folder / "tenshu-disk1.vmdk", "vmdk"


@pytest.mark.parametrize("hypervisor", HYPERVISORS)
def test_each_file_starts_as_its_hypervisor_presents_it_V11(
    hypervisor: str, tmp_path: Path
) -> None:
    given = HYPERVISORS[hypervisor]
    file, kind = imported(given.file, tmp_path)
    port = free_port()
    options = [*firmware(tmp_path / "variables"), "-m", "2048", *handed_out(port, given.card)]
    # what is written goes beside it: nobody can write into a compressed disk
    options += ["-drive", f"file={file},format={kind},if=none,id=disk,snapshot=on"]
    for device in given.controller:
        options += ["-device", device]
    if not given.read_by_firmware:
        options += ["-kernel", str(appliance_disk().kernel)]

    def answers() -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return "Claim code" in ask("/setup", port)[1]
        return False

    with untouched(tmp_path / "guest", options):
        wait_inside(answers, "the console answers", SECONDS)
