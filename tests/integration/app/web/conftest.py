"""Both planes in this process: see tests/faces.py."""

from tests.faces import (
    ORIGIN,
    PASSWORD,
    Browser,
    Owner,
    admin,
    at_workspace,
    console_application,
    owner,
    stranger,
    workspace_application,
)

__all__ = [
    "ORIGIN",
    "PASSWORD",
    "Browser",
    "Owner",
    "admin",
    "at_workspace",
    "console_application",
    "owner",
    "stranger",
    "workspace_application",
]
