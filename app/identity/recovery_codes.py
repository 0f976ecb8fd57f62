"""Recovery codes: ten, each for one sign-in without the authenticator.

120 random bits each, so a fast keyed hash is enough (OWASP ASVS 6.5.2 wants 112); the key is
derived from the key ring, so that the database alone tells nothing.
"""

import hashlib
import hmac
import secrets
import unicodedata
from typing import Final

from app.core.keyring import KeyRing
from app.core.secret import Secret

COUNT: Final = 10
ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: no letter that looks like a digit."""
LENGTH: Final = 24
MISREAD: Final = str.maketrans({"o": "0", "i": "1", "l": "1"})
PURPOSE: Final = "recovery codes"


def new_codes() -> list[Secret]:
    """Return ten new codes, written in fours: `7k2m-…`."""
    return [new_code() for _ in range(COUNT)]


def new_code() -> Secret:
    """Return 120 random bits that are easy to read out and to type."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return Secret("-".join(text[start : start + 4] for start in range(0, LENGTH, 4)))


def hash_code(keyring: KeyRing, account: str, code: Secret) -> str:
    """Return what is kept of a code, however it was typed (case, hyphens, spaces, width)."""
    text = unicodedata.normalize("NFKC", code.reveal()[:128]).casefold().translate(MISREAD)
    tidy = "".join(sign for sign in text if sign in ALPHABET)
    key = keyring.derive(PURPOSE)
    return hmac.new(key, f"{account}:{tidy}".encode(), hashlib.sha256).hexdigest()
