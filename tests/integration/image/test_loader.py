"""The loader on two disks, which are folders here, and a program that is really signed.

Firmware's file systems are no part of every kernel; those of the machine have them.
"""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from appliance.contract.disks.state import Befell, DiskHappening
from appliance.machine.programs import ask
from appliance.place import Place
from appliance.slots import loader, loader_itself
from appliance.slots.keeping import KeptSlots
from appliance.slots.loader_itself import PROGRAMS, SETTINGS_AT, mend_each, name_of, plain
from appliance.storage import programs
from appliance.storage.facts import Block
from image.disk import LOADER, SETTINGS
from image.secure_boot import SIGN
from image.workshop import work, workshop
from tests.debian import disk_tools

pytestmark = [pytest.mark.image, pytest.mark.together("image-disk"), pytest.mark.timeout(300)]

SIGNED_BY: Final = "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=us"


@pytest.fixture(scope="module")
def program() -> bytes:
    disk_tools()
    return (workshop() / LOADER).read_bytes()


@pytest.fixture(scope="module")
def signed(program: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("signed")
    words = [
        "openssl",
        *SIGNED_BY.split(),
        "-keyout",
        str(folder / "key"),
        "-out",
        str(folder / "own"),
    ]
    subprocess.run(words, check=True, capture_output=True)
    (folder / "plain").write_bytes(program)
    keys = ("--private-key=/mnt/made/key", "--certificate=/mnt/made/own")
    work(SIGN, "sign", *keys, "--output=/mnt/made/signed", "/mnt/made/plain",
         brought={"made": folder}, seconds=60)  # fmt: skip
    return (folder / "signed").read_bytes()


class Disks:
    """Two of them, of each what firmware starts from."""

    def __init__(self, folder: Path, program: bytes) -> None:
        self.kept = KeptSlots(Place(data=folder, keys=folder, database_url=""))
        self.images = [folder / "one", folder / "two"]
        for image in self.images:
            image.mkdir()
        for number in (0, 1):
            for name in PROGRAMS:
                self.write(number, name, program)
            self.write(number, SETTINGS_AT, SETTINGS.encode())

    def read(self, number: int, name: str) -> bytes:
        with loader.opened(str(self.images[number])) as start:
            return (start / name).read_bytes()

    def write(self, number: int, name: str, content: bytes) -> None:
        with loader.opened(str(self.images[number])) as start:
            (start / name).parent.mkdir(parents=True, exist_ok=True)
            (start / name).write_bytes(content)

    def flip(self, number: int, name: str, at: int) -> None:
        content = bytearray(self.read(number, name))
        content[at] ^= 1
        self.write(number, name, bytes(content))

    def look(self) -> list[DiskHappening]:
        """Let them be looked after; return what the history hears of anew."""
        before = len(self.kept.happenings())
        disks = [
            Block(kname=image.name, type="disk", serial=image.name, children=(
                Block(kname=str(image), type="part", partlabel="tenshu-start"),))
            for image in self.images
        ]  # fmt: skip
        mend_each(disks, self.kept)
        found = self.kept.happenings()
        return list(found[: len(found) - before])

    def all_are(self, program: bytes) -> bool:
        return all(self.read(number, name) == program for number in (0, 1) for name in PROGRAMS)


@pytest.fixture
def slot(tmp_path: Path, program: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the slot that runs carries; the places of a machine are folders here."""
    folder = tmp_path / "slot"
    folder.mkdir()
    (folder / "systemd-bootx64.efi").write_bytes(program)
    (folder / "loader.conf").write_text(SETTINGS)
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    monkeypatch.setattr(loader, "MOUNTED", mounted)
    monkeypatch.setattr(programs, "mount", lambda *where: ask("mount", "--bind", *where))
    monkeypatch.setattr(loader_itself, "BROUGHT", folder)
    monkeypatch.setattr(loader_itself, "ENFORCED", tmp_path / "enforced")
    return folder


@pytest.fixture
def disks(tmp_path: Path, program: bytes, slot: Path) -> Disks:
    return Disks(tmp_path, program)


def enforce(folder: Path) -> None:
    (folder / "enforced").write_bytes(b"\x06\x00\x00\x00\x01")


def test_what_a_signer_adds_is_no_difference_and_each_other_byte_is_V11(
    program: bytes, signed: bytes
) -> None:
    assert signed != program
    assert plain(signed) == plain(program)
    assert plain(plain(program)) == plain(program)
    for at in (0x3C, 0x200, len(program) // 2, len(program) - 1):
        changed = bytearray(signed)
        changed[at] ^= 1
        assert plain(bytes(changed)) != plain(program), at
    for broken in (b"", b"MZ", signed[:-1], program[:4096]):
        assert plain(broken) != plain(program)


@pytest.mark.parametrize("name", [*PROGRAMS, SETTINGS_AT])
def test_a_flipped_byte_in_the_loader_of_the_second_disk_is_noticed_and_mended_V11(
    name: str, disks: Disks, program: bytes
) -> None:
    assert disks.look() == [], "nothing is wrong"
    disks.flip(1, name, 3)
    (told,) = disks.look()
    assert (told.what, told.disk) == (Befell.mended, "two")
    assert disks.all_are(program)
    assert disks.read(1, SETTINGS_AT) == SETTINGS.encode()
    assert disks.look() == []


def test_a_damaged_loader_is_not_spread_from_the_disk_that_started_the_machine_V11(
    disks: Disks, program: bytes
) -> None:
    for name in PROGRAMS:
        disks.flip(0, name, 0x1000)
    assert [one.disk for one in disks.look()] == ["one"]
    assert disks.all_are(program)


def test_a_signed_loader_stays_signed_and_its_signature_is_mended_V11(
    disks: Disks, signed: bytes, tmp_path: Path
) -> None:
    enforce(tmp_path)
    for number in (0, 1):
        for name in PROGRAMS:
            disks.write(number, name, signed)
    assert disks.look() == []
    assert disks.kept.looked().loader == name_of(signed)
    for number, name in ((0, PROGRAMS[0]), (0, PROGRAMS[1]), (1, PROGRAMS[0])):
        disks.flip(number, name, len(signed) - 9)  # in the signature: most of them are damaged
    assert {one.what for one in disks.look()} == {Befell.mended}
    assert disks.all_are(signed)


def test_where_no_loader_is_whole_the_slots_is_written_V11(disks: Disks, program: bytes) -> None:
    for number in (0, 1):
        for name in PROGRAMS:
            disks.flip(number, name, 0x1000 + number)
    assert [one.what for one in disks.look()] == [Befell.mended, Befell.mended]
    assert disks.all_are(program)


def test_where_firmware_asks_for_a_signature_none_is_replaced_by_an_unsigned_one_V11(
    disks: Disks, signed: bytes, tmp_path: Path
) -> None:
    enforce(tmp_path)
    for number in (0, 1):
        for name in PROGRAMS:
            disks.write(number, name, signed)
            disks.flip(number, name, 0x1000)
    before = disks.read(0, PROGRAMS[0])
    told = disks.look()
    assert {(one.what, one.reason) for one in told} == {(Befell.damaged, "disks.damaged")}
    assert disks.read(0, PROGRAMS[0]) == before


def test_a_loader_of_another_release_that_started_the_machine_is_left_alone_V11(
    disks: Disks, slot: Path, program: bytes
) -> None:
    assert disks.look() == []
    (slot / "systemd-bootx64.efi").write_bytes(program[:0x1000] + b"newer" + program[0x1005:])
    assert disks.look() == []
    assert disks.all_are(program)


def test_what_is_missing_is_there_again_V11(disks: Disks, program: bytes) -> None:
    with loader.opened(str(disks.images[1])) as start:
        (start / PROGRAMS[0]).unlink()
    assert [one.disk for one in disks.look()] == ["two"]
    assert disks.all_are(program)


def test_a_slot_that_carries_no_loader_leaves_them_alone(disks: Disks, slot: Path) -> None:
    (slot / "systemd-bootx64.efi").unlink()
    disks.flip(1, PROGRAMS[0], 3)
    assert disks.look() == []
