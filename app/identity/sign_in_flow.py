"""A sign-in on its way: carried between requests by a ticket, its state kept on the server.

The ticket is a random token of which only the hash is kept; it opens nothing but the next step.
Failures are counted for account and address (`lockout`), and five end the sign-in.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.secret import Secret
from app.identity import (
    allowed_factors,
    built_in_steps,
    client_certificates,
    invitations,
    lockout,
    passkey_steps,
    plane_policies,
    policies,
    session_rows,
    totp,
)
from app.identity.errors import (
    Counted,
    StepNotOffered,
    TooManyAttempts,
)
from app.identity.models import Account, PendingSignInColumns
from app.identity.pending_sign_ins import count_failure, drop, keep_notes, open_notes
from app.identity.secrets_at_rest import hash_token, new_token
from app.identity.sign_in import Ask, Move, Policy, Refuse, next_move
from app.identity.sign_in_facts import facts_of
from app.identity.sign_in_steps import Attempt, Shown, step_called, usable_steps
from app.operations.context import Context

NOTHING: Final = Secret("")


class Offer(msgspec.Struct, frozen=True):
    """A step that may be taken next."""

    step: Annotated[str, Meta(description="Name of the step")]
    enrolment: Annotated[
        totp.Enrolment | None, Meta(description="What to scan, where the step enrols a factor")
    ] = None
    passkey: Annotated[
        str, Meta(description="What the browser's authenticator is asked, as JSON; or empty")
    ] = ""


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has just begun."""

    token: Secret
    """Goes into the plane's cookie; it is kept nowhere else."""
    session: str
    """Identifier, not the token."""
    account: str
    """Identifier."""
    name: str
    """As others see it."""
    language: str
    """ja or en."""
    expires_at: int
    """Milliseconds since 1970: when it ends in any case."""
    recovery_codes: list[Secret] = []
    """Made with a new factor; shown once."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sign-in stands: either it goes on with one of the steps, or it is done."""

    ticket: Secret = NOTHING
    """To be given with the next answer; empty when done."""
    steps: list[Offer] = []
    """Any one of them may be taken."""
    signed_in: NewSession | None = None
    """Where everything is proven."""


def take_step(
    context: Context,
    policy: Policy,
    pending: PendingSignInColumns,
    step: str,
    answer: Secret,
    login_id: str = "",
) -> Progress:
    """Check one answer and go on. Raise Counted errors (kept) and UnsuitablePassword (not)."""
    session, now, peer = context.session, context.now, context.source.peer
    account = session.get(Account, pending.account) if pending.account else None
    counted = account.login_id if account else login_id
    seconds = lockout.wait_in_turn(session, counted, peer, now)
    if seconds:
        raise TooManyAttempts(seconds=seconds)
    attempt = Attempt(context, policy, account, open_notes(context, pending), login_id)
    move = _next(attempt, pending)
    if not isinstance(move, Ask) or step not in move.steps:
        raise StepNotOffered
    context.event.references["step"] = step
    if account:
        _tell_event(context, account)
    try:
        attempt.account = step_called(step).check(attempt, answer)
    except Counted:
        keep_notes(attempt, pending)  # a question that was answered is spent, rightly or not
        lockout.count(session, counted, peer, now)
        count_failure(context, pending)
        raise
    pending.account = attempt.account.id
    pending.passed = f"{pending.passed} {step}".strip()
    _tell_event(context, attempt.account)
    return go_on(attempt, pending)


def go_on(attempt: Attempt, pending: PendingSignInColumns) -> Progress:
    """Offer the next steps, or begin the session. Raise NoSecondFactor or NotForThisPlane."""
    context = attempt.context
    move = _next(attempt, pending)
    if isinstance(move, Refuse):
        drop(context, pending)
        raise plane_policies.refusal(move.requirement, facts_of(attempt, pending))
    if not isinstance(move, Ask):
        return _complete(attempt, pending)
    offers = [_offer(attempt, step) for step in move.steps]
    ticket = new_token()
    pending.ticket_hash = hash_token(ticket.reveal())
    keep_notes(attempt, pending)
    context.session.add(pending)
    context.session.flush()
    return Progress(ticket=ticket, steps=offers)


def resume(context: Context, policy: Policy, pending: PendingSignInColumns) -> Progress:
    """Show the present step again: the page was reloaded."""
    account = context.session.get(Account, pending.account) if pending.account else None
    return go_on(Attempt(context, policy, account, open_notes(context, pending)), pending)


def _offer(attempt: Attempt, step: str) -> Offer:
    shown = step_called(step).offer(attempt) or Shown()
    return Offer(step, shown.enrolment, shown.passkey)


def _next(attempt: Attempt, pending: PendingSignInColumns) -> Move:
    passed = frozenset(pending.passed.split())
    policy = attempt.policy
    if built_in_steps.INVITATION.name in passed:
        policy = plane_policies.invited(policy)
    if passkey_steps.ALONE.name in passed:
        policy = plane_policies.by_passkey(policy)
    return next_move(policy, facts_of(attempt, pending), passed, usable_steps())


def _complete(attempt: Attempt, pending: PendingSignInColumns) -> Progress:
    context, account = attempt.context, attempt.known_account
    codes: list[Secret] = []
    if not set(plane_policies.ENROLLING).isdisjoint(pending.passed.split()):
        codes = allowed_factors.first_codes(context, attempt.holder)
    if invitation := attempt.notes.others.get(built_in_steps.INVITATION.name):
        context.event.references["invitation"] = invitation
        invitations.spend(context.session, invitation, context.now)
        # whoever had come in with the password that is replaced now is out
        session_rows.end_all(context.session, attempt.policy.plane, account.id, "password_reset")
    drop(context, pending)
    lockout.forget(context.session, account.login_id)
    if context.actor.session:  # whoever signs in again in the same browser leaves no old session
        session_rows.end(
            context.session,
            attempt.policy.plane,
            context.actor.account,
            context.actor.session,
            "replaced",
        )
    return Progress(
        signed_in=begin_session(context, attempt.policy.plane, account, pending.passed, codes)
    )


def begin_session(
    context: Context, plane: str, account: Account, passed: str, codes: list[Secret]
) -> NewSession:
    """Begin the session of somebody who has proven everything."""
    shown = client_certificates.shown_by(
        context.session, account.id, context.certificate, context.now
    )
    token, row = session_rows.begin(
        context.session,
        policies.load(context.session),
        plane=plane,
        account=account.id,
        source=context.source,
        factors=passed,
        now=context.now,
        certificate=shown.id if shown else "",
    )
    if shown:
        context.event.references["certificate"] = shown.id
    context.event.session = row.id
    return NewSession(
        token=token,
        session=row.id,
        account=account.id,
        name=account.name,
        language=account.language,
        expires_at=row.expires_at,
        recovery_codes=codes,
    )


def _tell_event(context: Context, account: Account) -> None:
    event = context.event
    event.actor, event.actor_name = account.id, account.name
    event.about("account", account.id, account.name)
