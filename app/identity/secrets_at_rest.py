"""Random tokens, of which only the hash is kept: a stolen database opens no session."""

import hashlib
import secrets
from typing import Final

from app.core.secret import Secret

TOKEN_BYTES: Final = 32


def new_token(prefix: str = "") -> Secret:
    """Return 256 random bits as text."""
    return Secret(prefix + secrets.token_urlsafe(TOKEN_BYTES))


def hash_token(token: str) -> str:
    """Return what is kept of a token. No salt and no slow hash: 256 random bits need neither."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
