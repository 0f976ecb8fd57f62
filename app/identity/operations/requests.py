"""Confirming what is dangerous and approving what is irreversible (architecture section 2)."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from app.core.errors import TenshuError
from app.core.secret import Secret
from app.identity import confirmation
from app.identity.actors import actor_of
from app.identity.confirmation import Cleared, PendingRequest
from app.identity.errors import InPersonOnly, RequestClosed
from app.identity.operations.expulsion import Done
from app.identity.tried import Tried, attempt
from app.operations.context import Actor, Context, Plane
from app.operations.operation import Effect, NoRequest, operation
from app.operations.permissions import Permission

Request = TypeVar("Request", bound=msgspec.Struct)


class Prepare(msgspec.Struct, frozen=True):
    """What shall be done after the confirmation."""

    operation: Annotated[str, Meta(max_length=128, description="Name of the operation")]
    arguments: Annotated[Secret, Meta(description="Its request as JSON")]


class Confirm(msgspec.Struct, frozen=True):
    """The proof that it is really this person, now."""

    id: Annotated[str, Meta(max_length=64, description="Identifier of the request")]
    code: Annotated[Secret, Meta(description="The newest code of the authenticator")]


class RequestId(msgspec.Struct, frozen=True):
    """One request."""

    id: Annotated[str, Meta(max_length=64, description="Identifier of the request")]


class PendingRequests(msgspec.Struct, frozen=True):
    """Requests that are not decided yet."""

    items: list[PendingRequest]
    """The oldest first."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of a confirmation. First set the cookie to `token`, then look at the rest."""

    token: Secret
    """The session's new token; empty for the machine itself."""
    waiting: bool = False
    """It now waits for a second administrator."""
    result: Any = None
    """What the operation returned."""
    error: TenshuError | None = None
    """What the operation raised instead."""

    def unwrap(self) -> Any:  # noqa: ANN401 - any operation's result
        """Return the operation's result. Raise its error."""
        if self.error is not None:
            raise self.error
        return self.result


@operation("requests.prepare", permission=Permission.SIGNED_IN, in_reserve=True)
def prepare_operation(context: Context, request: Prepare) -> PendingRequest:
    """Keep a dangerous request until it is confirmed with a fresh second factor."""
    if context.actor.token:
        raise InPersonOnly
    prepared = confirmation.prepare(context, request.operation, request.arguments)
    context.event.about("request", prepared.id, prepared.operation)
    return prepared


@operation("requests.confirm", permission=Permission.SIGNED_IN, in_reserve=True)
def confirm_operation(context: Context, request: Confirm) -> Tried[Cleared]:
    """Confirm one's own request with a fresh code."""
    return attempt(context, lambda: confirmation.confirm(context, request.id, request.code))


@operation("requests.approve", permission=Permission.REQUESTS_APPROVE, in_reserve=True)
def approve_operation(context: Context, request: Confirm) -> Tried[Cleared]:
    """Approve somebody else's irreversible request with a code of one's own."""
    if context.actor.token:
        raise InPersonOnly
    return attempt(context, lambda: confirmation.approve(context, request.id, request.code))


@operation("requests.decline", permission=Permission.SIGNED_IN, in_reserve=True)
def decline(context: Context, request: RequestId) -> Done:
    """Take back one's own request, or decline one that waits for approval."""
    mine = [found.id for found in confirmation.list_open(context, others=False)]
    if request.id not in mine:
        context.require(Permission.REQUESTS_APPROVE)
    confirmation.decline(context, request.id)
    return Done()


@operation("requests.list", permission=Permission.SIGNED_IN, effect=Effect.READ)
def list_requests(context: Context, _: NoRequest) -> PendingRequests:
    """Show one's own open requests, and those that wait for one's approval."""
    others = context.actor.local or context.actor.rights.allows(Permission.REQUESTS_APPROVE)
    return PendingRequests(confirmation.list_open(context, others=others))


def prepare(context: Context, operation_name: str, request: msgspec.Struct) -> PendingRequest:
    """Keep `request` for the operation that raised ConfirmationNeeded."""
    arguments = confirmation.find_operation(operation_name).encode_arguments(request)
    return prepare_operation(context, Prepare(operation_name, arguments))


def confirm(context: Context, request: Confirm) -> Confirmed:
    """Confirm a request and, unless a second administrator is needed, run it.

    Raise WrongCode, CodeAlreadyUsed, TooManyAttempts or RequestClosed: then nothing has run.
    """
    cleared = confirm_operation(context, request).unwrap()
    if cleared.waiting:
        return Confirmed(cleared.token, waiting=True)
    return _run(context, context.actor, cleared, approved_by="")


def approve(context: Context, request: Confirm) -> Confirmed:
    """Approve a request and run it in the name of who asked, with the rights they hold now.

    Raise what `confirm` raises, OwnRequest, or NotAllowed: then nothing has run.
    """
    cleared = approve_operation(context, request).unwrap()
    with context.appliance.database.read() as session:
        asker = actor_of(session, cleared.account)
    if asker is None:
        return Confirmed(cleared.token, error=RequestClosed())
    asker = replace(asker, session=cleared.session)
    return _run(context, asker, cleared, approved_by=context.actor.account or Plane.LOCAL)


def _run(context: Context, actor: Actor, cleared: Cleared, *, approved_by: str) -> Confirmed:
    wanted = confirmation.find_operation(cleared.operation)
    request = wanted.decode_arguments(cleared.arguments)
    acting = Context(
        appliance=context.appliance,
        actor=actor,
        source=context.source,
        plane=context.plane,
        language=context.language,
        incident=context.incident,
        certificate=context.certificate,
        confirmed=cleared.digest,
        approved_by=approved_by,
    )
    try:
        return Confirmed(cleared.token, result=wanted(acting, request))
    except TenshuError as error:
        return Confirmed(cleared.token, error=error)
