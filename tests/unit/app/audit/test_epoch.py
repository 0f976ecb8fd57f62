"""Restores: declared ones are told, undeclared ones are found."""

import shutil
from pathlib import Path

import pytest

from app.audit.epoch import SIGNAL_NAME
from app.audit.erasure import read_erasures
from app.audit.errors import SigningKeyForeign
from app.audit.signing import load_or_make_signer
from app.audit.store import FILE_NAME, reading
from app.audit.verdict import Against, State, Wrong
from tests.unit.app.audit.trail import Trail


@pytest.fixture
def archive(trail: Trail, tmp_path: Path) -> Path:
    """An archive of four events; the history went on to seven."""
    trail.add(3)
    place = trail.archive(tmp_path / "archive")
    trail.add(3)
    trail.sealer.publish()
    return place


def test_a_declared_restore_opens_an_epoch_that_names_what_is_lost_METI_18(
    trail: Trail, archive: Path
) -> None:
    held = trail.note
    trail.restore(archive, known_checkpoint=held)
    trail.add(1)
    verdict = trail.verify(against=[held])
    assert verdict.state is State.WHOLE
    (epoch,) = verdict.epochs
    assert (epoch.archive, epoch.position, epoch.lost) == ("archive", 4, (4, 6))
    assert verdict.against == (Against(size=7, lost=(4, 6)),)
    assert not (trail.data / SIGNAL_NAME).exists()


def test_a_restore_without_a_known_checkpoint_is_a_declared_one_too(
    trail: Trail, archive: Path
) -> None:
    held = trail.note
    trail.restore(archive, known_checkpoint="nobody knows")
    verdict = trail.verify(against=[held])
    assert (verdict.state, verdict.epochs[0].lost) == (State.WHOLE, None)
    assert verdict.against == (Against(size=7, lost=(4, 6)),)


def test_nothing_is_lost_where_the_archive_holds_all_that_was_known(
    trail: Trail, tmp_path: Path
) -> None:
    trail.add(3)
    trail.sealer.publish()
    held, archive = trail.note, trail.archive(tmp_path / "archive")
    trail.restore(archive, known_checkpoint=held)
    verdict = trail.verify(against=[held])
    assert (verdict.epochs[0].lost, verdict.against) == (None, (Against(size=4),))


def test_a_rollback_behind_a_declared_restore_is_not_covered_by_it_METI_18(
    trail: Trail, archive: Path, tmp_path: Path
) -> None:
    trail.restore(archive)
    again = trail.archive(tmp_path / "again")
    trail.add(5)
    trail.sealer.publish()
    held = trail.note
    trail.roll_back(again)
    trail.start()
    trail.add(1)
    wrong = trail.verify(against=[held]).wrong
    assert wrong is not None
    assert wrong.wrong is Wrong.ROLLED_BACK


def test_a_restore_of_an_archive_from_before_another_restore_is_told(
    trail: Trail, tmp_path: Path, archive: Path
) -> None:
    first = trail.note
    trail.restore(archive, known_checkpoint=first)
    trail.add(4)
    trail.sealer.publish()
    second = trail.note
    shutil.copytree(archive, tmp_path / "older")
    trail.restore(tmp_path / "older", known_checkpoint=second)
    verdict = trail.verify(against=[first, second])
    assert verdict.state is State.WHOLE
    assert len(verdict.epochs) == 1
    assert verdict.against == (Against(size=7, lost=(4, 6)), Against(size=9, lost=(4, 8)))


def test_what_lies_before_the_restored_place_must_still_fit_METI_18(
    trail: Trail, archive: Path, tmp_path: Path
) -> None:
    earlier = trail.note
    other = Trail(tmp_path / "other")
    shutil.copy(trail.key_path, other.key_path)
    other.stop()
    shutil.rmtree(other.folder)
    other.signer = load_or_make_signer(other.key_path)
    other.start()
    other.add(9)
    shutil.rmtree(tmp_path / "archive")
    trail.restore(other.archive(tmp_path / "archive"))
    wrong = trail.verify(against=[earlier]).wrong
    assert wrong is not None
    assert wrong.wrong is Wrong.FORKED
    other.close()


def test_a_known_checkpoint_that_contradicts_the_held_one_is_found(
    trail: Trail, archive: Path, tmp_path: Path
) -> None:
    held = trail.note
    trail.roll_back(archive)
    trail.start()
    trail.add(3)
    trail.sealer.publish()
    forked = trail.note  # also of seven events
    assert forked != held
    trail.restore(archive, known_checkpoint=forked)
    assert trail.verify(against=[forked]).state is State.WHOLE
    wrong = trail.verify(against=[held]).wrong
    assert wrong is not None
    assert wrong.wrong is Wrong.ROLLED_BACK


def test_erasures_are_applied_again_after_a_restore_F5(
    trail: Trail, archive: Path, tmp_path: Path
) -> None:
    event = trail.erase("person0")
    with reading(trail.folder) as connection:
        kept = tuple(read_erasures(connection).all)
    trail.restore(archive, erasures=kept)
    verdict = trail.verify()
    (erased,) = verdict.erased
    assert (verdict.state, erased.parts, erased.erasure.repeats) == (State.WHOLE, 1, event.id)
    shutil.copytree(trail.archive(tmp_path / "newer"), tmp_path / "newest")
    trail.restore(tmp_path / "newest", erasures=kept)
    assert len(trail.verify().erased) == 1


def test_a_new_key_begins_only_with_an_epoch(trail: Trail, archive: Path) -> None:
    old = trail.signer.verifier
    trail.key_path.unlink()
    trail.roll_back(archive)
    trail.signer = load_or_make_signer(trail.key_path)
    with pytest.raises(SigningKeyForeign):
        trail.start()
    trail.restore_signal(archive)
    trail.start()
    assert trail.keys == [old, trail.signer.verifier]
    trail.add(2)
    assert trail.verify().state is State.WHOLE


def test_an_unreadable_signal_still_opens_an_epoch(trail: Trail) -> None:
    trail.stop()
    (trail.data / SIGNAL_NAME).write_bytes(b"\xff")
    trail.start()
    assert [epoch.archive for epoch in trail.verify().epochs] == [""]


def test_an_epoch_made_unreadable_declares_nothing(trail: Trail, archive: Path) -> None:
    trail.restore(archive)
    trail.stop()
    with reading(trail.folder) as connection:
        row = connection.execute("SELECT content FROM events WHERE verb = 'audit.epoch'").fetchone()
    content, path = row[0].encode(), trail.folder / FILE_NAME
    path.write_bytes(path.read_bytes().replace(content, b"!" * len(content)))
    verdict = trail.verify()
    assert (verdict.state, verdict.epochs) == (State.TAMPERED, ())


def test_a_signal_left_behind_by_a_kill_opens_no_second_epoch(trail: Trail, archive: Path) -> None:
    trail.restore(archive)
    trail.stop()
    trail.restore_signal(archive)
    trail.start()
    assert len(trail.verify().epochs) == 1
    assert not (trail.data / SIGNAL_NAME).exists()
