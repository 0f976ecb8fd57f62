"""Dangerous operations wait for a fresh second factor; irreversible ones for a second person.

A request is kept sealed with the digest of operation and arguments, belongs to one session, and
works once. T2: confirmed within two minutes with a code of the authenticator app or with a passkey,
then it runs. T3: after that it waits 24 hours for a second administrator, who approves with a
factor of their own.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlmodel import col, select

from app.core.clock import HOUR, MINUTE
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity import account_rows, challenges, proof, session_rows
from app.identity.errors import (
    Counted,
    NotConfirmable,
    OwnRequest,
    RequestClosed,
    TooManyAttempts,
)
from app.identity.models import OperationRequestColumns
from app.identity.planes import REQUESTS, on_plane
from app.operations.context import Context
from app.operations.operation import Operation, Tier, registered
from app.operations.registry import all_operations

OPEN: Final = "open"
WAITING: Final = "waiting"
DONE: Final = "done"
DECLINED: Final = "declined"
SPENT: Final = "spent"
TO_CONFIRM: Final = 2 * MINUTE
TO_APPROVE: Final = 24 * HOUR
MOST_FAILURES: Final = 5
NOTHING: Final = Secret("")


class PendingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as people see it."""

    id: str
    """Identifier."""
    operation: str
    """Name."""
    summary: str
    """What the operation does."""
    arguments: dict[str, str]
    """What it would be done with; secrets are left out."""
    tier: int
    """2: fresh factor; 3: a second administrator too."""
    state: str
    """open or waiting."""
    asked_by: str
    """Identifier of the account."""
    asked_by_name: str
    """Name of the account."""
    created_at: int
    """Milliseconds since 1970."""
    expires_at: int
    """Milliseconds since 1970."""


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a person has just confirmed or approved."""

    operation: str
    """Name."""
    arguments: Secret
    """Its request as JSON."""
    digest: str
    """SHA-256 over operation and arguments."""
    waiting: bool = False
    """Whether a second administrator must approve it first."""
    token: Secret = NOTHING
    """The session's new token."""
    account: str = ""
    """Who asked."""
    session: str = ""
    """The session that asked."""


def find_operation(name: str) -> Operation[Any, Any]:
    """Return an operation that needs confirmation. Raise NotConfirmable."""
    all_operations()  # imports them
    found = registered().get(name)
    if found is None or found.tier < Tier.T2_DANGEROUS:
        raise NotConfirmable(operation=name)
    return found


def prepare(context: Context, name: str, arguments: Secret) -> PendingRequest:
    """Keep a request of the present session, if this person may ask for it at all."""
    wanted = find_operation(name)
    request = wanted.decode_arguments(arguments)
    if context.plane not in wanted.planes:
        raise NotConfirmable(operation=name)
    context.require(wanted.permission, wanted.scope(request))
    identifier, now = new_identifier(), context.now
    row = on_plane(REQUESTS, context.plane)(
        id=identifier,
        operation=name,
        digest=wanted.digest(request),
        arguments=context.appliance.keyring.seal(_purpose(context.plane, identifier), arguments),
        account=context.actor.account,
        session=context.actor.session,
        plane=context.plane,
        tier=wanted.tier,
        created_at=now,
        expires_at=now + TO_CONFIRM,
    )
    context.session.add(row)
    context.session.flush()
    return describe(context, row)


def confirm(context: Context, identifier: str, code: Secret) -> Cleared:
    """Confirm one's own request with a fresh code. The session gets a new token.

    Raise WrongCode, CodeAlreadyUsed, TooManyAttempts (counted) or RequestClosed.
    """
    row = _find(context, identifier, OPEN)
    if (row.account, row.session) != (context.actor.account, context.actor.session):
        raise RequestClosed
    _prove(context, code, row)
    waits = row.tier >= Tier.T3_IRREVERSIBLE
    _close(context, row, WAITING if waits else DONE)
    token = session_rows.rotate(context.session, context.plane, row.session, context.now)
    return _clear(context, row, waiting=waits, token=token)


def approve(context: Context, identifier: str, code: Secret) -> Cleared:
    """Approve somebody else's irreversible request with one's own factor (or as the machine).

    Raise OwnRequest, RequestClosed, NotAllowed, and the counted errors of a wrong code.
    """
    row = _find(context, identifier, WAITING)
    if row.account == context.actor.account:
        raise OwnRequest
    token = NOTHING
    if not context.actor.local:
        _prove(context, code, row)
        token = session_rows.rotate(
            context.session, context.plane, context.actor.session, context.now
        )
    _close(context, row, DONE)
    return _clear(context, row, waiting=False, token=token)


def question_about(context: Context, identifier: str) -> str:
    """Return for which purpose a passkey is asked about a request. Raise RequestClosed."""
    row = _find(context, identifier, OPEN, WAITING)
    return challenges.confirmation_of(row.digest)


def decline(context: Context, identifier: str) -> None:
    """Take back one's own request, or decline another's that waits. Raise RequestClosed."""
    row = _find(context, identifier, OPEN, WAITING)
    if row.state == OPEN and row.account != context.actor.account:
        raise RequestClosed  # nobody else has seen it yet
    _close(context, row, DECLINED)
    context.event.about("request", row.id, row.operation)


def list_open(context: Context, *, others: bool) -> list[PendingRequest]:
    """Return one's own requests that are not decided, and with `others` all that wait."""
    table = on_plane(REQUESTS, context.plane)
    rows = context.session.exec(
        select(table)
        .where(col(table.state).in_((OPEN, WAITING)), table.expires_at > context.now)
        .order_by(col(table.id))
    ).all()
    return [
        describe(context, row)
        for row in rows
        if row.account == context.actor.account or (others and row.state == WAITING)
    ]


def describe(context: Context, row: OperationRequestColumns) -> PendingRequest:
    """Return a request as people see it."""
    wanted = find_operation(row.operation)
    request = wanted.decode_arguments(_open_arguments(context, row))
    shown = dict(_shown(request))
    return PendingRequest(
        id=row.id,
        operation=row.operation,
        summary=wanted.summary,
        arguments=shown,
        tier=row.tier,
        state=row.state,
        asked_by=row.account,
        asked_by_name=account_rows.by_id(context.session, row.account).name,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _prove(context: Context, code: Secret, row: OperationRequestColumns) -> None:
    try:
        proof.prove_code(context, code, challenges.confirmation_of(row.digest))
    except TooManyAttempts:
        raise
    except Counted:
        row.failures += 1
        if row.failures >= MOST_FAILURES:
            row.state = SPENT
        context.session.flush()
        raise


def _find(context: Context, identifier: str, *states: str) -> OperationRequestColumns:
    table = on_plane(REQUESTS, context.plane)
    row = context.session.get(table, identifier)
    if row is None or row.state not in states or row.expires_at <= context.now:
        raise RequestClosed
    return row


def _close(context: Context, row: OperationRequestColumns, after: str) -> None:
    row.state, row.decided_at, row.decided_by = after, context.now, context.actor.account
    if after == WAITING:
        row.expires_at = context.now + TO_APPROVE
    context.session.flush()


def _clear(
    context: Context, row: OperationRequestColumns, *, waiting: bool, token: Secret
) -> Cleared:
    context.event.about("request", row.id, row.operation)
    context.event.references["digest"] = row.digest
    return Cleared(
        operation=row.operation,
        arguments=_open_arguments(context, row),
        digest=row.digest,
        waiting=waiting,
        token=token,
        account=row.account,
        session=row.session,
    )


def _open_arguments(context: Context, row: OperationRequestColumns) -> Secret:
    return context.appliance.keyring.open(_purpose(row.plane, row.id), row.arguments)


def _purpose(plane: str, identifier: str) -> str:
    return f"operation request {plane} {identifier}"


def _shown(request: msgspec.Struct) -> Iterator[tuple[str, str]]:
    """Yield name and value of each field, those of a struct inside it too, secrets left out."""
    for field in msgspec.structs.fields(request):
        value = getattr(request, field.name)
        if isinstance(value, msgspec.Struct):
            yield from _shown(value)
        elif isinstance(value, list | tuple):
            yield field.name, ", ".join(map(str, value))
        elif not isinstance(value, Secret):
            yield field.name, str(value)
