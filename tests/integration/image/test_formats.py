"""The formats of one disk: each holds it, the same bit by bit, and an OVA is what DMTF says."""

import io
import json
import re
import struct
import subprocess
import tarfile
from pathlib import Path

import pytest

from image.disk import SIZE
from image.formats import FORMATS, write_formats
from image.running import Failed
from image.vhdx import HEADERS, crc32c
from image.workshop import work
from tests import ovf
from tests.debian import appliance_disk, disk_tools

pytestmark = [pytest.mark.image, pytest.mark.together("image-disk"), pytest.mark.timeout(600)]

MEGABYTE = 1024 * 1024
PROPERTIES = {f"tenshu.{name}": "" for name in ("address", "gateway", "dns", "ntp", "hostname")}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk with little on it: what a format does with it is the same."""
    disk_tools()
    path = tmp_path_factory.mktemp("disk") / "disk.raw"
    with path.open("wb") as file:
        file.truncate(256 * MEGABYTE)
        for place in (0, 5, 100, 200):
            file.seek(place * MEGABYTE + 4096)
            file.write(f"what lies at {place}".encode() * 5000)
    return path


@pytest.fixture(scope="module")
def written(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = write_formats(raw, tmp_path_factory.mktemp("built")).files
    return {path.suffix.removeprefix("."): path for path in found}


def test_each_format_holds_the_same_disk_beside_its_checksum(
    raw: Path, written: dict[str, Path], tmp_path: Path
) -> None:
    assert written.keys() == {"raw", *FORMATS}
    for ending, path in written.items():
        check = ["sha256sum", "--check", f"{path.name}.sha256"]
        subprocess.run(check, cwd=path.parent, check=True, capture_output=True, timeout=120)
        compared = path
        if ending == "ova":
            compared = tmp_path / "disk.vmdk"
            compared.write_bytes(ovf.read_archive(path)["tenshu-disk1.vmdk"])
        brought = {"raw": raw.parent, "built": compared.parent}
        compare = ("qemu-img", "compare", "/mnt/raw/disk.raw", f"/mnt/built/{compared.name}")
        work(*compare, brought=brought, seconds=120)
        with pytest.raises(Failed, match="Content mismatch"):
            other = tmp_path / "disk.raw"
            other.write_bytes(b"another" + raw.read_bytes()[7:])
            work(*compare, brought={**brought, "raw": tmp_path}, seconds=120)


def test_what_is_written_again_of_the_same_disk_is_the_same_bit_by_bit(
    raw: Path, written: dict[str, Path], tmp_path: Path
) -> None:
    for path in write_formats(raw, tmp_path).files:
        assert path.read_bytes() == written[path.suffix.removeprefix(".")].read_bytes(), path.name


def test_another_disk_has_other_numbers(
    raw: Path, written: dict[str, Path], tmp_path: Path
) -> None:
    other = tmp_path / "disk.raw"
    other.write_bytes(raw.read_bytes()[:-7] + b"another")
    again = {path.suffix: path for path in write_formats(other, tmp_path / "built").files}
    assert content_number(again[".ova"]) != content_number(written["ova"])
    numbers = [header_of(path)[16:48] for path in (again[".vhdx"], written["vhdx"])]
    assert numbers[0] != numbers[1]


def content_number(path: Path) -> bytes:
    return re.search(rb"^CID=(.*)$", ovf.read_archive(path)["tenshu-disk1.vmdk"], re.MULTILINE)[1]


def header_of(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(HEADERS[0])
        return file.read(4096)


def test_the_numbers_of_a_vhdx_do_not_break_its_checksums(written: dict[str, Path]) -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720's check value
    header = header_of(written["vhdx"])
    assert header[:4] == b"head"
    (told,) = struct.unpack("<I", header[4:8])
    assert told == crc32c(header[:4] + bytes(4) + header[8:])
    found = work(
        *("qemu-img", "check", "--output=json", f"/mnt/built/{written['vhdx'].name}"),
        brought={"built": written["vhdx"].parent},
        seconds=60,
    )
    assert json.loads(found)["check-errors"] == 0


def test_the_descriptor_is_what_DMTF_says_and_the_machine_what_the_disk_wants(
    raw: Path, written: dict[str, Path]
) -> None:
    machine = ovf.read_descriptor(ovf.read_archive(written["ova"]))
    assert machine.config == {"firmware": "efi", "bootOptions.efiSecureBootEnabled": "false"}
    assert machine.of_type("processor")["VirtualQuantity"] == "2"
    memory = machine.of_type("memory")
    assert (memory["VirtualQuantity"], memory["AllocationUnits"]) == ("4096", "byte * 2^20")
    assert machine.of_type("SCSI")["ResourceSubType"] == "VirtualSCSI"
    assert machine.of_type("card")["ResourceSubType"] == "VmxNet3"
    (disk,) = machine.envelope.iter(f"{ovf.OVF}Disk")
    assert int(disk.get(f"{ovf.OVF}capacity")) == raw.stat().st_size
    assert disk.get(f"{ovf.OVF}format").endswith("#streamOptimized")


def test_an_import_asks_for_what_a_network_needs_in_english_and_japanese(
    written: dict[str, Path],
) -> None:
    machine = ovf.read_descriptor(ovf.read_archive(written["ova"]))
    assert machine.properties == {**PROPERTIES, "tenshu.address": "dhcp"}
    (hardware,) = machine.envelope.iter(f"{ovf.OVF}VirtualHardwareSection")
    assert hardware.get(f"{ovf.OVF}transport") == "com.vmware.guestInfo iso"
    assert machine.of_type("CD"), "by which `iso` arrives"
    assert machine.texts["ja-JP"]["dns.label"] == "DNSサーバー"
    assert machine.texts["en-US"]["dns.label"] == "DNS servers"


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"ovf:/disk/first", b"ovf:/disk/other"),
        (b'ovf:key="dns"', b'ovf:key="a.dns"'),
        (b"<rasd:Connection>VM Network", b"<rasd:Connection>Other"),
        (b'ovf:msgid="dns.label"', b'ovf:msgid="other.label"'),
        (b"<rasd:Parent>3<", b"<rasd:Parent>1<"),
        (b'fileRef="disk"', b'fileRef="none"'),
    ],
)
def test_the_reader_of_descriptors_refuses_a_planted_fault(
    written: dict[str, Path], was: bytes, becomes: bytes
) -> None:
    files = ovf.read_archive(written["ova"])
    assert was in files["tenshu.ovf"]
    files["tenshu.ovf"] = files["tenshu.ovf"].replace(was, becomes, 1)
    with pytest.raises((AssertionError, KeyError, ValueError)):
        ovf.read_descriptor(files)


def test_a_disk_in_an_archive_that_was_tampered_with_does_not_fit_its_manifest(
    written: dict[str, Path], tmp_path: Path
) -> None:
    changed = bytearray(written["ova"].read_bytes())
    with tarfile.open(fileobj=io.BytesIO(changed)) as archive:
        changed[archive.getmember("tenshu-disk1.vmdk").offset_data + 4096] ^= 1
    (tmp_path / "changed.ova").write_bytes(changed)
    with pytest.raises(AssertionError):
        ovf.read_archive(tmp_path / "changed.ova")


def test_the_whole_disk_as_an_ova_is_at_most_450_megabytes(tmp_path: Path) -> None:
    disk = appliance_disk()
    target = tmp_path / "tenshu.ova"
    FORMATS["ova"](disk.raw, "0" * 64, target)
    assert target.stat().st_size <= 450 * 1000 * 1000
    machine = ovf.read_descriptor(ovf.read_archive(target))
    (found,) = machine.envelope.iter(f"{ovf.OVF}Disk")
    assert int(found.get(f"{ovf.OVF}capacity")) == int(SIZE.removesuffix("G")) * 1024**3
