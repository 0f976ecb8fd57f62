"""The processes' logs: one JSON object a line on standard error.

A line holds time (RFC 3339, UTC, milliseconds), level, process, logger, message, and where there is
one the incident number (`extra={"incident": …}`) and the traceback. Request bodies and cookies are
never given to a logger; should one get into a message all the same (an error of a library quotes
it), the filter below blanks it. Problems and changes of state are logged, routine success is not.
"""

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

import msgspec

_NAMES: Final = (
    r"[\w-]*(?:password|passphrase|passwd|secret|token|cookie|authorization|tenshu-console"
    r"|tenshu-workspace|recovery_code|claim_code|totp|api_key)[\w-]*"
)
_HEADER: Final = re.compile(r"(?i)\b((?:set-)?cookie|authorization)(['\"]?\s*[:=,]\s*)[^\r\n]+")
_VALUE: Final = re.compile(
    rf"(?i)\b({_NAMES})(['\"]?\s*[:=]\s*)(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s,;&'\"]+)"
)
BLANK: Final = "(hidden)"

_encode = msgspec.json.Encoder().encode


def configure_logging(
    process: str, *, level: int = logging.INFO, stream: TextIO | None = None
) -> None:
    """Send everything that this process logs to `stream` (standard error) as JSON lines."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonLines(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON without secrets."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a line break inside a message stays inside its JSON text."""
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": hide_secrets(record.getMessage()),
        }
        if incident := getattr(record, "incident", ""):
            line["incident"] = str(incident)
        if record.exc_info:
            line["error"] = hide_secrets(self.formatException(record.exc_info))
        return _encode(line).decode()


def hide_secrets(text: str) -> str:
    """Return `text` with the values of cookies, passwords, codes and tokens blanked."""
    return _VALUE.sub(rf"\1\2{BLANK}", _HEADER.sub(rf"\1\2{BLANK}", text))
