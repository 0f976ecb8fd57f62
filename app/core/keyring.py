"""The key ring: what opens the sealed secrets in database and files.

The ring lies outside the data folder, so that a stolen copy of the data opens nothing (F13). Each
sealed text names the key that sealed it: after a rotation old texts open until they are sealed
anew. AES-256-GCM; the purpose is bound in as associated data, so that a sealed text moved to
another place does not open there.

Several processes hold the same ring. Who changes it locks it and reads it anew first; who meets a
key or a name that it does not know looks whether another process has added it.
"""

import base64
import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core import clock
from app.core.errors import TenshuError
from app.core.messages import mark
from app.core.secret import Secret
from app.core.shared import PRIVATE, mode_in

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
FILE_NAME: Final = "ring.json"
LOCK_NAME: Final = "ring.lock"
SHARED: Final = 0o640
"""Where the planes have users of their own: all hold it, one changes it."""


class KeyRingUnusable(TenshuError):
    """The key ring is absent, unreadable or damaged."""

    code = "keyring.unusable"
    status = 500
    message = "The key ring {path} cannot be used: {reason}."
    hint = "Put the key ring back, or restore a backup with the key kit."


class SealBroken(TenshuError):
    """A sealed text does not open: changed, moved, or sealed by a key that this ring lacks."""

    code = "keyring.seal_broken"
    status = 500
    message = "A sealed value ({purpose}) does not open with this key ring."
    hint = "The data and the key ring are not of the same appliance, or the data was changed."


class Key(msgspec.Struct, frozen=True):
    """One key of the ring."""

    id: str
    created_at: int
    material: str
    """32 bytes, base64."""


class Ring(msgspec.Struct):
    """The ring as it stands in its file. The first key is the one that seals."""

    keys: list[Key]
    secrets: dict[str, str] = {}
    """Named secrets that travel with the ring: signing keys, passphrases."""
    version: int = 1


def _new_key() -> Key:
    material = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    return Key(secrets.token_hex(4), clock.now(), material)


class KeyRing:
    """Seals and opens; rotates; keeps named secrets."""

    def __init__(self, path: Path, ring: Ring) -> None:
        self.path = path
        self._version = _version_of(path)
        self._hold(ring)

    def _hold(self, ring: Ring) -> None:
        self._ring = ring
        self._ciphers = {key.id: AESGCM(base64.b64decode(key.material)) for key in ring.keys}

    @classmethod
    def load(cls, folder: Path) -> "KeyRing":
        """Read the ring of `folder`. Raise KeyRingUnusable if that cannot be."""
        path = folder / FILE_NAME
        return cls(path, _read(path))

    @classmethod
    def create(cls, folder: Path) -> "KeyRing":
        """Make the ring of a new appliance. Never overwrites one that is there."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / FILE_NAME
        with _locked(folder):
            if path.exists():
                raise KeyRingUnusable(path=path, reason=mark("there is one already"))
            ring = cls(path, Ring(keys=[_new_key()]))
            ring.save()
        return ring

    def save(self) -> None:
        """Write the ring durably: a new file beside the old one, then in its place."""
        beside = self.path.with_suffix(".new")
        # what lies there is of a process that was killed, and it may be anybody's who may write in
        # the folder: it is never opened, for it may lead elsewhere, or be refused even to root
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode_in(beside.parent, SHARED))
            file.write(self.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        self._version = _version_of(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def refresh(self) -> bool:
        """Read the ring anew if its file has changed; tell whether it had."""
        version = _version_of(self.path)
        if version == self._version:
            return False
        self._hold(_read(self.path))
        self._version = version
        return True

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Ring]:
        """Change a copy of the newest ring, save it, and only then hold it.

        A key that seals before it is durable would leave texts that nothing opens.
        """
        with _locked(self.path.parent):
            self.refresh()
            changed = Ring(list(self._ring.keys), dict(self._ring.secrets))
            yield changed
            KeyRing(self.path, changed).save()
            self._hold(changed)
            self._version = _version_of(self.path)

    def to_bytes(self) -> bytes:
        """Return the ring as it is wrapped by the key kit and travels in each archive."""
        return msgspec.json.encode(self._ring)

    @property
    def primary(self) -> str:
        """Identifier of the key that seals."""
        return self._ring.keys[0].id

    def rotate(self) -> str:
        """Add a new sealing key; the older ones still open. Return its identifier."""
        key = _new_key()
        with self._changing() as ring:
            ring.keys.insert(0, key)
        return key.id

    def seal(self, purpose: str, value: Secret) -> str:
        """Return `key.nonce+ciphertext` (base64) of a secret, bound to its purpose."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        key = self.primary
        sealed = self._ciphers[key].encrypt(nonce, value.reveal().encode(), purpose.encode())
        return f"{key}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, purpose: str, sealed: str) -> Secret:
        """Return the secret of a sealed text. Raise SealBroken if it does not open."""
        key, _, text = sealed.partition(".")
        if key not in self._ciphers:
            self.refresh()
        try:
            raw = base64.b64decode(text, validate=True)
            opened = self._ciphers[key].decrypt(
                raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()
            )
        except (KeyError, ValueError, InvalidTag) as error:
            raise SealBroken(purpose=purpose) from error
        return Secret(opened.decode())

    def needs_sealing_anew(self, sealed: str) -> bool:
        """Tell whether a text was sealed by an older key."""
        return not sealed.startswith(self.primary + ".")

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for `purpose` (RFC 5869), from the *oldest* key: they never rotate."""
        material = base64.b64decode(self._ring.keys[-1].material)
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(material)

    def named(self, name: str) -> Secret | None:
        """Return a secret that travels with the ring; None if there is none of that name."""
        if name not in self._ring.secrets:
            self.refresh()
        value = self._ring.secrets.get(name)
        return None if value is None else Secret(value)

    def keep(self, name: str, value: Secret) -> None:
        """Keep a named secret in the ring, durably."""
        with self._changing() as ring:
            ring.secrets[name] = value.reveal()

    def forget(self, name: str) -> None:
        """Remove a named secret from the ring, durably; no error where there is none."""
        with self._changing() as ring:
            ring.secrets.pop(name, None)


def _read(path: Path) -> Ring:
    try:
        ring = msgspec.json.decode(path.read_bytes(), type=Ring)
        materials = [base64.b64decode(key.material, validate=True) for key in ring.keys]
    except FileNotFoundError as error:
        raise KeyRingUnusable(path=path, reason=mark("it is not there")) from error
    except OSError as error:
        raise KeyRingUnusable(path=path, reason=error.strerror) from error
    except (ValueError, msgspec.DecodeError) as error:
        raise KeyRingUnusable(path=path, reason=mark("its content is damaged")) from error
    if not materials or any(len(material) != KEY_BYTES for material in materials):
        raise KeyRingUnusable(path=path, reason=mark("it holds no sound key"))
    return ring


def _version_of(path: Path) -> tuple[int, int] | None:
    """Return what tells one version of a replaced file from the next; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        # where it is there nobody asks to make it: in a folder that several write into the kernel
        # refuses that even to root, if the file is another's (fs.protected_regular)
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR)
    except FileNotFoundError:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
