"""Passkeys as steps of the sign-in: used beside the password or alone, and added.

Their question is kept, sealed, in the pending sign-in. It is put when the step is shown and spent
by the first answer, right or wrong.
"""

import base64
from typing import Final

from app.core.messages import mark
from app.core.secret import Secret
from app.identity import (
    account_rows,
    allowed_factors,
    built_in_steps,
    factors,
    passkey_factors,
    passkeys,
    policies,
    relying_party,
)
from app.identity.errors import ChallengeSpent, PasskeyRefused, StepNotOffered
from app.identity.models import Account
from app.identity.policies import IdentityPolicy
from app.identity.sign_in import Facts, Policy
from app.identity.sign_in_steps import Attempt, Shown, Step, register
from app.operations.context import Context

FIRST_NAME: Final = mark("Passkey")


def works_here(attempt: Attempt, rules: IdentityPolicy) -> bool:
    """Tell whether the person holds a passkey that works at the address they called."""
    party = relying_party.here(attempt.context, rules)
    return party is not None and bool(passkey_factors.known(attempt.holder, party.rp_id))


def _usable(_policy: Policy, facts: Facts) -> bool:
    return factors.PASSKEY in facts.factors - facts.refused and facts.passkeys_here


def _offer(attempt: Attempt) -> Shown:
    party = _party(attempt)
    known = passkey_factors.known(attempt.holder, party.rp_id)
    return Shown(passkey=passkeys.request_options(party, put_question(attempt), known))


def _check(attempt: Attempt, answer: Secret) -> Account:
    """Accept a passkey beside the password: somebody must be there, the key itself is the proof."""
    question = take_question(attempt)
    used = passkey_factors.use(
        attempt.holder, _party(attempt), question, answer, attempt.context.now
    )
    attempt.context.event.references["factor"] = used
    return attempt.known_account


def may_stand_alone(context: Context, rules: IdentityPolicy, plane: str) -> bool:
    """Tell whether a passkey may sign in alone at the address by which somebody called."""
    return factors.PASSKEY in allowed_factors.addable(context, rules, plane)


def claimed(context: Context, answer: Secret) -> str:
    """Return the login ID of whoever an answer claims to be.

    One that is nobody's counts for the lock-out in the same way, under a name that no login ID has.
    """
    try:
        credential = passkeys.credential_of(answer)
    except PasskeyRefused:
        return ""
    account = passkey_factors.holder_of(context.session, context.plane, credential)
    if not account:
        return f"passkey {credential}"
    return account_rows.by_id(context.session, account).login_id


def _offer_alone(attempt: Attempt) -> Shown:
    _require_alone(attempt)
    question = put_question(attempt)
    return Shown(passkey=passkeys.request_options(_party(attempt), question, [], verify=True))


def _check_alone(attempt: Attempt, answer: Secret) -> Account:
    """Accept a passkey that has known its person: the same answer for every way of not fitting."""
    context = attempt.context
    _require_alone(attempt)
    question, party = take_question(attempt), _party(attempt)
    account = account_rows.by_login_id(context.session, attempt.login_id)
    if account is None:
        raise PasskeyRefused
    context.event.about("account", account.id, account.name)  # whom somebody tried to be
    attempt.account = account
    used = passkey_factors.use(attempt.holder, party, question, answer, context.now, verify=True)
    if account.state != account_rows.ACTIVE:
        raise PasskeyRefused
    context.event.references["factor"] = used
    return account


def _require_alone(attempt: Attempt) -> None:
    rules = policies.load(attempt.context.session)
    if factors.PASSKEY not in allowed_factors.accepted(rules, attempt.policy.plane):
        raise StepNotOffered


def _to_nobody_known(_policy: Policy, _facts: Facts) -> bool:
    return False


def _may_add(policy: Policy, facts: Facts) -> bool:
    return factors.PASSKEY in facts.addable and built_in_steps.may_enrol(policy, facts)


def _offer_adding(attempt: Attempt) -> Shown:
    known = passkey_factors.known(attempt.holder)
    handle = known[0].handle if known else passkeys.new_handle()
    attempt.notes.others[ENROL.name] = handle
    options = passkeys.creation_options(
        _party(attempt),
        put_question(attempt),
        handle=handle,
        name=attempt.known_account.login_id,
        known=known,
    )
    return Shown(passkey=options)


def _check_added(attempt: Attempt, answer: Secret) -> Account:
    """Keep the passkey that the browser has made (F11)."""
    question, party = take_question(attempt), _party(attempt)
    handle = attempt.notes.others.get(ENROL.name, "")
    made, counter = passkeys.register(party, question, answer, handle=handle)
    attempt.context.event.references["factor"] = passkey_factors.add(
        attempt.holder, FIRST_NAME, made, counter, attempt.context.now
    )
    return built_in_steps.enrolled(attempt)


def put_question(attempt: Attempt) -> bytes:
    """Keep a new question in the notes, in the place of an older one."""
    question = passkeys.new_challenge()
    attempt.notes.challenge = passkeys.encode(question)
    attempt.notes.asked_at = attempt.context.now
    return question


def take_question(attempt: Attempt) -> bytes:
    """Return the question that was put, and forget it. Raise ChallengeSpent."""
    kept, attempt.notes.challenge = attempt.notes.challenge, ""
    if not kept or attempt.context.now - attempt.notes.asked_at >= passkeys.LASTS:
        raise ChallengeSpent
    return base64.urlsafe_b64decode(kept + "=")


def _party(attempt: Attempt) -> relying_party.RelyingParty:
    rules = policies.load(attempt.context.session)
    return relying_party.require_here(attempt.context, rules)


PASSKEY: Final = Step("passkey", _check, _usable, _offer)
ENROL: Final = Step("enrol_passkey", _check_added, _may_add, _offer_adding)
ALONE: Final = Step("passkey_alone", _check_alone, _to_nobody_known, _offer_alone)

for _step in (PASSKEY, ENROL, ALONE):
    register(_step)
