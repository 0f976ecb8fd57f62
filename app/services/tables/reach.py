"""What one person may reach of a table: rows and fields.

Everything that reads or writes rows takes a Reach, so that list, search, export, import and API
obey the same rights. The rules of a table narrow what the appliance
gives (decision 62); where somebody holds several, those for the same rows add up, and where their
rows differ a field is seen or changed only if each of them lets it.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import ColumnElement, Table, or_
from sqlmodel import Session

from app.core.errors import NotFound
from app.operations.context import Context
from app.operations.errors import NotAllowed
from app.operations.permissions import Permission
from app.services.tables import catalogue, narrowing
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.physical import TableInfo
from app.services.tables.rules import VERB_OF, RowsOf, Rule, Verb
from app.services.tables.types.registry import is_many

RowScope = Callable[[Table], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Reach:
    """Rows that a person reaches, fields that are hidden from them or that they only read."""

    rows: RowScope | None = None
    """Condition on the rows; None for all of them."""
    hidden: frozenset[int] = frozenset()
    """Numbers of the fields that this person sees nothing of."""
    read: frozenset[int] = frozenset()
    """Numbers of the fields that this person sees, and does not change."""
    unsearched: frozenset[int] = frozenset()
    """Numbers of the fields that link to records of which this person sees some at most: what
    those are called is not searched."""

    @property
    def is_whole(self) -> bool:
        """Tell whether it is all of the table."""
        return self.rows is None and not self.hidden and not self.read


WHOLE_TABLE: Final = Reach()


def may(context: Context, permission: Permission, scope: str) -> bool:
    """Tell whether the appliance gives `permission` on `scope`, whatever a table's rules say."""
    return context.actor.local or context.actor.rights.allows(permission, scope)


def given(context: Context, table: TableInfo, permission: Permission) -> bool:
    """Tell whether the appliance gives `permission` on a table, or on views of it."""
    return may(context, permission, table.scope) or bool(_views(context, table, permission))


def only_views(context: Context, table: TableInfo) -> frozenset[int] | None:
    """Return the views that are all the actor sees of a table; None where they see the table."""
    if may(context, Permission.RECORDS_VIEW, table.scope):
        return None
    return frozenset(_views(context, table, Permission.RECORDS_VIEW))


def _views(context: Context, table: TableInfo, permission: Permission) -> list[int]:
    """Return the views of a table on which the appliance gives `permission`."""
    found = context.actor.rights.beneath(permission, table.scope)
    tails = (one.removeprefix(f"{table.scope}/views/") for one in found)
    return [int(tail) for tail in tails if tail.isascii() and tail.isdigit()]


def holds(
    context: Context, table: TableInfo, permission: Permission, session: Session | None = None
) -> bool:
    """Tell whether the actor may do something with a table: its rules say so too."""
    if not given(context, table, permission):
        return False
    if not table.rules:
        return True
    mine = narrowing.rules_of(context, session or context.session, table)
    return mine is None or _gives(mine, permission)


def require(context: Context, table: TableInfo, permission: Permission) -> None:
    """Raise SignInNeeded or NotAllowed unless the actor may do something with a table."""
    if not holds(context, table, permission):
        context.require(permission, table.scope)
        raise NotAllowed(permission=permission.value)


def reach_of(
    context: Context, table: TableInfo, permission: Permission, session: Session | None = None
) -> Reach:
    """Return what the actor reaches of `table` with `permission`.

    Raise SignInNeeded or NotAllowed if that is nothing. Who sees records too reaches what both
    rights reach: a field that is not seen is not changed either.
    """
    rights = (permission, Permission.RECORDS_VIEW)
    if (
        not table.rules
        and not _links(table)
        and all(may(context, one, table.scope) for one in rights)
    ):
        return WHOLE_TABLE
    reading = session or context.session
    reach = _reach(context, reading, table, permission)
    if reach is None:
        context.require(permission, table.scope)
        raise NotAllowed(permission=permission.value)
    if permission not in (Permission.RECORDS_VIEW, Permission.RECORDS_EXPORT):
        return reach  # nothing is searched
    unsearched = _unsearched(context, reading, table)
    return replace(reach, unsearched=unsearched) if unsearched else reach


@functools.lru_cache(maxsize=256)
def _links(table: TableInfo) -> tuple[FieldInfo, ...]:
    return tuple(one for one in table.fields if one.kind in (FieldKind.LINK, FieldKind.LINKS))


def _unsearched(context: Context, session: Session, table: TableInfo) -> frozenset[int]:
    """Return the fields that link to a table of which the actor does not see all."""
    if context.actor.local:
        return frozenset()
    return frozenset(one.id for one in _links(table) if not _sees_all(context, session, one))


def _sees_all(context: Context, session: Session, link: FieldInfo) -> bool:
    """Tell whether the actor sees every record that a field may link to."""
    try:
        target = catalogue.find_table(session, link.settings.target)
    except NotFound:
        return False
    reach = _reach(context, session, target, Permission.RECORDS_VIEW)
    if reach is None:
        return False
    first = next((one for one in target.fields if not is_many(one)), None)
    return reach.rows is None and (first is None or first.id not in reach.hidden)


def _reach(
    context: Context, session: Session, table: TableInfo, permission: Permission
) -> Reach | None:
    """Return what the actor reaches with a right, cut with what is seen; None: nothing."""
    own = _held(context, session, table, permission)
    if own is None or permission is Permission.RECORDS_VIEW:
        return own
    seen = _held(context, session, table, Permission.RECORDS_VIEW)
    if seen is None:
        return own
    if own.is_whole and seen.is_whole:
        return WHOLE_TABLE
    if permission is Permission.RECORDS_EXPORT:
        return Reach(both(own.rows, seen.rows), own.hidden | seen.hidden)
    # what may be seen is shown in forms too; what may not be written there is only read
    read = (own.hidden | own.read) - seen.hidden
    rows = own.rows if permission is Permission.RECORDS_CREATE else both(own.rows, seen.rows)
    return Reach(rows, seen.hidden, read)


def _held(
    context: Context, session: Session, table: TableInfo, permission: Permission
) -> Reach | None:
    """Return what the appliance and the rules of a table both give by one right alone."""
    if may(context, permission, table.scope):
        outer = WHOLE_TABLE
    else:
        views = _views(context, table, permission)
        if not views:
            return None
        verb = VERB_OF[permission]
        parts = [narrowing.rule_of_view(session, table, one, verb) for one in views]
        outer = _joined(context, session, table, parts, permission)
    mine = narrowing.rules_of(context, session, table)
    if mine is None or _designs(context, table, mine):
        inner = WHOLE_TABLE
        if mine is not None and not _gives(mine, permission):
            return None
    elif _gives(mine, permission):
        inner = _joined(context, session, table, mine, permission)
    else:
        return None
    if outer is WHOLE_TABLE:
        return inner
    hidden = outer.hidden | inner.hidden
    return Reach(both(outer.rows, inner.rows), hidden, (outer.read | inner.read) - hidden)


def is_free(context: Context, table: TableInfo) -> bool:
    """Tell whether no rule of a table narrows what the actor sees: there are none for them."""
    if not table.rules:
        return may(context, Permission.RECORDS_VIEW, table.scope)
    mine = narrowing.rules_of(context, context.session, table)
    return mine is None or _designs(context, table, mine)


def _gives(mine: Sequence[Rule], permission: Permission) -> bool:
    return any(VERB_OF[permission] in rule.verbs for rule in mine)


def _designs(context: Context, table: TableInfo, mine: Sequence[Rule]) -> bool:
    """Tell whether the actor designs the table, and so sees all of it."""
    designs = any(Verb.DESIGN in rule.verbs for rule in mine)
    return designs and may(context, Permission.TABLES_DESIGN, table.scope)


def _joined(
    context: Context,
    session: Session,
    table: TableInfo,
    mine: Sequence[Rule],
    permission: Permission,
) -> Reach:
    """Return what some rules reach together with a right."""
    places: dict[tuple[RowsOf, int, int], list[Rule]] = {}
    for rule in mine:
        if VERB_OF[permission] in rule.verbs:
            places.setdefault(rule.place, []).append(rule)
    everything = next((place for place in places if place[0] is RowsOf.ALL), None)
    if everything:
        places = {everything: places[everything]}  # the rows of the others are among these
    hidden, closed = frozenset[int](), frozenset[int]()
    for rules in places.values():
        hidden |= frozenset.intersection(*(frozenset(one.hidden) for one in rules))
        closed |= frozenset.intersection(*(frozenset(one.hidden + one.read) for one in rules))
    if everything:
        return Reach(None, hidden, closed - hidden)
    scopes = [narrowing.condition(context, session, table, *place) for place in places]
    return Reach(lambda _rows: or_(*scopes), hidden, closed - hidden)


def both(one: RowScope | None, other: RowScope | None) -> RowScope | None:
    """Return the rows that lie in two scopes."""
    if one is None or other is None:
        return other if one is None else one
    return lambda rows: one(rows) & other(rows)
