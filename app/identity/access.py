"""Which database role may do what with a table (architecture section 4)."""

from typing import Any, Final

ACCOUNT: Final = "identity_account.id"
ALL: Final = "select insert update delete"


def _access(console: str, workspace: str) -> dict[str, Any]:
    return {"info": {"access": {"console": console, "workspace": workspace, "audit": ""}}}


CONSOLE_WRITES: Final = _access(ALL, "select")
CONSOLE_ONLY: Final = _access(ALL, "")
BOTH_WRITE: Final = _access(ALL, ALL)
