"""Signing in and out."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlmodel import col, select

from app.core import clock
from app.core.secret import Secret
from app.identity import (
    lockout,
    login_ids,
    passwords,
    pending_sign_ins,
    plane_policies,
    session_rows,
    sign_in_flow,
)
from app.identity.built_in_steps import PASSWORD
from app.identity.models import Account, Password
from app.identity.operations.expulsion import Done
from app.identity.sign_in_flow import Progress
from app.identity.tried import Tried, attempt
from app.operations.context import Context
from app.operations.operation import NoRequest, operation
from app.operations.permissions import Permission


class Start(msgspec.Struct, frozen=True):
    """Login ID and password, together."""

    login_id: Annotated[str, Meta(max_length=256, description="The person's own login ID")]
    password: Annotated[Secret, Meta(description="The password; pasting is fine")]


class Answer(msgspec.Struct, frozen=True):
    """The answer to one of the steps that were offered."""

    ticket: Annotated[Secret, Meta(description="What the last step gave")]
    step: Annotated[str, Meta(max_length=64, description="Name of the step")]
    answer: Annotated[Secret, Meta(description="Code or new password")]


class Ticket(msgspec.Struct, frozen=True):
    """A sign-in that is on its way."""

    ticket: Annotated[Secret, Meta(description="What the last step gave")]


@operation("sign_in.start", permission=Permission.ANYBODY, in_reserve=True)
def start_operation(context: Context, request: Start) -> Tried[Progress]:
    """Check login ID and password."""
    policy = plane_policies.policy_of(context.plane)
    login_id = login_ids.fold(request.login_id)

    def action() -> Progress:
        pending = pending_sign_ins.start(context, policy)
        return sign_in_flow.take_step(
            context, policy, pending, PASSWORD.name, request.password, login_id
        )

    return attempt(context, action)


@operation("sign_in.begin", permission=Permission.ANYBODY, in_reserve=True)
def begin_operation(context: Context, _: NoRequest) -> Tried[Progress]:
    """Begin a sign-in whose first step is another than the password."""
    policy = plane_policies.policy_of(context.plane)
    return attempt(
        context,
        lambda: sign_in_flow.resume(context, policy, pending_sign_ins.start(context, policy)),
    )


@operation("sign_in.answer", permission=Permission.ANYBODY, in_reserve=True)
def answer_operation(context: Context, request: Answer) -> Tried[Progress]:
    """Check the next step of a sign-in."""
    policy = plane_policies.policy_of(context.plane)

    def action() -> Progress:
        pending = pending_sign_ins.find(context, policy, request.ticket)
        return sign_in_flow.take_step(context, policy, pending, request.step, request.answer)

    return attempt(context, action)


@operation("sign_in.resume", permission=Permission.ANYBODY, in_reserve=True)
def resume_operation(context: Context, request: Ticket) -> Tried[Progress]:
    """Show the present step of a sign-in again, with a new ticket."""
    policy = plane_policies.policy_of(context.plane)
    return attempt(
        context,
        lambda: sign_in_flow.resume(
            context, policy, pending_sign_ins.find(context, policy, request.ticket)
        ),
    )


@operation("sign_in.sign_out", permission=Permission.SIGNED_IN, in_reserve=True)
def sign_out(context: Context, _: NoRequest) -> Done:
    """End one's session."""
    actor = context.actor
    ended = session_rows.end(
        context.session, context.plane, actor.account, actor.session, "signed_out"
    )
    context.event.about("session", actor.session)
    return Done(ended)


def start(context: Context, request: Start) -> Progress:
    """Sign in with login ID and password. Raise SignInFailed, TooManyAttempts and what follows.

    The password is verified before the transaction opens: argon2id takes its time on purpose, and
    nobody's change has to wait for a stranger at the door.
    """
    login_id = login_ids.fold(request.login_id)
    with context.appliance.database.read() as session:
        seconds = lockout.wait(session, login_id, context.source.peer, clock.now())
        kept = session.exec(
            select(Password.hash)
            .join(Account, col(Account.id) == col(Password.account))
            .where(Account.login_id == login_id)
        ).first()
    if seconds:  # refused and recorded, without the work
        return start_operation(context, request).unwrap()
    with passwords.verified_ahead(kept, request.password):
        return start_operation(context, request).unwrap()


def begin(context: Context) -> Progress:
    """Begin a sign-in on a plane whose first step is not the password."""
    return begin_operation(context, NoRequest()).unwrap()


def answer(context: Context, request: Answer) -> Progress:
    """Answer a step. Raise WrongCode, SignInExpired, UnsuitablePassword and their like."""
    return answer_operation(context, request).unwrap()


def resume(context: Context, request: Ticket) -> Progress:
    """Show the present step again. Raise SignInExpired."""
    return resume_operation(context, request).unwrap()
