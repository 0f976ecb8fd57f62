"""The key ring at the start of a copy: made once, with the data; never again over old data."""

from pathlib import Path
from typing import Final

from app.audit.durable import write_durably
from app.audit.signing import load_or_make_signer
from app.core.database import Database
from app.core.keyring import FILE_NAME, KeyRing, SealBroken
from app.core.secret import Secret
from app.core.settings import Settings
from app.migrations.revisions import current_revision
from app.start.errors import KeyRingMissing, KeyRingOfAnother

PROBE: Final = "keyring.probe"
"""A file in the data folder that only the right key ring opens."""
PROBE_TEXT: Final = "tenshu"
SIGNING_KEY: Final = "audit-signing.key"
SIGNING_SECRET: Final = "audit-signing"  # noqa: S105 - the name of a secret


def open_keyring(settings: Settings, database: Database) -> KeyRing:
    """Return the data folder's key ring; make it where the data folder is new.

    Raise KeyRingMissing where data waits for a ring that is not there, KeyRingOfAnother where the
    ring is not this data's, KeyRingUnusable where it cannot be read.
    """
    if not (settings.keys / FILE_NAME).exists():
        if _holds_data(settings, database):
            raise KeyRingMissing(data=settings.data, ring=settings.keys / FILE_NAME)
        KeyRing.create(settings.keys)
    keyring = KeyRing.load(settings.keys)
    _probe(settings, keyring)
    return keyring


def lay_out_signing_key(settings: Settings, keyring: KeyRing) -> Path:
    """Write the audit signing key where the sealer reads it, and keep it in the ring.

    The ring is its home: a restored ring brings the key back, and with it the history's name.
    """
    path = settings.keys / SIGNING_KEY
    kept = keyring.named(SIGNING_SECRET)
    if kept is None:
        load_or_make_signer(path)
        keyring.keep(SIGNING_SECRET, Secret(path.read_text()))
    elif not path.exists() or path.read_text() != kept.reveal():
        write_durably(path, kept.reveal().encode(), mode=0o600)
    return path


def new_signing_key(settings: Settings, keyring: KeyRing) -> None:
    """Sign with a new key from now on; the sealer takes it with the epoch that is declared."""
    path = settings.keys / SIGNING_KEY
    path.unlink(missing_ok=True)
    load_or_make_signer(path)
    keyring.keep(SIGNING_SECRET, Secret(path.read_text()))


def _holds_data(settings: Settings, database: Database) -> bool:
    folders = (settings.files, settings.sealed_store)
    return (
        (settings.data / PROBE).exists()
        or any(any(folder.iterdir()) for folder in folders)
        or current_revision(database) is not None
    )


def _probe(settings: Settings, keyring: KeyRing) -> None:
    path = settings.data / PROBE
    if not path.exists():
        sealed = keyring.seal(PROBE, Secret(PROBE_TEXT))
        write_durably(path, sealed.encode(), mode=0o600)
        return
    try:
        keyring.open(PROBE, path.read_text())
    except SealBroken as error:
        raise KeyRingOfAnother(ring=keyring.path, data=settings.data) from error
