"""Syslog messages as RFC 5424 has them, framed by their length (RFC 5425, RFC 6587): pure."""

import datetime as dt
import enum
from collections.abc import Mapping
from typing import Final

LOG_AUDIT: Final = 13
"""Facility (RFC 5424, table 1)."""
APPLICATION: Final = "tenshu"
DATA: Final = "tenshu@32473"
"""Name of our structured data. 32473 is the enterprise number of nobody (RFC 5612)."""
NIL: Final = "-"
BOM: Final = b"\xef\xbb\xbf"
LONGEST: Final = 8192
"""Bytes that a receiver should take at least (RFC 5425, 4.3.1)."""
LONGEST_HOST: Final = 255
LONGEST_KIND: Final = 32
_ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "]": "\\]"})


class Severity(enum.IntEnum):
    """How bad it is (RFC 5424, table 2)."""

    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6


def compose(
    *, severity: Severity, at: int, host: str, kind: str, data: Mapping[str, str], text: str
) -> bytes:
    """Return one message; a text that is too long is cut between two characters.

    `at` is milliseconds since 1970, `kind` the MSGID. Empty values of `data` are left out.
    """
    head = " ".join(
        (
            f"<{LOG_AUDIT * 8 + severity}>1",
            timestamp(at),
            _printable(host, LONGEST_HOST),
            APPLICATION,
            NIL,
            _printable(kind, LONGEST_KIND),
            _structured(data),
        )
    ).encode("utf-8", "replace")
    room = max(LONGEST - len(head) - 1 - len(BOM), 0)
    body = text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore").encode()
    return head + b" " + BOM + body


def frame(message: bytes) -> bytes:
    """Return a message with its length in front."""
    return str(len(message)).encode() + b" " + message


def timestamp(at: int) -> str:
    """Return a time in UTC; NIL for one that no calendar holds."""
    try:
        moment = dt.datetime.fromtimestamp(at / 1000, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return NIL
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _printable(text: str, most: int) -> str:
    return "".join(sign for sign in text if "!" <= sign <= "~")[:most] or NIL


def _structured(data: Mapping[str, str]) -> str:
    told = "".join(
        f' {name}="{value.translate(_ESCAPED)}"' for name, value in data.items() if value
    )
    return f"[{DATA}{told}]"
