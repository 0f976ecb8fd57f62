"""What the sign-in's machine needs to know about an account, as it stands now."""

from app.identity import (
    allowed_factors,
    client_certificates,
    demanding,
    factors,
    passkey_steps,
    password_rules,
    policies,
    rights,
)
from app.identity.bounds import why_shut_out
from app.identity.errors import (
    NotFromHere,
)
from app.identity.models import Account, Password, PendingSignInColumns
from app.identity.sign_in import Facts
from app.identity.sign_in_steps import Attempt
from app.operations.context import Context, Plane


def facts_of(attempt: Attempt, pending: PendingSignInColumns) -> Facts | None:
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
