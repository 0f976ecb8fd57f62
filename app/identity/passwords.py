"""Hashing passwords: argon2id, never the plain text (F12)."""

import contextlib
import functools
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.secret import Secret

HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
"""RFC 9106 section 4, second recommendation, in one lane: about 0.1 s and 64 MiB each."""
AT_ONCE: Final = 4
"""Hashes at the same time in one process, which bounds their memory to 256 MiB."""
LONGEST: Final = 1024
"""Characters; a limit on resources only (SP 800-63B-4 asks for at least 64)."""

_slots: Final = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class _Verdict:
    hash: str | None
    password: Secret
    fits: bool


_known: Final[ContextVar[_Verdict | None]] = ContextVar("verified password", default=None)


def normalise(password: Secret) -> str:
    """Return the text that is hashed: NFKC, the same from every keyboard (SP 800-63B-4)."""
    return unicodedata.normalize("NFKC", password.reveal())


def hash_password(password: Secret) -> str:
    """Return the hash in argon2's own notation, parameters and salt included."""
    with _slots:
        return HASHER.hash(_bytes(password))


def verify(hashed: str | None, password: Secret) -> bool:
    """Tell whether a password fits its hash.

    None stands for an account that does not exist or has no password: the answer is no, after the
    same work (V15: the time must not tell which login IDs exist).
    """
    known = _known.get()
    if known is not None and known.password is password and known.hash == hashed:
        return known.fits
    return _verify(hashed, password)


@contextlib.contextmanager
def verified_ahead(hashed: str | None, password: Secret) -> Iterator[None]:
    """Verify now; `verify` of the same pair inside the block only repeats the verdict.

    So the slow part of a sign-in runs before its transaction opens, and no writer waits for it.
    """
    marker = _known.set(_Verdict(hashed, password, _verify(hashed, password)))
    try:
        yield
    finally:
        _known.reset(marker)


def is_outdated(hashed: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(hashed)


def _bytes(password: Secret) -> bytes:
    return normalise(password).encode("utf-8", "surrogatepass")


def _verify(hashed: str | None, password: Secret) -> bool:
    too_long = len(password) > LONGEST
    text = b"" if too_long else _bytes(password)
    try:
        with _slots:
            HASHER.verify(hashed or _hash_of_nobody(HASHER), text)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None and not too_long


@functools.cache
def _hash_of_nobody(hasher: PasswordHasher) -> str:
    return hasher.hash("")


def hash_of_none() -> str:
    """Return a hash that no password fits, for whoever has none yet.

    Trying one takes the same time as everywhere (V15).
    """
    return _hash_of_none(HASHER)


@functools.cache
def _hash_of_none(hasher: PasswordHasher) -> str:
    return hasher.hash(secrets.token_bytes(32))
