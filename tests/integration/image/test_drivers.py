"""The drivers by which the disk starts where customers import it."""

from pathlib import Path

import pytest

from image.started import files_of
from image.workshop import kernel_version, workshop
from tests.debian import appliance_disk

pytestmark = [pytest.mark.image, pytest.mark.together("image-disk"), pytest.mark.timeout(600)]

CONTROLLERS = {
    "KVM and Proxmox": ("virtio_blk", "virtio_scsi", "ahci", "nvme"),
    "VMware": ("vmw_pvscsi", "mptspi"),
    "Hyper-V": ("hv_vmbus", "hv_storvsc"),
    "VirtualBox": ("ahci", "mptspi"),
}
CARDS = ("virtio_net", "vmxnet3", "hv_netvsc", "e1000", "e1000e")


def names(paths: list[str]) -> set[str]:
    files = [Path(path).name.partition(".ko")[0] for path in paths if ".ko" in Path(path).name]
    return {name.replace("-", "_") for name in files}


@pytest.mark.parametrize("where", CONTROLLERS)
def test_the_initrd_finds_disks_on_the_controllers_of_each_hypervisor(where: str) -> None:
    found = names(files_of(appliance_disk().folder / "initrd.img"))
    built_in = workshop() / f"usr/lib/modules/{kernel_version()}/modules.builtin"
    found |= names(built_in.read_text().splitlines())
    assert set(CONTROLLERS[where]) - found == set()


def test_the_slot_has_the_cards_of_each_hypervisor() -> None:
    # the slot takes its modules from there as they are (image.slot)
    modules = workshop() / "usr/lib/modules" / kernel_version()
    found = names([str(path) for path in modules.rglob("*.ko*")])
    assert set(CARDS) - found == set()
