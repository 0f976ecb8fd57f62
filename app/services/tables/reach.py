"""What one person may reach of a table: rows and fields.

Everything that reads or writes rows takes a Reach, so that list, search, export, import and API
obey the same rights (table-engine.md, rule 11).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Table

from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables.physical import TableInfo

RowScope = Callable[[Table], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Reach:
    """Rows that a person reaches, and fields that are hidden from them."""

    rows: RowScope | None = None
    """Condition on the rows; None for all of them."""
    hidden: frozenset[int] = frozenset()
    """Numbers of the fields that this person sees nothing of."""


WHOLE_TABLE: Final = Reach()


def may(context: Context, permission: Permission, scope: str) -> bool:
    """Tell whether the actor holds `permission` on `scope`."""
    return context.actor.local or context.actor.rights.allows(permission, scope)


def reach_of(context: Context, table: TableInfo, permission: Permission) -> Reach:
    """Return what the actor reaches of `table` with `permission`.

    Raise SignInNeeded or NotAllowed if that is nothing. Rights are granted on whole tables so
    far; rights on views will narrow rows and fields here, and nowhere else.
    """
    context.require(permission, table.scope)
    return WHOLE_TABLE
