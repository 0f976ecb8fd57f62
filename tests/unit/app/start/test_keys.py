"""The key ring is made once, with the data, and never again over old data."""

from collections.abc import Iterator

import pytest

from app.core.database import Database
from app.core.keyring import FILE_NAME, KeyRing
from app.core.settings import Settings
from app.migrations.migrate import migrate
from app.start import keys
from app.start.errors import KeyRingMissing, KeyRingOfAnother
from app.start.keys import lay_out_signing_key, open_keyring


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.database_url)
    yield opened
    opened.close()


def test_a_new_data_folder_gets_a_key_ring_and_keeps_it(settings, database):
    first = open_keyring(settings, database)
    assert open_keyring(settings, database).primary == first.primary


def test_old_data_never_gets_a_new_key_ring_F13(settings, database):
    migrate(database)
    with pytest.raises(KeyRingMissing) as caught:
        open_keyring(settings, database)
    assert str(settings.data) in str(caught.value)
    assert "tenshu backup restore" in caught.value.hint
    assert not (settings.keys / FILE_NAME).exists()


@pytest.mark.parametrize("where", ["files/a", "audit/sealed.sqlite", keys.PROBE])
def test_files_or_history_without_a_database_are_old_data_too(settings, database, where):
    (settings.data / where).write_bytes(b"old")
    with pytest.raises(KeyRingMissing):
        open_keyring(settings, database)


def test_the_key_ring_of_another_data_folder_is_refused(settings, database):
    open_keyring(settings, database)
    (settings.keys / FILE_NAME).unlink()
    KeyRing.create(settings.keys)
    with pytest.raises(KeyRingOfAnother):
        open_keyring(settings, database)


def test_a_rotated_key_ring_still_opens_its_data_folder(settings, database):
    open_keyring(settings, database).rotate()
    open_keyring(settings, database)


def test_the_signing_key_is_laid_out_for_the_sealer_and_comes_back_with_the_ring(
    settings, database
):
    ring = open_keyring(settings, database)
    path = lay_out_signing_key(settings, ring)
    made = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert not path.is_relative_to(settings.data)
    path.unlink()
    assert lay_out_signing_key(settings, KeyRing.load(settings.keys)).read_bytes() == made
    path.write_bytes(b"another")
    assert lay_out_signing_key(settings, ring).read_bytes() == made
