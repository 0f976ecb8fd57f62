"""Which rules of a table concern somebody, and which rows those are."""

import dataclasses
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, bindparam, false, select
from sqlmodel import Session, SQLModel

from app.core import clock
from app.core.doors import dialect_of
from app.core.errors import InvalidInput
from app.core.prepared import Prepared
from app.identity import rights
from app.identity.access_rules import roles_held
from app.identity.models import Membership
from app.operations.context import SYSTEM, Context
from app.operations.permissions import Permission
from app.services.tables.definition import of_text
from app.services.tables.models import SavedView
from app.services.tables.physical import TableInfo
from app.services.tables.rules import Holder, RowsOf, Rule, Verb
from app.services.tables.selection import Owned, Scope
from app.services.tables.statements import statements
from app.services.tables.types.base import HOME, Around

_members = SQLModel.metadata.tables[str(Membership.__tablename__)].c
_views = SQLModel.metadata.tables[str(SavedView.__tablename__)].c
_GROUPS: Final = Prepared(select(_members.group).where(_members.account == bindparam("account")))
OWNED: Final = {RowsOf.OWN: Owned.OWN, RowsOf.GROUP: Owned.GROUP}


def rules_of(context: Context, session: Session, table: TableInfo) -> Sequence[Rule] | None:
    """Return the rules of a table that concern the actor; None where none narrows anything.

    Whoever made the table keeps all that the appliance gives them, and so does who gives rights
    there: nobody is to lose a table by a rule.
    """
    if not table.rules or keeps(context, table):
        return None
    return [rule for rule in table.rules if concerns(session, context.actor.account, rule)]


def keeps(context: Context, table: TableInfo) -> bool:
    """Tell whether the rules of a table do not narrow what the actor may do."""
    actor = context.actor
    if actor.local:
        return True
    made = bool(actor.account) and actor.account == table.created_by
    return made or actor.rights.allows(Permission.GRANTS_MANAGE, table.scope)


def concerns(session: Session, account: str, rule: Rule) -> bool:
    """Tell whether a rule concerns an account."""
    if rule.kind is Holder.EVERYBODY:
        return True
    if rule.kind is Holder.PERSON:
        return rule.holder == account
    if rule.kind is Holder.GROUP:
        return rule.holder in groups_of(session, account)
    return rule.holder in _roles_of(session, account)


def groups_of(session: Session, account: str) -> frozenset[str]:
    """Return the groups that an account is in, as this transaction sees them."""
    known: dict[tuple[str, str], frozenset[str]] = session.info
    if ("groups", account) not in known:
        found = _GROUPS.all(session, account=account)
        known["groups", account] = frozenset(row[0] for row in found)
    return known["groups", account]


def _roles_of(session: Session, account: str) -> frozenset[str]:
    known: dict[tuple[str, str], frozenset[str]] = session.info
    if ("roles", account) not in known:
        held = rights.grants_held(session, [account])[account]
        known["roles", account] = frozenset(roles_held(held, clock.now()))
    return known["roles", account]


def rule_of_view(session: Session, table: TableInfo, view: int, verb: Verb) -> Rule:
    """Return what a grant of the appliance on one view comes to: its rows, and its columns."""
    wanted = select(_views.definition).where(_views.id == view, _views.table_id == table.id)
    text = session.connection().execute(wanted).scalar()
    columns = of_text(text).columns if text else ()
    hidden = tuple(one.id for one in table.fields if columns and one.id not in columns)
    return Rule(kind=Holder.EVERYBODY, verbs=(verb,), rows=RowsOf.VIEW, view=view, hidden=hidden)


def condition(
    context: Context, session: Session, table: TableInfo, rows: RowsOf, by: int, view: int
) -> ColumnElement[bool]:
    """Return which rows of a table a rule reaches. What cannot be told any more reaches none."""
    if rows is RowsOf.VIEW:
        # views need names of records, and those need what may be reached: a circle of modules
        from app.services.tables.view_scopes import rows_of_view  # noqa: PLC0415

        return rows_of_view(dataclasses.replace(context, actor=SYSTEM), session, table, view,
                            account=context.actor.account)  # fmt: skip
    around = Around(context.language, HOME, context.actor.account, context.now)
    asking = statements(table, frozenset(), dialect_of(session)).asking(around)
    try:
        return asking.scope(Scope(owned=OWNED[rows], field=by))
    except InvalidInput:
        return false()
