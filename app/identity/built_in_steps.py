"""The sign-in steps that come with the product."""

from typing import Final

from app.core.messages import mark
from app.core.secret import Secret
from app.identity import (
    account_rows,
    factors,
    invitations,
    password_rules,
    passwords,
    policies,
    totp,
)
from app.identity.errors import SignInFailed, StepNotOffered, WrongCode
from app.identity.models import Account, Password
from app.identity.sign_in import Facts, Policy
from app.identity.sign_in_steps import Attempt, Shown, Step, register
from app.operations.context import Context, Plane

ISSUER: Final = "Tenshu"
FIRST_NAME: Final = mark("Authenticator app")


def issuer(context: Context) -> str:
    """Return the name under which an authenticator app lists this appliance."""
    return f"{ISSUER} ({context.appliance.machine})"


def _check_password(attempt: Attempt, answer: Secret) -> Account:
    """Check login ID and password (F1): the same answer for every way of not fitting."""
    context = attempt.context
    account = account_rows.by_login_id(context.session, attempt.login_id)
    if account:  # the history tells whom somebody tried to be; the answer does not
        context.event.about("account", account.id, account.name)
    kept = context.session.get(Password, account.id) if account else None
    fits = passwords.verify(kept.hash if kept else None, answer)
    if not (fits and account and kept and account_rows.may_sign_in(account, kept, context.now)):
        raise SignInFailed
    rules = policies.load(context.session).password
    if kept.stands_alone != password_rules.stands_alone(rules, answer):
        kept.stands_alone = not kept.stands_alone  # the rules have changed since it was chosen
    if passwords.is_outdated(kept.hash):
        kept.hash = passwords.hash_password(answer)
    return account


def _has_authenticator(_policy: Policy, facts: Facts) -> bool:
    return factors.TOTP in facts.factors - facts.refused


def _check_totp(attempt: Attempt, answer: Secret) -> Account:
    """Accept a code of an authenticator app (F11)."""
    factors.use_totp(attempt.holder, answer, attempt.context.now)
    return attempt.known_account


def _has_recovery_code(_policy: Policy, facts: Facts) -> bool:
    return factors.RECOVERY_CODE in facts.factors - facts.refused


def _check_recovery_code(attempt: Attempt, answer: Secret) -> Account:
    factors.use_recovery_code(attempt.holder, answer, attempt.context.now)
    return attempt.known_account


def may_enrol(policy: Policy, facts: Facts) -> bool:
    """Tell whether somebody may add a factor as they sign in: the first, or one after a proof."""
    # who knows only a password must not choose the console's second factor
    first = not facts.factors and (facts.may_enrol or policy.plane != Plane.CONSOLE)
    return first or facts.factor_proven


def enrolled(attempt: Attempt) -> Account:
    """Return the account that has added a factor: what an administrator allowed is used up."""
    account = attempt.known_account
    if attempt.policy.plane == Plane.CONSOLE:
        account.may_enrol = False
    return account


def _may_enrol_app(policy: Policy, facts: Facts) -> bool:
    return factors.TOTP in facts.addable and may_enrol(policy, facts)


def _offer_enrolment(attempt: Attempt) -> Shown:
    if not attempt.notes.enrolment:
        attempt.notes.enrolment = totp.new_secret().reveal()
    secret = Secret(attempt.notes.enrolment)
    return Shown(totp.describe(secret, attempt.known_account.login_id, issuer(attempt.context)))


def _check_enrolment(attempt: Attempt, answer: Secret) -> Account:
    """Enrol the first authenticator of a new person, or of one whose factor was reset."""
    if not attempt.notes.enrolment:  # the factor went away since the step was offered
        raise StepNotOffered
    now = attempt.context.now
    if totp.matching_step(Secret(attempt.notes.enrolment), answer, now) is None:
        raise WrongCode(seconds=totp.seconds_to_next(now))
    secret = Secret(attempt.notes.enrolment)
    identifier = factors.add_totp(attempt.holder, FIRST_NAME, secret, now, state=factors.PENDING)
    factors.activate(attempt.holder, identifier, answer, now)
    return enrolled(attempt)


def _check_new_password(attempt: Attempt, answer: Secret) -> Account:
    """Put another password in the place of a given one, or of one that is too old."""
    account = attempt.known_account
    account_rows.change_password(
        attempt.context.session,
        account,
        answer,
        policies.load(attempt.context.session).password,
        has_factor=bool(factors.kinds(attempt.holder)),
        now=attempt.context.now,
    )
    return account


def _check_invitation(attempt: Attempt, answer: Secret) -> Account:
    """Accept a one-time link in the place of the password; its person chooses a new one next."""
    session = attempt.context.session
    invitation, account = invitations.find(session, answer, attempt.context.now)
    attempt.notes.others[INVITATION.name] = invitation.id
    session.get_one(Password, account.id).must_change = True
    return account


PASSWORD: Final = Step("password", _check_password)
INVITATION: Final = Step("invitation", _check_invitation)
TOTP: Final = Step("totp", _check_totp, _has_authenticator)
RECOVERY_CODE: Final = Step("recovery_code", _check_recovery_code, _has_recovery_code)
ENROL: Final = Step("enrol", _check_enrolment, _may_enrol_app, _offer_enrolment)
NEW_PASSWORD: Final = Step("new_password", _check_new_password)

for _step in (PASSWORD, INVITATION, TOTP, RECOVERY_CODE, ENROL, NEW_PASSWORD):
    register(_step)
