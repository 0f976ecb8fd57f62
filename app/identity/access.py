"""What tables declare: which database role may do what, which texts are sealed for what."""

from typing import Any, Final

ACCOUNT: Final = "identity_account.id"
ALL: Final = "select insert update delete"


def _access(console: str, workspace: str) -> dict[str, Any]:
    return {"info": {"access": {"console": console, "workspace": workspace, "audit": ""}}}


CONSOLE_WRITES: Final = _access(ALL, "select")
CONSOLE_ONLY: Final = _access(ALL, "")
BOTH_WRITE: Final = _access(ALL, ALL)


def renewed_by_workspace(*columns: str) -> dict[str, Any]:
    """Declare that the workspace changes these columns of rows that the console makes."""
    return _access(ALL, f"select update({', '.join(columns)})")


def sealed(purpose: str) -> dict[str, Any]:
    """Declare a column as sealed for `purpose`, so that a rotation seals it anew."""
    return {"info": {"sealed": purpose}}
