"""A sign-in on its way: carried between requests by a ticket, its state kept on the server.

The ticket is a random token of which only the hash is kept; it opens nothing but the next step.
Failures are counted for account and address (`lockout`), and five end the sign-in.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import delete
from sqlmodel import col, select

from app.core.clock import MINUTE, SECOND
from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity import (
    allowed_factors,
    built_in_steps,
    client_certificates,
    demanding,
    factors,
    invitations,
    lockout,
    passkey_steps,
    password_rules,
    plane_policies,
    policies,
    rights,
    session_rows,
    totp,
)
from app.identity.bounds import why_shut_out
from app.identity.errors import (
    Counted,
    NotFromHere,
    SignInExpired,
    StepNotOffered,
    TooManyAttempts,
)
from app.identity.models import Account, Password, PendingSignInColumns
from app.identity.planes import PENDING, on_plane
from app.identity.secrets_at_rest import hash_token, new_token
from app.identity.sign_in import Ask, Facts, Move, Policy, Refuse, next_move
from app.identity.sign_in_steps import Attempt, Notes, Shown, step_called, usable_steps
from app.operations.context import Context, Plane

LASTS: Final = 10 * MINUTE
MOST_FAILURES: Final = 5
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


def start(context: Context, policy: Policy) -> PendingSignInColumns:
    """Return the beginning of a sign-in; it is kept when its first step is passed or offered."""
    now = context.now
    table = on_plane(PENDING, policy.plane)
    context.session.exec(delete(table).where(col(table.expires_at) < now))
    return table(
        id=new_identifier(),
        ticket_hash="",
        plane=policy.plane,
        peer=context.source.peer,
        created_at=now,
        expires_at=now + LASTS,
    )


def wait_for_fewer(context: Context, policy: Policy, most: int) -> int:
    """Return the seconds until fewer than `most` sign-ins of this address are open and nobody's.

    0 where they are fewer now.
    """
    table = on_plane(PENDING, policy.plane)
    ends = context.session.exec(
        select(table.expires_at)
        .where(
            table.peer == context.source.peer,
            table.account == "",
            table.expires_at > context.now,
        )
        .order_by(col(table.expires_at).desc())
        .limit(most)
    ).all()
    return -(-(ends[-1] - context.now) // SECOND) if len(ends) == most else 0


def find(context: Context, policy: Policy, ticket: Secret) -> PendingSignInColumns:
    """Return the sign-in of a ticket. Raise SignInExpired if there is none (any more)."""
    table = on_plane(PENDING, policy.plane)
    pending = context.session.exec(
        select(table).where(
            table.ticket_hash == hash_token(ticket.reveal()),
            table.plane == policy.plane,
            table.expires_at > context.now,
        )
    ).first()
    if pending is None:
        raise SignInExpired
    return pending


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
    attempt = Attempt(context, policy, account, _open_notes(context, pending), login_id)
    move = _next(attempt, pending)
    if not isinstance(move, Ask) or step not in move.steps:
        raise StepNotOffered
    context.event.references["step"] = step
    if account:
        _tell_event(context, account)
    try:
        attempt.account = step_called(step).check(attempt, answer)
    except Counted:
        _keep_notes(attempt, pending)  # a question that was answered is spent, rightly or not
        lockout.count(session, counted, peer, now)
        _count_failure(context, pending)
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
        _drop(context, pending)
        raise plane_policies.refusal(move.requirement, _facts(attempt, pending))
    if not isinstance(move, Ask):
        return _complete(attempt, pending)
    offers = [_offer(attempt, step) for step in move.steps]
    ticket = new_token()
    pending.ticket_hash = hash_token(ticket.reveal())
    _keep_notes(attempt, pending)
    context.session.add(pending)
    context.session.flush()
    return Progress(ticket=ticket, steps=offers)


def resume(context: Context, policy: Policy, pending: PendingSignInColumns) -> Progress:
    """Show the present step again: the page was reloaded."""
    account = context.session.get(Account, pending.account) if pending.account else None
    return go_on(Attempt(context, policy, account, _open_notes(context, pending)), pending)


def _facts(attempt: Attempt, pending: PendingSignInColumns) -> Facts | None:
    """Return what the machine needs to know about the account; None where nobody is known."""
    account, context = attempt.account, attempt.context
    session, plane = context.session, attempt.policy.plane
    if account is None:
        return None
    rules = policies.load(session)
    held = factors.kinds(attempt.holder)
    fits = allowed_factors.fitting(context, rules, attempt.holder)
    kept = session.get(Password, account.id)
    now = context.now
    demanded = plane != Plane.CONSOLE and demanding.is_demanded(session, rules, account.id, now)
    too_short = kept is not None and not kept.stands_alone and not held
    must_change = kept is not None and (
        kept.must_change
        or password_rules.is_expired(rules.password, kept.changed_at, now)
        or too_short
    )
    return Facts(
        kind=account.kind,
        factors=held,
        refused=allowed_factors.refused(rules, plane, held, fits),
        lacks_accepted=bool(held) and not fits,
        addable=allowed_factors.addable(context, rules, plane),
        factor_proven=not factors.PROVING.isdisjoint(pending.passed.split()),
        passkeys_here=passkey_steps.works_here(attempt, rules),
        may_enrol=account.may_enrol,
        must_change_password=must_change,
        factor_demanded=demanded,
        shut_out=_shut_out(context, plane, account),
        rights=rights.held_by(session, account, now),
    )


def _shut_out(context: Context, plane: str, account: Account) -> str:
    shown = client_certificates.shown_by(
        context.session, account.id, context.certificate, context.now
    )
    peer = context.source.peer
    refusal = why_shut_out(account.bounds, plane, peer, certificate=shown is not None)
    if refusal is None:
        return ""
    return "network" if isinstance(refusal, NotFromHere) else "certificate"


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
    return next_move(policy, _facts(attempt, pending), passed, usable_steps())


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
    _drop(context, pending)
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


def _count_failure(context: Context, pending: PendingSignInColumns) -> None:
    pending.failures += 1
    if pending.failures >= MOST_FAILURES:
        _drop(context, pending)


def _drop(context: Context, pending: PendingSignInColumns) -> None:
    table = type(pending)
    context.session.flush()
    context.session.exec(delete(table).where(col(table.id) == pending.id))


def _open_notes(context: Context, pending: PendingSignInColumns) -> Notes:
    if not pending.notes:
        return Notes()
    opened = context.appliance.keyring.open(_purpose(pending), pending.notes)
    return msgspec.json.decode(opened.reveal(), type=Notes)


def _keep_notes(attempt: Attempt, pending: PendingSignInColumns) -> None:
    document = Secret(msgspec.json.encode(attempt.notes).decode())
    pending.notes = attempt.context.appliance.keyring.seal(_purpose(pending), document)


def _purpose(pending: PendingSignInColumns) -> str:
    return f"pending sign-in {pending.plane} {pending.id}"


def _tell_event(context: Context, account: Account) -> None:
    event = context.event
    event.actor, event.actor_name = account.id, account.name
    event.about("account", account.id, account.name)
