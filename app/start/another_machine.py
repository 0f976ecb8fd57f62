"""What a start does where it is in doubt which machine this is, or decided that it is a copy.

A doubt opens an epoch of the history and ends all sessions, as a restore does: whoever was signed
in was so at the other machine. A copy gets keys of its own before anything may leave it.
"""

import shutil
from pathlib import Path

import msgspec

from app.audit.durable import remove_durably, write_durably
from app.audit.epoch import Restored, declare_restore
from app.core import clock
from app.core.doubt import FILE_NAME
from app.core.keyring import KeyRing
from app.core.settings import Settings
from app.core.shared import mode_in
from app.core.signing import new_key
from app.identity import client_authority
from app.start import certificates, keys
from appliance.contract.certificates.folder import Folder
from appliance.contract.configuration.services import OWN
from appliance.contract.identity import Doubt, Marks, Stage

DOUBT, COPY = "machine in doubt", "copy of a machine"
"""What the epoch's event names in the place of an archive."""


def before_the_keys(settings: Settings, keyring: KeyRing) -> None:
    """Open an epoch for a new doubt; give a copy its keys. Done again where it was cut off."""
    path = settings.data / FILE_NAME
    found = _read(path)
    if found is None or found.stage is Stage.told:
        return
    if found.stage is Stage.found:
        declare_restore(settings.data, Restored(archive=DOUBT, at=found.at))
        told = msgspec.structs.replace(found, stage=Stage.told)
        shared = mode_in(settings.data, 0o640)
        write_durably(path, msgspec.json.encode(told), mode=shared)
        return
    new_key(keyring, certificates.KEPT_AS)
    _forget_certificate(Folder(settings.data))
    if keyring.named(client_authority.KEPT_AS):
        new_key(keyring, client_authority.KEPT_AS)
    keys.new_signing_key(settings, keyring)
    declare_restore(settings.data, Restored(archive=COPY, at=clock.now()))
    remove_durably(path)


def _forget_certificate(folder: Folder) -> None:
    """Remove the own certificate's pairs: an edge that is set up for one of them shows nothing.

    It would speak with the other machine's key until the agent has set it up anew.
    """
    if (own := folder.path / OWN).exists():
        shutil.rmtree(own)
    for path in (folder.earlier.chain, folder.earlier.key):
        path.unlink(missing_ok=True)


def _read(path: Path) -> Doubt | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Doubt)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError:  # what cannot be read is in doubt, and stays so
        return Doubt(at=0, before=Marks(), now=Marks(), stage=Stage.told)
