"""Recordings after their session: looked at, and removed for their age (S11)."""

from pathlib import Path

import pytest

from appliance.contract.maintenance.errors import WindowUnknown
from appliance.contract.maintenance.state import Ending
from appliance.maintenance import keeping
from appliance.maintenance.recording import Recording
from appliance.maintenance.windows import CLOCKS
from tests.unit.appliance.maintenance.recorded import book_in, keep, session_id


def test_what_lies_there_is_told_by_its_digest_S11(tmp_path: Path) -> None:
    book = book_in(tmp_path)
    session = keep(book, 1, ended_at=1000)
    (found,) = keeping.found_recordings(book, 1)
    assert (found.digest, found.bytes) == (session.digest, session.bytes)
    with book.recording(1, session.id).open("ab") as file:
        file.write(b"\n")
    (changed,) = keeping.found_recordings(book, 1)
    assert changed.digest not in ("", session.digest)
    book.recording(1, session.id).unlink()
    (gone,) = keeping.found_recordings(book, 1)
    assert (gone.digest, gone.bytes, gone.removed_at) == ("", 0, None)
    with pytest.raises(WindowUnknown):
        keeping.found_recordings(book, 2)


def test_recordings_are_removed_for_their_age_and_their_digests_stay_S11(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = book_in(tmp_path)
    assert keeping.old_recordings(book, 10_000).count == 0
    sessions = [keep(book, number, ended_at=number * 1000) for number in (1, 2, 3, 4)]
    old = keeping.old_recordings(book, 3500)
    assert (old.count, old.oldest) == (3, 1000)
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    assert [keeping.remove_recordings(book, 3500).removed for _ in range(3)] == [2, 1, 0]
    for number, before in enumerate(sessions, 1):
        after = book.session(number, session_id(number))
        is_there = book.recording(number, after.id).exists()
        assert (after.digest, is_there) == (before.digest, number == 4)
        assert (after.removed_at is None) is is_there
    (found,) = keeping.found_recordings(book, 1)
    assert found.removed_at


def test_what_is_being_recorded_is_never_removed_S11(tmp_path: Path) -> None:
    book = book_in(tmp_path)
    session = keep(book, 1, ended_at=1000)
    path = book.recording(1, session.id)
    path.unlink()
    recording = Recording(path, "still going on", 80, 24)
    assert keeping.remove_recordings(book, 5000).removed == 0
    recording.end()
    assert keeping.remove_recordings(book, 5000).removed == 1


def test_a_window_that_comes_back_without_its_clocks_is_over_S11(tmp_path: Path) -> None:
    book = book_in(tmp_path)
    keep(book, 1, ended_at=1000, is_open=True)
    assert book.why_over(1) is Ending.restart
    (book.of(1) / CLOCKS).unlink()
    assert book.why_over(1) is Ending.restored
