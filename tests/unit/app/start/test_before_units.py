"""What a start prepares, prepared for units: who gets what."""

import getpass
import grp
import os

import pytest

from app.core.errors import TenshuError
from app.core.keyring import KeyRing
from app.start import before_units
from app.start.before_units import USERS, prepare_for_units
from app.start.programs import PROGRAMS
from tests.units import UNITS
from tests.units import settings as settings_of


def test_a_program_belongs_to_the_user_of_its_unit():
    assert USERS.keys() == {program.name for program in PROGRAMS}
    for name, user in USERS.items():
        assert settings_of(UNITS / f"tenshu-{name}.service")["User"] == [user]


@pytest.fixture
def alone(monkeypatch):
    """All users of the units are the one who runs the tests."""
    me = getpass.getuser()
    monkeypatch.setattr(before_units, "USERS", dict.fromkeys(USERS, me))
    monkeypatch.setattr(before_units, "GROUP", grp.getgrgid(os.getgid()).gr_name)


def test_a_data_folder_is_prepared_and_handed_out(settings, tmp_path, alone):
    settings.keys.chmod(0o3770)
    issue = tmp_path / "issue.d/tenshu.issue"
    for _ in range(2):  # a start that was killed is continued by the next
        prepare_for_units(settings, tmp_path / "told", issue)
    told = issue.read_text()
    assert "https://\\4:8443" in told
    assert "Claim code:" in told
    assert issue.stat().st_mode & 0o777 == 0o600
    assert (settings.data / "tenshu.sqlite").stat().st_mode & 0o777 == 0o660
    assert KeyRing.load(settings.keys).path.stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "told").exists(), "on SQLite nobody is told a way into the database"


def test_on_postgresql_each_unit_is_told_its_own_way(settings, tmp_path, alone, monkeypatch):
    def lay_out(place, database):
        for program in PROGRAMS:
            before_units.password_file(place, program.role).write_text("")
        return {program.role: f"postgresql:///t?user=t_{program.role}" for program in PROGRAMS}

    monkeypatch.setattr(before_units.connections, "lay_out", lay_out)
    prepare_for_units(settings, tmp_path / "told", tmp_path / "issue")
    told = tmp_path / "told/tenshu-worker.environment"
    assert told.read_text() == 'TENSHU_DATABASE_URL="postgresql:///t?user=t_workspace"\n'
    assert told.stat().st_mode & 0o777 == 0o600


def test_why_nothing_may_start_is_said(settings, monkeypatch, capsys):
    def refuse(*_):
        raise TenshuError

    monkeypatch.setattr(before_units, "load_settings", lambda: settings)
    monkeypatch.setattr(before_units, "prepare_for_units", refuse)
    assert before_units.main() == 1
    assert TenshuError.code in capsys.readouterr().err
    monkeypatch.setattr(before_units, "prepare_for_units", lambda *_: None)
    assert before_units.main() == 0
