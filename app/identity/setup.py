"""From the claim code to the first administrator, in steps that survive a reload.

The claim code is printed on the machine when it starts for the first time; who has it may make the
first owner. A few wrong tries, and a new one must be made on the machine itself. The account comes
into being in one transaction with its first valid code; until then there is nothing but notes.
"""

import secrets
from typing import Final, Literal

import msgspec
from sqlmodel import Session

from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity import (
    factors,
    login_ids,
    password_rules,
    passwords,
    policies,
    rights,
    sign_in_flow,
    totp,
)
from app.identity.built_in_steps import FIRST_NAME, issuer
from app.identity.errors import (
    ClaimCodeSpent,
    SetupDone,
    SetupExpired,
    WrongClaimCode,
    WrongCode,
)
from app.identity.models import Account, Grant, Password, Setup
from app.identity.recovery_codes import ALPHABET, MISREAD
from app.identity.roles import Role
from app.identity.secrets_at_rest import hash_token, new_token
from app.identity.sign_in_flow import NewSession
from app.operations.context import Context, Plane

TRIES: Final = 10
CODE_LENGTH: Final = 12
"""60 random bits against ten tries."""
ONLY_ROW: Final = 1
NOTES_PURPOSE: Final = "setup notes"


class FirstPersonNotes(msgspec.Struct, frozen=True):
    """The first administrator, before the first code of their authenticator."""

    login_id: str
    name: str
    language: str
    time_zone: str
    password_hash: str
    stands_alone: bool
    factor: str
    """Shared secret, base32."""


class SetupProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the setup stands."""

    ticket: Secret
    """Belongs to the browser that gave the claim code; to be kept over a reload."""
    step: Literal["person", "factor"]
    """What the page asks for now."""
    login_id: str = ""
    """As it was given."""
    name: str = ""
    """As it was given."""
    enrolment: totp.Enrolment | None = None
    """What to scan, in the step `factor`."""


def is_needed(session: Session) -> bool:
    """Tell whether the appliance has no owner yet."""
    row = _only_row(session)
    return row is None or row.completed_at == 0


def make_claim_code(context: Context) -> Secret:
    """Make a new claim code; an older one, and a setup that was begun with it, end."""
    _require_needed(context.session)
    text = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    row = _only_row(context.session)
    if row is None:
        row = Setup(id=ONLY_ROW, claim_hash="", tries_left=0)
        context.session.add(row)
    row.claim_hash, row.tries_left = hash_token(text), TRIES
    row.ticket_hash, row.notes = "", ""
    return Secret("-".join(text[start : start + 4] for start in range(0, CODE_LENGTH, 4)))


def claim(context: Context, code: Secret) -> SetupProgress:
    """Check the claim code. Raise WrongClaimCode (counted), ClaimCodeSpent or SetupDone.

    The same code again, in another browser, takes the setup over there.
    """
    _require_needed(context.session)
    row = _only_row(context.session)
    if row is None or row.tries_left <= 0:
        raise ClaimCodeSpent
    if not Secret(hash_token(_tidy(code))).matches(row.claim_hash):
        row.tries_left -= 1
        context.session.flush()
        raise WrongClaimCode(left=row.tries_left)
    row.tries_left = TRIES
    ticket = new_token()
    row.ticket_hash = hash_token(ticket.reveal())
    context.session.flush()
    return _progress(context, row, ticket)


def describe_person(
    context: Context,
    ticket: Secret,
    *,
    login_id: str,
    name: str,
    password: Secret,
    language: str,
    time_zone: str,
) -> SetupProgress:
    """Note who the first administrator is, and make the factor to enrol.

    Raise UnsuitableLoginId, UnsuitablePassword or SetupExpired.
    """
    row = _row_of(context, ticket)
    folded = login_ids.check(login_id)
    rules = policies.load(context.session).password
    password_rules.judge(rules, password, has_factor=True, known=(folded, name, *name.split()))
    notes = FirstPersonNotes(
        login_id=folded,
        name=name,
        language=language,
        time_zone=time_zone,
        password_hash=passwords.hash_password(password),
        stands_alone=password_rules.stands_alone(rules, password),
        factor=totp.new_secret().reveal(),
    )
    sealed = Secret(msgspec.json.encode(notes).decode())
    row.notes = context.appliance.keyring.seal(NOTES_PURPOSE, sealed)
    context.session.flush()
    return _progress(context, row, ticket)


def resume(context: Context, ticket: Secret) -> SetupProgress:
    """Show the present step again. Raise SetupExpired or SetupDone."""
    return _progress(context, _row_of(context, ticket), ticket)


def finish(context: Context, ticket: Secret, code: Secret) -> NewSession:
    """Make the owner with the first valid code, and sign them in on the console at once.

    Raise WrongCode (nothing is made), SetupExpired or SetupDone.
    """
    row = _row_of(context, ticket)
    notes = _open_notes(context, row)
    if notes is None:
        raise SetupExpired
    if totp.matching_step(Secret(notes.factor), code, context.now) is None:
        raise WrongCode(seconds=totp.seconds_to_next(context.now))
    account = make_owner(
        context,
        login_id=notes.login_id,
        name=notes.name,
        language=notes.language,
        time_zone=notes.time_zone,
        may_enrol=False,
    )
    context.session.add(
        Password(
            account=account.id,
            hash=notes.password_hash,
            stands_alone=notes.stands_alone,
            changed_at=context.now,
        )
    )
    holder = factors.Holder(context.session, context.appliance.keyring, Plane.CONSOLE, account.id)
    identifier = factors.add_totp(
        holder, FIRST_NAME, Secret(notes.factor), context.now, state=factors.PENDING
    )
    factors.activate(holder, identifier, code, context.now)
    codes = factors.renew_recovery_codes(holder, context.now)
    return sign_in_flow.begin_session(context, Plane.CONSOLE, account, "password enrol", codes)


def make_owner(
    context: Context,
    *,
    login_id: str,
    name: str,
    language: str,
    time_zone: str,
    may_enrol: bool,
) -> Account:
    """Make the first account, as owner, and close the setup. Raise SetupDone if it is closed."""
    session, now = context.session, context.now
    _require_needed(session)
    row = _only_row(session)
    if row is None:  # unattended, before any claim code
        row = Setup(id=ONLY_ROW, claim_hash="", tries_left=0)
        session.add(row)
    row.completed_at, row.tries_left = now, 0
    row.claim_hash, row.ticket_hash, row.notes = "", "", ""
    session.flush()  # who comes second stops here
    account = Account(
        id=new_identifier(),
        login_id=login_id,
        name=name,
        language=language,
        time_zone=time_zone,
        may_enrol=may_enrol,
        created_at=now,
        changed_at=now,
    )
    session.add(account)
    session.add(Grant(id=new_identifier(), holder=account.id, role=Role.OWNER, created_at=now))
    rights.recompile(session, [account.id], by=account.id)
    session.refresh(account)
    context.event.actor, context.event.actor_name = account.id, account.name
    context.event.about("account", account.id, account.name)
    return account


def _require_needed(session: Session) -> None:
    if not is_needed(session):
        raise SetupDone


def _only_row(session: Session) -> Setup | None:
    return session.get(Setup, ONLY_ROW)


def _row_of(context: Context, ticket: Secret) -> Setup:
    _require_needed(context.session)
    row = _only_row(context.session)
    if row is None or not row.ticket_hash:
        raise SetupExpired
    if not Secret(hash_token(ticket.reveal())).matches(row.ticket_hash):
        raise SetupExpired
    return row


def _open_notes(context: Context, row: Setup) -> FirstPersonNotes | None:
    if not row.notes:
        return None
    opened = context.appliance.keyring.open(NOTES_PURPOSE, row.notes)
    return msgspec.json.decode(opened.reveal(), type=FirstPersonNotes)


def _progress(context: Context, row: Setup, ticket: Secret) -> SetupProgress:
    notes = _open_notes(context, row)
    if notes is None:
        return SetupProgress(ticket=ticket, step="person")
    enrolment = totp.describe(Secret(notes.factor), notes.login_id, issuer(context))
    return SetupProgress(
        ticket=ticket,
        step="factor",
        login_id=notes.login_id,
        name=notes.name,
        enrolment=enrolment,
    )


def _tidy(code: Secret) -> str:
    text = code.reveal()[:64].casefold().translate(MISREAD)
    return "".join(sign for sign in text if sign in ALPHABET)
