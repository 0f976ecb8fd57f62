"""Login IDs: one spelling each, whatever keyboard typed it (F1)."""

import unicodedata
from typing import Final

from app.identity.errors import UnsuitableLoginId

LONGEST: Final = 64
SIGNS: Final = frozenset("._-@+")


def fold(login_id: str) -> str:
    """Return the one spelling of a login ID: NFKC, case-folded, without outer spaces.

    Cut to what can be a login ID at all, so that oversized input costs nothing.
    """
    whole = login_id[: LONGEST * 4].encode("utf-8", "replace").decode()  # no half characters
    text = unicodedata.normalize("NFKC", whole).strip()
    return unicodedata.normalize("NFKC", text.casefold())


def check(login_id: str) -> str:
    """Return the folded login ID. Raise UnsuitableLoginId if it cannot be one."""
    folded = fold(login_id)
    fits = 0 < len(folded) <= LONGEST and all(
        sign in SIGNS or unicodedata.category(sign)[0] in "LMN" for sign in folded
    )
    if not fits or len(login_id) > LONGEST * 4:
        raise UnsuitableLoginId(login_id=login_id[:LONGEST])
    return folded
