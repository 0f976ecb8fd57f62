"""What somebody reaches of a table, and why: for those who say who may do what with it."""

from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import Meta

from app.identity.actors import actor_of
from app.operations.context import Context
from app.operations.errors import NotAllowed
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables.narrowing import concerns, keeps
from app.services.tables.operations.rights import account_of, designed, name_of
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.query import EVERYTHING, Rows
from app.services.tables.reach import WHOLE_TABLE, given, reach_of
from app.services.tables.rules import Verb
from app.services.tables.views import TableNumber


class SeeAs(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to look at a table as."""

    table: TableNumber
    person: Annotated[
        str, Meta(description="Account, login ID or name.", min_length=1, max_length=200)
    ]


class VerbSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody may do one thing, and why."""

    verb: Annotated[Verb, Meta(description="What.")]
    allowed: Annotated[bool, Meta(description="Whether they may.")]
    given: Annotated[bool, Meta(description="The appliance gives them the right at all.")]
    keeps: Annotated[bool, Meta(description="No rule narrows it: they made it, or give rights.")]
    rules: Annotated[list[int], Meta(description="Places of the rules that let them, from 0.")]
    rows: Annotated[int | None, Meta(description="Records that they reach so; none: not of rows.")]
    hidden: Annotated[list[int], Meta(description="Fields that they do not see.")]
    read: Annotated[list[int], Meta(description="Fields that they see and do not change.")]


class SeenAs(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody reaches of a table."""

    name: Annotated[str, Meta(description="Who.")]
    active: Annotated[bool, Meta(description="Whether they can sign in.")]
    all_rows: Annotated[int, Meta(description="Records of the table.")]
    verbs: Annotated[list[VerbSeen], Meta(description="What they may do.")]


@operation(
    "tables.see_as",
    permission=Permission.TABLES_DESIGN,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/rights/as"),
    scope=lambda request: f"tables/{request.table}",
)
def see_as(context: Context, request: SeeAs) -> SeenAs:
    """Tell what somebody reaches of a table, and why."""
    table = designed(context, request.table)
    account = account_of(context, request.person, "person")
    name = name_of(context, account)
    actor = actor_of(context.session, account)
    total = Rows(context.session, table, WHOLE_TABLE).count(EVERYTHING)
    if actor is None:
        return SeenAs(name=name, active=False, all_rows=total, verbs=[])
    theirs = replace(context, actor=actor)
    return SeenAs(
        name=name,
        active=True,
        all_rows=total,
        verbs=[_seen(theirs, table, verb) for verb in Verb],
    )


def _seen(theirs: Context, table: TableInfo, verb: Verb) -> VerbSeen:
    """Tell about one thing that somebody may or may not do."""
    session, account = theirs.session, theirs.actor.account
    rows: int | None = None
    hidden, read = frozenset[int](), frozenset[int]()
    try:
        reach = reach_of(theirs, table, verb.permission)
        allowed, hidden, read = True, reach.hidden, reach.read
        if verb not in (Verb.CREATE, Verb.IMPORT, Verb.DESIGN):
            rows = Rows(session, table, reach).count(EVERYTHING)
    except NotAllowed:
        allowed = False
    return VerbSeen(
        verb=verb,
        allowed=allowed,
        given=given(theirs, table, verb.permission),
        keeps=not table.rules or keeps(theirs, table),
        rules=[
            place
            for place, rule in enumerate(table.rules)
            if verb in rule.verbs and concerns(session, account, rule)
        ],
        rows=rows,
        hidden=sorted(hidden),
        read=sorted(read),
    )
