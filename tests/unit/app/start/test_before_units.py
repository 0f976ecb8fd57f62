"""What a start prepares, prepared for units: who gets what."""

import getpass
import grp
import os
import re
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import data_folder
from app.core.data_folder import AlreadyRunning
from app.core.errors import TenshuError
from app.core.keyring import KeyRing
from app.start import before_units, systemd_store
from app.start.before_units import USERS, prepare_for_units
from app.start.errors import LockNotKept
from app.start.programs import PROGRAMS
from tests.units import UNITS
from tests.units import settings as settings_of


def test_a_program_belongs_to_the_user_of_its_unit():
    assert USERS.keys() == {program.name for program in PROGRAMS}
    for name, user in USERS.items():
        assert settings_of(UNITS / f"tenshu-{name}.service").get("User", ["root"]) == [user]


@pytest.fixture
def alone(monkeypatch):
    """All users of the units are the one who runs the tests."""
    me = getpass.getuser()
    monkeypatch.setattr(before_units, "USERS", dict.fromkeys(USERS, me))
    monkeypatch.setattr(before_units, "GROUP", grp.getgrgid(os.getgid()).gr_name)


class Notices(threading.Thread):
    """systemd's end of the socket for notices: keeps what it is given, and answers a barrier."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.address, self.kept = str(path), []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._heard, self._told = os.pipe()

    def run(self) -> None:
        while self._socket in select.select([self._socket, self._heard], [], [])[0]:
            data, handles, _, _ = socket.recv_fds(self._socket, 4096, 4)
            if b"FDSTORE=1" in data.split(b"\n"):
                assert b"FDNAME=data-folder" in data.split(b"\n")
                self.kept += handles
            else:
                assert data == b"BARRIER=1"
                for handle in handles:
                    os.close(handle)

    def release(self) -> None:
        """What systemd does when the unit is stopped."""
        while self.kept:
            os.close(self.kept.pop())

    def end(self) -> None:
        os.write(self._told, b".")
        self.join()
        self.release()
        self._socket.close()
        os.close(self._heard)
        os.close(self._told)


@pytest.fixture
def systemd(tmp_path) -> Iterator[Notices]:
    notices = Notices(tmp_path / "notify")
    notices.start()
    yield notices
    notices.end()


def prepared(settings, folder: Path, notices: str) -> None:
    prepare_for_units(settings, folder / "told", folder, folder / "claim-code", notices)


def test_of_units_and_a_copy_beside_them_the_second_is_refused_F6(
    settings, tmp_path, alone, systemd
):
    prepare_for_units(
        settings, tmp_path / "told", tmp_path, tmp_path / "claim-code", systemd.address
    )
    with pytest.raises(AlreadyRunning, match=r"units of tenshu\.target") as refused:
        data_folder.take(settings.data)
    assert "systemctl stop tenshu.target" in refused.value.hint
    systemd.release()
    lock = data_folder.take(settings.data)
    with pytest.raises(AlreadyRunning, match=f"Process {os.getpid()} "):
        prepare_for_units(
            settings, tmp_path / "told", tmp_path, tmp_path / "claim-code", systemd.address
        )
    os.close(lock)


def test_units_do_not_start_where_systemd_does_not_keep_the_lock_F6(
    settings, tmp_path, alone, monkeypatch
):
    with pytest.raises(LockNotKept):
        prepared(settings, tmp_path, "-")
    silent = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    silent.bind("\0tenshu-silent-" + str(os.getpid()))
    monkeypatch.setattr(systemd_store, "TAKES_SECONDS", 0.1)
    with silent, pytest.raises(LockNotKept, match="does not answer"):
        prepared(settings, tmp_path, f"@tenshu-silent-{os.getpid()}")
    assert not (tmp_path / "console").exists(), "the console waits"
    os.close(data_folder.take(settings.data))  # nobody holds it then


def test_a_data_folder_is_prepared_and_handed_out(settings, tmp_path, alone, systemd):
    settings.keys.chmod(0o3770)
    claim = tmp_path / "screen/claim-code"
    for _ in range(2):  # a start that was killed is continued by the next
        prepare_for_units(settings, tmp_path / "told", tmp_path, claim, systemd.address)
        systemd.release()
    assert re.fullmatch(r"\w{4}-\w{4}-\w{4}", claim.read_text())
    assert claim.stat().st_mode & 0o777 == 0o600
    assert (settings.data / "tenshu.sqlite").stat().st_mode & 0o777 == 0o660
    assert KeyRing.load(settings.keys).path.stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "told").exists(), "on SQLite nobody is told a way into the database"
    assert (tmp_path / "console").read_text() == "", "the console need not wait any more"


def test_on_postgresql_each_unit_is_told_its_own_way(
    settings, tmp_path, alone, monkeypatch, systemd
):
    def lay_out(place, database):
        for program in PROGRAMS:
            before_units.password_file(place, program.role).write_text("")
        return {program.role: f"postgresql:///t?user=t_{program.role}" for program in PROGRAMS}

    monkeypatch.setattr(before_units.connections, "lay_out", lay_out)
    prepare_for_units(
        settings, tmp_path / "told", tmp_path, tmp_path / "claim-code", systemd.address
    )
    told = tmp_path / "told/tenshu-worker.environment"
    assert told.read_text() == 'TENSHU_DATABASE_URL="postgresql:///t?user=t_workspace"\n'
    assert told.stat().st_mode & 0o777 == 0o600
    waited = tmp_path / "console"
    assert waited.read_text() == "TENSHU_DATABASE_URL=postgresql:///t?user=t_console\n"
    assert waited.stat().st_mode & 0o777 == 0o400


def test_why_nothing_may_start_is_said(settings, monkeypatch, capsys):
    def refuse(*_):
        raise TenshuError

    monkeypatch.setattr(before_units, "load_settings", lambda: settings)
    monkeypatch.setattr(before_units, "prepare_for_units", refuse)
    assert before_units.main() == 1
    assert TenshuError.code in capsys.readouterr().err
    monkeypatch.setattr(before_units, "prepare_for_units", lambda *_: None)
    assert before_units.main() == 0
