"""Checkpoints into a folder: whole, one a day, and a folder that really hangs hangs alone."""

import ctypes
import datetime as dt
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.audit.checkpoint import Checkpoint, open_checkpoint
from app.audit.following import Head, head_of
from app.audit.ledger import read_keys
from app.audit.verdict import Wrong
from app.audit.verify import verify
from app.core import clock
from app.offsite import folder, shipping
from app.offsite.errors import FolderSilent, FolderUnusable, HistoryShorter, NothingSealed
from app.offsite.operations.showing import OneDestination
from app.offsite.operations.trying import try_destination
from app.offsite.put_file import ahead
from app.offsite.shipping import Shippers, ship
from app.operations.context import Appliance
from tests.integration.app.offsite.conftest import Desk
from tests.small_volume import CLONE_NEWNS, MNT_DETACH, MS_PRIVATE, MS_REC, ONLY_ROOT, _check


@pytest.fixture
def hanging_folder(tmp_path: Path) -> Iterator[Path]:
    """A file system whose server never answers: every look at it hangs."""
    place, libc = tmp_path / "share", ctypes.CDLL(None, use_errno=True)
    place.mkdir()
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        pytest.skip(ONLY_ROOT)
    told = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    try:
        try:
            _check(libc.unshare(CLONE_NEWNS))
            _check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
            _check(libc.mount(b"nobody", str(place).encode(), b"fuse.silent", 0, told))
        except OSError:
            pytest.skip(ONLY_ROOT)
        yield place
        _check(libc.umount2(str(place).encode(), MNT_DETACH))
    finally:
        os.close(server)


def test_the_newest_checkpoint_of_each_day_stands_in_the_folder_F5(
    appliance: Appliance, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    target = desk.folder(share)
    size = desk.write(2)
    ship(appliance, target)
    (kept,) = share.iterdir()
    store = appliance.settings.sealed_store
    assert open_checkpoint(kept.read_text(), read_keys(store)).size == size
    assert kept.name.startswith("tenshu-audit-")
    assert kept.name.endswith(f"{dt.datetime.now(dt.UTC).date().isoformat()}.txt")
    desk.write(1)
    ship(appliance, target)
    assert open_checkpoint(kept.read_text(), read_keys(store)).size == size, "once a minute"
    tomorrow = clock.now() + clock.DAY
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    size = desk.write(1)
    ship(appliance, target)
    sizes = {open_checkpoint(each.read_text(), read_keys(store)).size for each in share.iterdir()}
    assert len(sizes) == 2
    assert max(sizes) == size == desk.one(target).arrived
    assert desk.one(target).behind == 0


def test_a_history_that_was_cut_off_is_found_by_the_file_F5(
    appliance: Appliance, desk: Desk, tmp_path: Path
) -> None:
    target = desk.folder(tmp_path)
    desk.write(3)
    ship(appliance, target)
    (kept,) = tmp_path.glob("tenshu-audit-*.txt")
    store = appliance.settings.sealed_store
    assert verify(store, read_keys(store), against=[kept.read_text()]).wrong is None
    assert verify(store, read_keys(store), against=[_longer(desk)]).wrong.wrong is Wrong.ROLLED_BACK


def _longer(desk: Desk) -> str:
    """A checkpoint of the same key over a history that went on for longer."""
    signer = desk.sealer._ledger._signer
    return Checkpoint(signer.name, desk.sealer.size + 5, b"x" * 32).sign(signer.key)


def test_a_folder_that_is_not_there_or_takes_nothing_is_told_in_words(
    appliance: Appliance, desk: Desk, tmp_path: Path
) -> None:
    with pytest.raises(NothingSealed):
        folder.put_checkpoint(str(tmp_path), Head(), clock.now())
    target = desk.folder(tmp_path / "missing")
    ship(appliance, target)
    found = desk.one(target)
    assert (found.error, found.error_parameters["reason"]) == (
        FolderUnusable.code, "there is no such folder",
    )  # fmt: skip
    with pytest.raises(FolderUnusable, match=r"takes no checkpoint: ."):
        folder.put_checkpoint("/proc/1", head_of(appliance.settings.sealed_store), clock.now())
    (tmp_path / "missing").mkdir()
    assert try_destination(desk.system, OneDestination(destination=target)).milliseconds >= 0
    ship(appliance, target)
    assert desk.one(target).error == "", "a try that went well lets the rest go out at once"


def test_a_folder_that_hangs_hangs_alone_F5(
    appliance: Appliance, desk: Desk, hanging_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    put, hung = folder.put_checkpoint, str(hanging_folder)
    monkeypatch.setattr(
        shipping,
        "put_checkpoint",
        lambda place, head, now: put(place, head, now, seconds=0.5 if place == hung else 20),
    )
    well = tmp_path / "well"
    well.mkdir()
    hangs, goes = desk.folder(hanging_folder), desk.folder(well)
    desk.write(1)
    shippers = Shippers()
    begin = time.monotonic()
    shippers.turn(appliance)
    assert time.monotonic() - begin < 5, "who starts them waits for nobody"
    assert shippers.wait(30)
    assert desk.one(hangs).error == FolderSilent.code
    assert desk.one(goes).arrived == desk.one(hangs).behind


def test_what_was_sent_before_a_machine_was_set_back_to_a_snapshot_is_never_replaced_F5(
    appliance: Appliance, desk: Desk, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    store = appliance.settings.sealed_store
    desk.write(2)
    desk.sealer.publish()
    snapshot = head_of(store)
    desk.write(3)
    desk.sealer.publish()
    newest = head_of(store)
    assert newest.size > snapshot.size
    folder.put_checkpoint(str(share), newest, clock.now())
    (kept,) = share.iterdir()
    for day in (0, clock.DAY):
        with pytest.raises(HistoryShorter) as refused:
            folder.put_checkpoint(str(share), snapshot, clock.now() + day)
        assert str(newest.size) in str(refused.value)
    assert [one.read_text() for one in share.iterdir()] == [newest.note], kept
    folder.put_checkpoint(str(share), newest, clock.now() + clock.DAY)


def test_a_declared_restore_may_hold_less_and_what_is_no_checkpoint_counts_for_nothing(
    tmp_path: Path,
) -> None:
    name, note = "tenshu-audit-1-2026-11-29.txt", "tenshu-audit-1\n{}\nroot\nepoch {}\n"
    (tmp_path / name).write_text(note.format(500, 7))
    assert ahead(tmp_path, name, note.format(499, 7)) == 500
    assert ahead(tmp_path, name, note.format(500, 7)) == 0
    assert ahead(tmp_path, name, note.format(3, 8)) == 0, "an epoch says so"
    assert ahead(tmp_path, name, note.format(900, 6)) == 500, "from before that restore"
    assert ahead(tmp_path, "tenshu-audit-2-2026-11-29.txt", note.format(1, 0)) == 0
    (tmp_path / name).write_bytes(b"\xff\n" + b"9" * 40 + b"\n\n")
    assert ahead(tmp_path, name, note.format(1, 0)) == 0
