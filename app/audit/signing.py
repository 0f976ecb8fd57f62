"""The sealer's signing key: Ed25519, PKCS#8 PEM, readable by the sealer's user only."""

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from app.audit.durable import write_durably
from app.audit.errors import SigningKeyUnusable
from app.audit.note import VerifierKey
from app.core.messages import mark

_MODE: Final = 0o600


class Signer(msgspec.Struct, frozen=True):
    """The private key and the name of the history that it signs."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """What others need to check the signatures."""
        return VerifierKey(self.name, self.key.public_key().public_bytes_raw())


def history_name(public: bytes) -> str:
    """Return the name of the history that this key signs: unique, and tells nothing."""
    return f"tenshu/audit/{hashlib.sha256(public).hexdigest()[:16]}"


def load_or_make_signer(path: Path) -> Signer:
    """Load the key at `path`, or make one there (mode 0600) if there is none.

    Raise SigningKeyUnusable if the file holds something else or others may read it.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_durably(path, pem, mode=_MODE)
    return load_signer(path)


def load_signer(path: Path) -> Signer:
    """Load the key at `path`. Raise SigningKeyUnusable."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise SigningKeyUnusable(path=path, reason=mark("other users may read it"))
            key = load_pem_private_key(file.read(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise SigningKeyUnusable(path=path, reason=str(error)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyUnusable(path=path, reason=mark("it is not an Ed25519 key"))
    return Signer(history_name(key.public_key().public_bytes_raw()), key)
