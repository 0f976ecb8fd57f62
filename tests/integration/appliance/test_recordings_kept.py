"""Recordings of maintenance come back with a backup, and nobody comes in by it (S11)."""

from pathlib import Path

from appliance.backup.restore import restore
from appliance.contract.kit import KeyKit
from appliance.contract.maintenance.state import Ending, Happening, What
from appliance.maintenance.keeping import found_recordings
from appliance.maintenance.recording import Recording
from appliance.maintenance.rooms import Rooms
from appliance.place import Place
from tests.integration.appliance.conftest import backup
from tests.integration.appliance.test_backup_and_restore import hashes
from tests.unit.appliance.maintenance.recorded import keep, session_id


def test_windows_and_recordings_come_back_whole_and_closed_S11(
    place: Place, kit: KeyKit, tmp_path: Path
) -> None:
    rooms = Rooms(place)
    rooms.authority.ensure()
    sessions = [keep(rooms.book, number, ended_at=number * 1000) for number in (1, 2)]
    keep(rooms.book, 3, ended_at=3000, is_open=True)
    rooms.journal.append(Happening(at=1, what=What.session_began, window=1))
    name = rooms.journal.identifier()
    going_on = Recording(rooms.book.recording(3, "f" * 16), "going on", 80, 24)
    going_on.shown(b"half a ")
    backup(place, kit)
    going_on.shown(b"line\r\n")
    going_on.end()

    data = tmp_path / "second"
    restore(tmp_path / "repository", kit, data, tmp_path / "second.keys")

    back = Rooms(Place(data=data, keys=tmp_path / "second.keys", database_url=place.database_url))
    for number, session in enumerate(sessions, 1):
        assert back.book.sessions(number) == (session,)
        (found,) = found_recordings(back.book, number)
        assert found.digest == session.digest
    assert "half a" in back.book.recording(3, "f" * 16).read_text()
    assert "line" not in back.book.recording(3, "f" * 16).read_text()
    assert (back.journal.identifier(), len(back.journal.after(0, 10))) == (name, 1)
    assert back.book.why_over(3) is Ending.restored, "nobody comes in through what was open then"
    assert not back.authority.folder.exists(), "what signs certificates is in no backup"
    mode = back.book.recording(1, session_id(1)).stat().st_mode
    assert mode & 0o777 == 0o600
    assert back.book.folder.stat().st_mode & 0o777 == 0o700


def test_without_maintenance_a_backup_is_as_before_S11(
    place: Place, kit: KeyKit, tmp_path: Path
) -> None:
    backup(place, kit)
    data = tmp_path / "second"
    restore(tmp_path / "repository", kit, data, tmp_path / "second.keys")
    assert not (data / "machine").exists()
    assert hashes(data / "files") == hashes(place.data / "files")
