"""Vagrant's boxes of what was built, and the Vagrantfile that starts them."""

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from image.artefact import version
from image.box import write_boxes
from image.formats import write_formats
from image.paths import ROOT
from image.running import Failed
from image.workshop import work
from tests import ovf
from tests.debian import disk_tools

GIGABYTE = 1024**3


def vagrant(folder: Path, *words: str) -> tuple[int, str]:
    """Run it with a home of its own."""
    told = subprocess.run(
        ["vagrant", *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "VAGRANT_HOME": str(folder / "home"),
             "VAGRANT_CHECKPOINT_DISABLE": "1", "VAGRANT_DEFAULT_PROVIDER": "libvirt",
             "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    return told.returncode, told.stdout + told.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("Vagrantfile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def test_the_vagrantfile_is_valid_and_a_wrong_word_in_it_is_not(project: Path) -> None:
    # libvirt's plugin is here, no hypervisor is; of VirtualBox nothing is
    code, told = vagrant(project, "validate")
    assert (code, "Ignoring" in told) == (0, False), told
    file = project / "Vagrantfile"
    text = file.read_text()
    for right, wrong in (("vm.guest =", "vm.guests ="), ("nic_model_type", "nic_type")):
        assert right in text
        file.write_text(text.replace(right, wrong))
        code, told = vagrant(project, "validate")
        assert code == 1
        assert "The following settings shouldn't exist" in told


def test_the_vagrantfile_names_the_boxes_that_are_written() -> None:
    text = (ROOT / "Vagrantfile").read_text()
    named = re.findall(r"build/tenshu-#\{VERSION\}\.(\w+)\.box", text)
    assert named == ["libvirt", "virtualbox"]
    assert re.findall(r"config.vm.provider :(\w+)", text) == named


def test_boxes_of_nothing_name_what_has_to_be_built_first(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"\.raw is not there; build it first: make image"):
        write_boxes(tmp_path)


@pytest.mark.image
@pytest.mark.together("image-disk")
def test_a_box_is_added_and_holds_the_disk_the_same_bit_by_bit(
    project: Path, tmp_path: Path
) -> None:
    disk_tools()
    raw = tmp_path / "disk.raw"
    with raw.open("wb") as file:
        file.write(b"what lies on it" * 100_000)
        file.truncate(GIGABYTE + 1024 * 1024)
    folder = tmp_path / "built"
    write_formats(raw, folder)
    boxes = write_boxes(folder)
    before = [box.read_bytes() for box in boxes]
    assert [box.read_bytes() for box in write_boxes(folder)] == before
    for box, disk in zip(boxes, ("box.img", "tenshu-disk1.vmdk"), strict=True):
        provider = box.suffixes[-2].removeprefix(".")
        with tarfile.open(box) as archive:
            archive.extractall(tmp_path / provider, filter="data")
        known = json.loads((tmp_path / provider / "metadata.json").read_text())
        assert known["provider"] == provider
        work(
            *("qemu-img", "compare", "/mnt/raw/disk.raw", f"/mnt/box/{disk}"),
            brought={"raw": tmp_path, "box": tmp_path / provider},
            seconds=120,
        )
        code, told = vagrant(project, "box", "add", "--name", "tenshu", str(box))
        assert code == 0, told
    assert known == {"provider": "virtualbox"}
    _, listed = vagrant(project, "box", "list")
    assert set(re.findall(r"\((\w+),", listed)) == {"libvirt", "virtualbox"}
    libvirt = json.loads((tmp_path / "libvirt/metadata.json").read_text())
    assert libvirt["virtual_size"] == 2, "gigabytes, never less than the disk"


@pytest.mark.image
@pytest.mark.together("image-disk")
def test_virtualboxs_descriptor_has_controllers_and_cards_that_it_knows(tmp_path: Path) -> None:
    disk_tools()
    raw = tmp_path / "disk.raw"
    raw.write_bytes(bytes(1024 * 1024))
    write_formats(raw, tmp_path / "built")
    _, box = write_boxes(tmp_path / "built")
    with tarfile.open(box) as archive:
        files = {entry.name: archive.extractfile(entry).read() for entry in archive}
    machine = ovf.read_descriptor({k: v for k, v in files.items() if k != "metadata.json"})
    by_type = {item["ResourceType"]: item for item in machine.items}
    assert "6" not in by_type, "no controller of VMware's"
    assert by_type["20"]["ResourceSubType"] == "AHCI"
    assert by_type["17"]["Parent"] == by_type["20"]["InstanceID"]
    assert machine.of_type("card")["ResourceSubType"] == "E1000"
    assert box.name == f"tenshu-{version()}.virtualbox.box"
