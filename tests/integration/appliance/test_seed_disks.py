"""Disks that bring a seed, as the usual programs make them, are read without mounting them."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.contract.seed.form import FILE, LABEL, LARGEST
from appliance.seed.finding import found, of_disk
from appliance.seed.found import Found
from appliance.seed.iso_writing import write_iso

SEED = b'hostname = "tenshu"\n'
LONG = SEED + b"# " + b"x" * 9000 + b"\n"
"""Over several sectors and clusters."""


def needs(*programs: str) -> None:
    missing = [one for one in programs if not shutil.which(one)]
    if missing:
        pytest.skip(f"needs {missing}")


def run(*words: str | Path) -> None:
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr


def iso(folder: Path, *options: str, content: bytes = LONG, label: str = LABEL) -> Path:
    needs("genisoimage")
    source = folder / "source"
    source.mkdir()
    for number in range(60):  # a first folder of several sectors
        (source / f"another-file-with-a-long-name-{number:03}.txt").write_text("x")
    (source / FILE).write_bytes(content)
    image = folder / "disk.iso"
    run("genisoimage", "-quiet", "-V", label, *options, "-o", image, source)
    return image


def fat(folder: Path, bits: int, content: bytes = LONG, label: str = LABEL) -> Path:
    needs("mkfs.vfat", "mcopy")
    image, file = folder / "disk.fat", folder / FILE
    file.write_bytes(content)
    sizes = {12: 1440, 16: 16 * 1024, 32: 40 * 1024}
    with image.open("wb") as made:
        made.truncate(sizes[bits] * 1024)
    small = ("-s", "1") if bits == 32 else ()
    run("mkfs.vfat", "-F", str(bits), *small, "-n", label, image)
    for number in range(20):
        (folder / f"another file {number}.txt").write_text("x")
        run("mcopy", "-i", image, folder / f"another file {number}.txt", "::")
    run("mcopy", "-i", image, file, "::")
    return image


def only(image: Path) -> Found:
    (one,) = of_disk(image)
    return one


@pytest.mark.parametrize("names", [("-J",), ("-R",), ("-J", "-R")])
def test_an_iso_with_long_names_of_either_kind_is_read(tmp_path: Path, names: tuple[str]) -> None:
    assert only(iso(tmp_path, *names)) == Found(place="disk.iso", content=LONG)


@pytest.mark.parametrize("bits", [12, 16, 32])
def test_a_disk_with_fat_of_every_kind_is_read(tmp_path: Path, bits: int) -> None:
    assert only(fat(tmp_path, bits)) == Found(place="disk.fat", content=LONG)


@pytest.mark.parametrize("content", [b"", SEED, LONG, b"x" * LARGEST])
def test_our_own_image_is_read_by_us_and_by_others_and_always_the_same(
    tmp_path: Path, content: bytes
) -> None:
    image = tmp_path / "disk.iso"
    image.write_bytes(write_iso(content))
    assert image.read_bytes() == write_iso(content)
    assert only(image) == Found(place="disk.iso", content=content)
    told = subprocess.run(
        ["blkid", "-p", "-o", "export", image], capture_output=True, text=True, check=False
    )
    assert f"LABEL={LABEL}\n" in told.stdout
    assert "TYPE=iso9660\n" in told.stdout
    needs("isoinfo")
    read = subprocess.run(
        ["isoinfo", "-J", "-x", f"/{FILE}", "-i", image], capture_output=True, check=False
    )
    assert read.stdout == content, read.stderr


def test_another_disk_brings_nothing(tmp_path: Path) -> None:
    assert list(of_disk(iso(tmp_path, "-J", label="DATA"))) == []
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert list(of_disk(empty)) == []
    assert list(of_disk(tmp_path / "not there")) == []
    shutil.rmtree(tmp_path / "source")
    noise = tmp_path / "noise"
    noise.write_bytes(random.Random(1).randbytes(1 << 20))
    assert list(of_disk(noise)) == []


def test_the_disk_of_a_hypervisor_needs_no_label_but_its_file(tmp_path: Path) -> None:
    needs("genisoimage")
    (tmp_path / "source").mkdir()
    (tmp_path / "source/ovf-env.xml").write_text("<Environment/>")
    image = tmp_path / "disk.iso"
    run("genisoimage", "-quiet", "-V", "OVF ENV", "-J", "-o", image, tmp_path / "source")
    assert only(image) == Found(place="disk.iso", ovf=True, content=b"<Environment/>")


def problem(image: Path) -> str:
    one = only(image)
    assert one.problem
    assert one.content == b""
    return one.problem.code


def test_what_keeps_a_seed_from_being_read_is_said(tmp_path: Path) -> None:
    image = iso(tmp_path)
    assert problem(image) == "seed.no_file", "short names only"
    image = tmp_path / "large.iso"
    image.write_bytes(write_iso(b"x" * (LARGEST + 1)))
    assert problem(image) == "seed.too_large"
    whole = write_iso(LONG)
    image.write_bytes(whole[:-4096])
    assert problem(image) == "seed.disk_damaged", "it is cut off"
    torn = fat(tmp_path, 16)
    raw = torn.read_bytes()
    torn.write_bytes(raw[: raw.index(b"xxxx") + 1024])
    assert problem(torn) == "seed.disk_damaged"


@pytest.mark.parametrize("kind", ["iso", "fat"])
def test_no_byte_of_a_disk_brings_the_reader_down_or_makes_it_read_for_ever(
    tmp_path: Path, kind: str
) -> None:
    """Whoever attaches a disk says what stands in every byte of it."""
    source = tmp_path / "disk"
    whole = write_iso(SEED) if kind == "iso" else fat(tmp_path, 12).read_bytes()
    chance, begins = random.Random(44), 16 * 2048 if kind == "iso" else 0
    ends = len(whole) if kind == "iso" else 20 * 1024
    source.write_bytes(whole)
    with source.open("r+b", buffering=0) as disk:
        for _ in range(1500):
            places = [chance.randrange(begins, ends) for _ in range(chance.choice((1, 1, 2, 8)))]
            for place in places:
                value = chance.choice((0, 255, chance.randrange(256)))
                os.pwrite(disk.fileno(), bytes((value,)), place)
            for one in of_disk(source):
                assert one.problem or len(one.content) <= LARGEST
            for place in places:
                os.pwrite(disk.fileno(), whole[place : place + 1], place)


def test_every_disk_is_looked_at_but_those_that_the_machine_makes_itself(tmp_path: Path) -> None:
    blocks, devices = tmp_path / "block", tmp_path / "dev"
    devices.mkdir()
    for name in ("sda", "sda1", "sr0", "dm-0", "md0", "zram0", "sdb"):
        (blocks / name).mkdir(parents=True)
        if name != "sr0":  # a drive without a disk in it cannot be opened
            (devices / name).write_bytes(write_iso(name.encode()))
    assert [one.place for one in found(blocks, devices)] == ["sda", "sda1", "sdb"]
    assert found(tmp_path / "none", devices) == ()
