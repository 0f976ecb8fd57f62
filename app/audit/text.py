"""What a search for a text looks through: identifiers and values, not hashes.

In lower case as far as ASCII goes, in the outbox, in the store and in segments alike.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from app.audit.event import Content, canonical

_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
STORED: Final = "lower(json_remove(content, '$.commitments'))"
"""The same of a row of the store, but for its values (SQL; SQLite's `lower` knows ASCII)."""


def lowered(text: str) -> str:
    """Return a text with the letters A to Z in lower case."""
    return text.translate(_LOWER)


def as_stored(text: str) -> str:
    """Return what somebody typed as it stands inside JSON (quotes and line ends are escaped)."""
    return lowered(msgspec.json.encode(text).decode()[1:-1])


def search_text(content: Content, values: Iterable[str]) -> str:
    """Return all that a text is looked for in: the content without its hashes, and the values."""
    bare = msgspec.structs.replace(content, commitments={})
    return lowered("\n".join((canonical(bare), *values)))
