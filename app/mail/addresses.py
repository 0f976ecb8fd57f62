"""Mail addresses as they stand in headers and envelopes (RFC 5321).

ASCII only: hardly a relay in a company speaks SMTPUTF8, and a host name in another script has a
form of its own (`xn--…`).
"""

import re
from typing import Annotated, Final

from msgspec import Meta

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
PATTERN: Final = rf"^{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*$(?!\n)"
LONGEST: Final = 254
_PATTERN: Final = re.compile(PATTERN)

Address = Annotated[str, Meta(max_length=LONGEST, pattern=PATTERN, description="Mail address")]


def is_address(text: str) -> bool:
    """Tell whether `text` is an address that any relay understands, and nothing beyond it."""
    return len(text) <= LONGEST and _PATTERN.fullmatch(text) is not None


def domain_of(address: str) -> str:
    """Return what stands behind the @."""
    return address.rpartition("@")[2]
