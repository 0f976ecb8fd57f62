"""Who may do what with a table: told, changed, and seen as somebody."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlmodel import SQLModel

from app.core.errors import Conflict, InvalidInput
from app.core.messages import mark
from app.files.errors import Unfit
from app.identity import own_roles
from app.identity.group_paths import named_paths
from app.identity.models import Account
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, saved_views
from app.services.tables.around import around_of
from app.services.tables.conditions import NO_FIELD, OWNERS
from app.services.tables.fields import SYSTEM, FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.reach import holds, require
from app.services.tables.rules import MOST_RULES, Holder, RowsOf, Rule, Rules, as_text, tidy
from app.services.tables.saved_views import Shared
from app.services.tables.types.base import Names
from app.services.tables.views import FieldView, Rev, TableNumber, view_of_field

NO_HOLDER: Final = mark("There is nobody of that name. Choose somebody from the list.")
NO_OWNER: Final = mark("The field names neither a person nor a group: nobody's rows can be told.")
NO_VIEW: Final = mark("Choose a view that is shared: what is somebody's own gives no right.")
NO_DESIGNER: Final = mark("With these rules you would not design the table any more.")

_accounts: Final = SQLModel.metadata.tables[str(Account.__tablename__)].c


class OfTable(msgspec.Struct, frozen=True, kw_only=True):
    """Of which table."""

    table: TableNumber


class SetRules(msgspec.Struct, frozen=True, kw_only=True):
    """Who may do what with a table from now on: all rules, not only those that change."""

    table: TableNumber
    rev: Rev
    rules: Annotated[
        Rules,
        Meta(
            description="Without any, all who work with tables may do all.", max_length=MOST_RULES
        ),
    ]


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody or something that a rule can name."""

    id: Annotated[str, Meta(description="Identifier.")]
    name: Annotated[
        str, Meta(description="What people call it; of the product's roles in English.")
    ]


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, with names."""

    rule: Annotated[Rule, Meta(description="What it says.")]
    name: Annotated[str, Meta(description="Whom it concerns, by name; empty: everybody.")]
    stands: Annotated[bool, Meta(description="Whom, whose rows and which view can still be told.")]


class TableRights(msgspec.Struct, frozen=True, kw_only=True):
    """Who may do what with a table."""

    rev: Annotated[int, Meta(description="State of the table; give it back with a change.")]
    rules: Annotated[list[RuleView], Meta(description="The rules; none: open to all.")]
    fields: Annotated[list[FieldView], Meta(description="All fields of the table.")]
    groups: Annotated[list[Named], Meta(description="Groups that a rule can name.")]
    roles: Annotated[list[Named], Meta(description="Roles that a rule can name.")]
    views: Annotated[list[Named], Meta(description="Shared views whose rows a rule can name.")]
    maker: Annotated[str, Meta(description="Who made the table, and keeps everything.")]


def designed(context: Context, table: int) -> TableInfo:
    """Return a table, for those who design it. Raise NotFound or NotAllowed."""
    found = catalogue.ready_table(context.session, table)
    require(context, found, Permission.TABLES_DESIGN)
    return found


@operation(
    "tables.rights",
    permission=Permission.TABLES_DESIGN,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/rights"),
    scope=lambda request: f"tables/{request.table}",
)
def table_rights(context: Context, request: OfTable) -> TableRights:
    """Tell who may do what with a table."""
    return _rights(context, designed(context, request.table))


def _rights(context: Context, table: TableInfo) -> TableRights:
    session = context.session
    paths = sorted(named_paths(session).items(), key=lambda one: (one[1], one[0]))
    roles = own_roles.role_names(session)
    views = [
        Named(id=str(one.id), name=one.name)
        for one in saved_views.all_views(session, table.id)
        if one.shared is not Shared.NOBODY
    ]
    names = {Holder.GROUP: dict(paths), Holder.ROLE: roles, Holder.PERSON: _people(context, table)}
    owners = {field.id for field in table.fields if field.kind in OWNERS}
    shared = {int(one.id) for one in views}

    def shown(rule: Rule) -> RuleView:
        known = names.get(rule.kind, {"": ""})
        stands = rule.holder in known and (not rule.by or rule.by in owners)
        return RuleView(
            rule=rule,
            name=known.get(rule.holder, ""),
            stands=stands and (not rule.view or rule.view in shared),
        )

    return TableRights(
        rev=table.rev,
        rules=[shown(rule) for rule in table.rules],
        fields=[view_of_field(field) for field in table.fields],
        groups=[Named(id=one, name=name) for one, name in paths],
        roles=[Named(id=one, name=name) for one, name in roles.items()],
        views=views,
        maker=name_of(context, table.created_by),
    )


def _people(context: Context, table: TableInfo) -> dict[str, str]:
    """Return the names of the accounts that rules name."""
    named = [rule.holder for rule in table.rules if rule.kind is Holder.PERSON]
    wanted = select(_accounts.id, _accounts.name).where(_accounts.id.in_(named))
    return {row.id: row.name for row in context.session.connection().execute(wanted)}


def name_of(context: Context, account: str) -> str:
    """Return what somebody is called; empty where there is nobody."""
    wanted = select(_accounts.name).where(_accounts.id == account)
    return str(context.session.connection().execute(wanted).scalar() or "")


@operation(
    "tables.set_rights",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/rights"),
    scope=lambda request: f"tables/{request.table}",
)
def set_rights(context: Context, request: SetRules) -> TableRights:
    """Say who may do what with a table; without rules it is open to all who work with tables."""
    table = designed(context, request.table)
    context.event.about("table", str(table.id), table.name)
    wanted = (_checked(context, table, rule) for rule in request.rules)
    rules = tuple(dict.fromkeys(wanted))  # the same rule twice says nothing more
    gone = [rule for rule in table.rules if rule not in rules]
    new = [rule for rule in rules if rule not in table.rules]
    context.event.change("rules", as_text(gone), as_text(new))
    context.event.numbers["rules"] = len(rules)
    stands = catalogue.definitions.c.rev == request.rev
    if not catalogue.change_definition(
        context.session, table.id, stands, rev=request.rev + 1, rules=as_text(rules)
    ):
        raise Conflict(name=table.name)
    changed = catalogue.ready_table(context.session, table.id)
    if not holds(context, changed, Permission.TABLES_DESIGN):
        raise InvalidInput(field="rules", reason=NO_DESIGNER)
    return _rights(context, changed)


ALWAYS_TOLD: Final = mark("Who made and changed a record, and when, stands at each record.")


def _checked(context: Context, table: TableInfo, rule: Rule) -> Rule:
    """Return a rule as it is kept. Raise InvalidInput where it makes no sense today.

    What stood already stays as it is: a group that is gone concerns nobody.
    """
    if rule in table.rules:
        return rule
    rule = msgspec.structs.replace(tidy(rule), holder=_holder(context, rule))
    known = {field.id: field for field in table.fields}
    for number in (*rule.hidden, *rule.read, *([rule.by] if rule.by else [])):
        if number not in known:
            raise InvalidInput(field="fields", reason=NO_FIELD)
        if number != rule.by and known[number].kind in SYSTEM:
            raise InvalidInput(field="fields", reason=ALWAYS_TOLD)
    if rule.by and known[rule.by].kind not in OWNERS:
        raise InvalidInput(field="by", reason=NO_OWNER)
    if rule.rows is RowsOf.VIEW:
        views = saved_views.all_views(context.session, table.id)
        if not any(one.id == rule.view and one.shared is not Shared.NOBODY for one in views):
            raise InvalidInput(field="view", reason=NO_VIEW)
    return rule


def _holder(context: Context, rule: Rule) -> str:
    """Return the identifier of whom a rule names. Raise InvalidInput."""
    if rule.kind is Holder.EVERYBODY:
        return ""
    if rule.kind is Holder.PERSON:
        return account_of(context, rule.holder, "holder")
    known = (
        named_paths(context.session)
        if rule.kind is Holder.GROUP
        else own_roles.role_names(context.session)
    )
    if rule.holder not in known:
        raise InvalidInput(field="holder", reason=NO_HOLDER)
    return rule.holder


def account_of(context: Context, text: str, field: str) -> str:
    """Return the account that a text names. Raise InvalidInput."""
    wanted = select(_accounts.id).where(_accounts.id == text)
    if context.session.connection().execute(wanted).first():
        return text
    try:
        return str(people_of(context).find(text))
    except Unfit as error:
        raise InvalidInput(field=field, reason=error.reason) from error


def people_of(context: Context) -> Names:
    """Return the names of everybody with an account."""
    asking = FieldInfo(id=0, name="", kind=FieldKind.PERSON)
    return around_of(context, [asking]).people
