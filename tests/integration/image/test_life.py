"""One machine, followed through its life: any one disk may die, and it stays the same (S1, V11).

It starts as it is delivered, from its own disk beside an empty one; four times the power goes
before it is ready. It is claimed; the disk that started it is pulled while it backs up and writes.
After a power cut it starts from the other alone, which is replaced and pulled in its turn. After
the next cut the new one, damaged where no start reads it, starts it too; damaged where each does,
it is started from its copy.
"""

import json
import os
import random
import re
import secrets
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from image.artefact import version
from image.workshop import work
from tests.debian import appliance_disk
from tests.guest.console import PORT as CONSOLE
from tests.guest.drives import Drive, Moment, overlay
from tests.guest.machine import Guest, untouched, wait_inside
from tests.hosts import Host
from tests.integration.image.looking import (
    WORKSPACE,
    Seen,
    claim_screen,
    failed,
    far_end,
    greeted,
    listed,
    look,
)
from tests.integration.image.test_disk import carve, slot_of, table
from tests.integration.image.two_disks import (
    AFTER,
    BEFORE,
    GIGABYTE,
    NAS,
    archives,
    come_in,
    commanded,
    empty,
    kept,
    machine,
    mount_nas,
    nas_disk,
    options,
    pull_under_load,
    put_in,
    role,
    standing,
)
from tests.integration.start.test_on_postgresql import Person
from tests.integration.systemd.test_full import claim, sign_in

pytestmark = [pytest.mark.image, pytest.mark.emulated, pytest.mark.timeout(1500)]

GOES_ON = pytest.mark.together("life-goes-on")
"""The third start and the fourth, as one part of the long forms (`slow`)."""
UNREAD, OTHER = (f"/usr/share/common-licenses/{name}" for name in ("GPL-3", "GPL-2"))
"""Files that no start reads."""
FIRST_PROGRAM = "/usr/lib/systemd/systemd"
ARMED = "tenshu-{}+3.efi"
SUPERBLOCK = 4096
"""Where md writes its record in a member (metadata 1.2)."""
UUID = slice(16, 32)
CHECKSUM = slice(216, 220)
CUTS = 4
CUT_SECONDS = (4, 40)
"""From the firmware to a console that answers, on a machine that is neither fast nor starved."""
PULLS, AT_ONCE = 20, 5
EARLY = (1, 20)
"""How many writes are acknowledged when a disk is pulled."""


@dataclass
class Life:
    """What the machine is made of, and what it has promised."""

    folder: Path
    far: Host
    one: Drive
    two: Drive
    three: Drive
    nas: Drive
    acknowledged: list[int] = field(default_factory=list)
    admin: Person | None = None

    def start(self, *drives: Drive, boots: int = 1) -> AbstractContextManager[Guest]:
        """Switch it on; the end is a power cut."""
        return machine(self.folder, self.far, *drives, self.nas, boots=boots)

    def cut_in_the_first_start(self, seconds: float) -> None:
        """Let the power go so long after it was switched on."""
        given = options(self.folder, self.one, self.two, self.nas)
        run = self.folder / f"cut-{secrets.token_hex(3)}"
        with untouched(run, given, where=self.far):
            threading.Event().wait(seconds)


def chosen() -> random.Random:
    """Return moments that nobody chose; what is shown beside a failure brings them back."""
    seed = secrets.randbits(32)
    sys.stdout.write(f"moments by the seed {seed}\n")
    return random.Random(seed)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("life")

    def brought(base: Path, name: str, slot: int) -> Drive:
        return Drive(overlay(base, folder, name), slot, "qcow2")

    with far_end() as far:
        yield Life(
            folder,
            far,
            one=brought(appliance_disk().raw, "one", 0),
            two=brought(empty(folder, "empty"), "two", 1),
            three=Drive(empty(folder, "three"), 3),
            nas=brought(nas_disk(folder), "nas", 2),
        )


@dataclass
class First:
    """The first start, which goes on until it is cut."""

    found: Guest
    seen: Seen
    screen: str
    steps: Sequence[float]
    """How far the second disk was filled, each time somebody asked; percent."""
    moment: Moment
    """Claimed, with a place for backups, and both disks hold everything."""
    running: ExitStack

    def cut(self) -> None:
        """Let the power go."""
        self.running.close()


@pytest.fixture(scope="module")
def first(life: Life) -> Iterator[First]:
    chance = chosen()
    for _ in range(CUTS):
        life.cut_in_the_first_start(chance.uniform(*CUT_SECONDS))
    with ExitStack() as running:
        found = running.enter_context(life.start(life.one, life.two))
        greeted(life.far, "/setup")
        steps: list[float] = []

        def is_mirrored() -> bool:
            told = listed(found)
            assert told
            if told["taking"]:
                assert not told["taking"]["error_code"], told["taking"]
                steps.append(told["taking"]["percent"])
            return bool(told["standing"] == "mirrored" and not told["taking"])

        wait_inside(is_mirrored, "the second disk is taken in by itself", 600)
        screen = claim_screen(found)
        seen = look(found, life.far, "/setup", life.one.name)
        found.said("sh", "-c", "echo changed > /etc/unlisted; sync")
        life.admin = come_in(life.far, partial(claim, found))
        mount_nas(found)
        commanded(found, "backup", "repository", "create", NAS)
        moment = Moment(found, [life.one, life.two, life.nas])
        moment.keep()
        yield First(found, seen, screen, steps, moment, running)


def test_a_machine_starts_from_the_disk_and_shows_what_claims_it_S9(first: First) -> None:
    assert "Claim code" in first.seen.page
    screen = re.sub(r"[^0-9A-F]", "", first.screen.partition("SHA-256")[2].upper())
    assert first.seen.fingerprint in screen, "who compares finds the same fingerprint"
    assert "Claim code" in first.screen
    assert first.seen.failed == ""


def test_from_outside_only_the_promised_ports_answer_F5(first: First) -> None:
    found = {port for port, state in first.seen.ports.items() if state != "filtered"}
    assert found <= {443, CONSOLE, WORKSPACE}
    assert first.seen.ports[CONSOLE] == "open"


def test_the_system_cannot_be_written_and_what_the_machine_keeps_lies_apart_V11(
    first: First,
) -> None:
    mounts = {line.split()[0]: line.split()[1:] for line in first.seen.mounts.splitlines()}
    kind, options = mounts["/"]
    assert (kind, options.split(",")[0]) == ("erofs", "ro")
    assert mounts["/var"][0] == "ext4"
    assert "Read-only file system" in first.seen.written


def test_an_empty_disk_is_taken_in_at_the_first_start_with_progress_S1(first: First) -> None:
    assert len(set(first.steps)) > 3
    assert list(first.steps) == sorted(first.steps)


def test_the_disk_that_the_machine_started_from_is_known_at_the_first_start_too(
    first: First,
) -> None:
    started = {one["serial"]: one["started"] for one in first.seen.disks["disks"]}
    assert started == {"one": True, "two": False, "nas": False}


def test_after_a_good_start_there_is_a_copy_to_fall_back_on_V11(first: First) -> None:
    release = version()
    assert set(first.seen.loader) == {ARMED.format(release), ARMED.format(f"{release}-copy")}
    assert len(set(first.seen.loader.values())) == 1, "the same kernel image"
    told = first.seen.disks["system"]
    assert (told["slot"], told["copy"], told["state"]) == ("a", False, "whole")
    assert told["failed"] <= CUTS, "each of them was a start that did not come to its end"


def test_at_the_first_start_nothing_is_read_through_yet_V11(first: First) -> None:
    assert first.seen.disks["system"]["reading"] is None


def pull(first: First, life: Life, chance: random.Random) -> None:
    """Pull the disk it started from at some moment, and see that nothing acknowledged is lost."""
    first.moment.bring_back()
    acknowledged = pull_under_load(first.found, life.one, before=chance.randint(*EARLY))
    assert kept(first.found) == acknowledged, "from the disk that is left"
    assert failed(first.found) == ""


def test_the_boot_disk_is_pulled_under_load_and_the_work_goes_on_S1(
    first: First, life: Life
) -> None:
    pull(first, life, chosen())


@pytest.mark.slow
@pytest.mark.parametrize("begin", range(0, PULLS, AT_ONCE))
def test_twenty_times_out_of_twenty_nothing_acknowledged_is_lost_S1(
    first: First, life: Life, begin: int
) -> None:
    for seed in range(begin, begin + AT_ONCE):
        pull(first, life, random.Random(seed))


@pytest.fixture(scope="module")
def pulled(first: First, life: Life) -> Mapping[str, Any]:
    """The end of the first start: the disk is pulled while it backs up, and the power goes."""
    first.moment.bring_back()
    commanded(first.found, "backup", "run", "--no-wait")
    life.acknowledged += pull_under_load(first.found, life.one)
    wait_inside(lambda: len(archives(first.found)) == 1, "the backup is made", 240)
    seen = {
        "disks": listed(first.found),
        "kept": kept(first.found),
        "failed": failed(first.found),
        "status": first.found.run("tenshu", "status", seconds=60).stdout,
    }
    first.found.said("sync", "-f", NAS)  # a NAS stays where it is
    first.cut()
    return seen


def test_the_boot_disk_is_pulled_during_a_backup_which_is_made_all_the_same_S1(
    pulled: Mapping[str, Any], life: Life
) -> None:
    assert pulled["kept"] == life.acknowledged[: BEFORE + AFTER]
    befell = [one["what"] for one in pulled["disks"]["happenings"]]
    assert befell == ["lost", "mirrored", "taken"]
    assert pulled["failed"] == ""


@pytest.fixture(scope="module")
def second(pulled: Mapping[str, Any], life: Life) -> Mapping[str, Any]:
    """From the other disk alone; strangers are refused, one is taken in, and the old one pulled."""
    with life.start(life.two) as found:
        seen: dict[str, Any] = {"looked": look(found, life.far, "/sign-in", life.two.name)}
        mount_nas(found)
        come_in(life.far, sign_in, life.admin)
        seen |= {"kept": kept(found), "standing": standing(found), "archives": len(archives(found))}
        seen["history"] = found.run("tenshu", "audit", "verify", seconds=120).returncode
        seen["roles"] = {}
        for stranger in strangers(life):
            put_in(found, stranger)
            seen["roles"][stranger.name] = role(found, stranger)
            refused = found.run("tenshu", "disks", "take", stranger.name, seconds=60)
            seen[stranger.name] = refused.returncode, refused.stderr
            stranger.pull(found)
        put_in(found, life.three)
        found.said("tenshu", "disks", "take", life.three.name, seconds=60)
        wait_inside(lambda: standing(found) == "mirrored", "the new disk is a whole copy", 600)
        life.acknowledged += pull_under_load(found, life.two, len(life.acknowledged))
        seen |= {"from three": kept(found), "failed": failed(found)}
    return seen


def strangers(life: Life) -> list[Drive]:
    """Return a disk that is too small, one that holds something, one of another machine."""
    small = empty(life.folder, "small", GIGABYTE)
    occupied = empty(life.folder, "occupied")
    subprocess.run(["mke2fs", "-q", "-L", "photos", str(occupied)], check=True)
    foreign = life.folder / "foreign"
    delivered = appliance_disk().raw
    one = {
        "driver": "qcow2",
        "file": {"driver": "file", "filename": "/mnt/life/one"},
        # the workshop knows it by another path than the emulator
        "backing": {"driver": "raw", "file.driver": "file",
                    "file.filename": f"/mnt/base/{delivered.name}"},
    }  # fmt: skip
    words = ["qemu-img", "convert", "-O", "raw", f"json:{json.dumps(one)}", "/mnt/life/foreign"]
    brought = {"life": life.folder, "base": delivered.parent}
    work(*words, brought=brought, seconds=120)
    give_another_number(foreign)
    return [Drive(file, 4 + slot) for slot, file in enumerate((small, occupied, foreign))]


def give_another_number(disk: Path) -> None:
    """Make the state on a disk that of another array, as another machine has it."""
    begin = next(one.begin for one in table(disk) if one.name == "tenshu-state")
    with disk.open("r+b") as file:
        file.seek(begin + SUPERBLOCK)
        record = bytearray(file.read(1024))
        (most,) = struct.unpack_from("<I", record, 220)
        record[UUID] = os.urandom(16)
        record[CHECKSUM] = bytes(4)
        size = 256 + 2 * most
        words = struct.unpack_from(f"<{size // 4}I", record)
        total = sum(words)
        record[CHECKSUM] = struct.pack("<I", ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
        file.seek(begin + SUPERBLOCK)
        file.write(record)


def test_after_a_power_cut_the_other_disk_alone_starts_the_machine_S1(
    second: Mapping[str, Any], life: Life
) -> None:
    assert second["kept"] == life.acknowledged[: BEFORE + AFTER]
    assert second["standing"] == "lost"


def test_it_is_the_same_machine_on_a_disk_that_it_was_not_delivered_with_S1(
    first: First, second: Mapping[str, Any]
) -> None:
    seen = second["looked"]
    assert seen.fingerprint == first.seen.fingerprint
    assert seen.kept == first.seen.kept
    assert seen.failed == ""
    assert seen.unlisted == "", "in /etc only the listed paths are the machine's"
    assert seen.loader == first.seen.loader
    started = {one["serial"]: one["started"] for one in seen.disks["disks"]}
    assert started == {"two": True, "nas": False}
    assert second["archives"] == 1
    assert second["history"] == 0, "the history is whole"


def test_what_is_too_small_holds_something_or_is_another_machines_is_refused_S1(
    second: Mapping[str, Any],
) -> None:
    assert second["roles"] == {"small": "small", "occupied": "occupied", "foreign": "foreign"}
    for name in second["roles"]:
        code, said = second[name]
        assert code == 1, said
        assert name in said


def test_a_new_disk_is_taken_in_and_the_old_one_may_die_S1(
    second: Mapping[str, Any], life: Life
) -> None:
    assert second["from three"] == life.acknowledged
    assert second["failed"] == ""


@dataclass
class Third:
    """What was seen of the start from the new disk, in whose slot a bit is flipped meanwhile."""

    seen: Seen
    standing: str
    kept: list[int]
    refused: str
    kernel: str
    read: dict[str, Any]
    """What was told once all slots had been read through."""
    mended: str


@pytest.fixture(scope="module")
def third(second: Mapping[str, Any], life: Life, tmp_path_factory: pytest.TempPathFactory) -> Third:
    with life.start(life.three) as found:
        # it was taken in just before the power went, and has its copy from now on
        seen = look(found, life.far, "/sign-in", life.three.name)
        flip(life.three.file, UNREAD, tmp_path_factory.mktemp("flipped"))
        refused = found.run("cat", UNREAD).stderr
        kernel = found.said("dmesg")
        found.said("cat", OTHER)
        read, mended = read_through(found)
        return Third(seen, standing(found), kept(found), refused, kernel, read, mended)


def read_through(found: Guest) -> tuple[dict[str, Any], str]:
    """Let all slots be read through; return what is told of that, and what the damaged file has."""
    found.said("systemctl", "start", "tenshu-scrub", seconds=120)
    # asked of systemd, not of the agent: the command would take all that an idle unit gets
    words = ("systemctl", "show", "--value", "-pActiveState", "tenshu-scrub")
    wait_inside(lambda: found.said(*words).strip() == "inactive", "all slots are read through", 300)
    shown = found.said("tenshu", "--json", "disks", "show", seconds=180)
    return json.loads(shown)["system"], found.run("cat", UNREAD).stdout


def flip(disk: Path, file: str, folder: Path) -> None:
    """Flip one bit of a file in the slot that a machine is delivered with."""
    data, _ = slot_of(disk)
    carve(disk, folder)
    told = work(
        *("dump.erofs", "-e", f"--path={file}", "/mnt/slot/data"),
        brought={"slot": folder},
        seconds=60,
    )
    place = int(told.partition("   0:")[2].split(":")[1].split("..")[0])
    with disk.open("r+b") as raw:
        raw.seek(data.begin + place + 100)
        (was,) = raw.read(1)
        raw.seek(data.begin + place + 100)
        raw.write(bytes([was ^ 1]))


@GOES_ON
@pytest.mark.slow
def test_from_the_new_disk_alone_it_starts_as_the_same_machine_S1(
    first: First, third: Third, life: Life
) -> None:
    assert third.kept == life.acknowledged
    assert third.standing == "lost"
    assert third.seen.fingerprint == first.seen.fingerprint
    assert third.seen.kept == first.seen.kept
    assert third.seen.failed == ""
    assert third.seen.loader == first.seen.loader


@GOES_ON
@pytest.mark.slow
def test_a_flipped_bit_in_the_slot_is_noticed_V11(third: Third) -> None:
    assert "Input/output error" in third.refused
    assert "is corrupted" in third.kernel


@GOES_ON
@pytest.mark.slow
def test_what_is_damaged_is_mended_when_it_is_read_through_while_the_machine_runs_from_it_V11(
    third: Third,
) -> None:
    (one,) = third.read["reading"]["damages"]
    assert (one["slot"], one["bad"], one["mended"]) == ("a", 1, 1)
    assert "GNU GENERAL PUBLIC LICENSE" in third.mended


@GOES_ON
@pytest.mark.slow
def test_a_damaged_system_is_started_from_its_copy_and_mended_V11(
    third: Third, life: Life, tmp_path: Path
) -> None:
    disk = life.three.file
    flip(disk, FIRST_PROGRAM, tmp_path)
    with life.start(life.three, boots=4) as found:
        seen = look(found, life.far, "/sign-in", life.three.name)
        runs = found.said("cat", "/run/tenshu-slot").split()
    data, hashes = slot_of(disk)
    assert runs != [str(data.identifier), str(hashes.identifier)], "that one is damaged"
    assert seen.kept == third.seen.kept
    assert seen.failed == ""
    assert seen.loader == third.seen.loader, "its tries have been given back"
    told = seen.disks["system"]
    assert (told["slot"], told["copy"], told["failed"], told["state"]) == ("b", True, 3, "whole")
    happened = [one["what"] for one in seen.disks["happenings"]]
    assert {"from_copy", "mended"} <= {*happened}
    carve(disk, tmp_path)
    words = ("veritysetup", "verify", "/mnt/slot/data", "/mnt/slot/hashes")
    work(*words, appliance_disk().roothash, brought={"slot": tmp_path}, seconds=120)
