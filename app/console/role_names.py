"""Roles in words, for pages where people choose among them or see who holds what."""

from typing import Any

from app.core import clock
from app.core.errors import InvalidInput
from app.core.messages import mark
from app.identity.operations import roles
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.web.asking import AnyRequest
from app.web.days import day_is_over
from app.web.permission_names import PERMISSION_NAMES


def right_words(context: Context) -> dict[str, Any]:
    """Return what the template of a right needs: roles and permissions, with their names."""
    found = [(row.role, row.name) for row in roles.list_roles(context, NoRequest()).items]
    return {"roles": found, "role_names": dict(found), "permissions": PERMISSION_NAMES}


def typed_right(request: AnyRequest, data: dict[str, Any]) -> dict[str, str]:
    """Return the fields of a grant that a form describes: `right` is `role:viewer`, say.

    Raise InvalidInput for what would be refused only after a code of the authenticator.
    """
    right = str(data.get("right", "")) or f"role:{data.get('role', '')}"
    kind, _, name = right.partition(":")
    if kind not in {"role", "permission"} or not name:
        raise InvalidInput(field="right", reason=mark("give either a permission or a role."))
    until = day_is_over(request, "until", str(data.get("until", ""))) or 0
    if until and until <= clock.now():
        raise InvalidInput(field="until", reason=mark("this moment is over already."))
    return {kind: name, "scope": str(data.get("scope", "")).strip(), "until": str(until)}
