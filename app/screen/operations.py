"""Who stands before the machine's own screen proves to be an owner, or to hold the key kit.

That somebody tries, and how it ends, is an event; that it worked is told to every owner by mail in
the same transaction, before anything is done: what follows may be a restart.
"""

import contextlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlmodel import Session, col, select

from app.audit.event import Source
from app.backups import kit as kits
from app.core import clock
from app.core.errors import InvalidInput
from app.core.messages import mark, translate
from app.core.secret import Secret
from app.identity import account_rows, lockout, login_ids, passwords, rights
from app.identity.models import Account, Password
from app.identity.tried import Tried, attempt
from app.machine.errors import MachineError
from app.mail import queue as mail
from app.mail.templates import Template, template
from app.mail.times import written_time
from app.operations.context import Actor, Appliance, Context, Plane
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.screen.errors import NotProven, TooManyTries
from appliance.contract.errors import ApplianceError
from appliance.contract.kit import KeyKit
from appliance.contract.secret import Secret as MachineSecret

PEER: Final = "screen"
"""Where a request came from, in the history."""
COUNTED: Final = "(the machine's own screen)"
"""What failures are counted for: all that come from the screens, and nobody's sign-ins, which
strangers could lock from outside. No login ID looks like this."""
VERB: Final = "screen.prove"
TOLD: Final[Template] = template(
    VERB,
    subject=mark("Somebody acts at the machine's own screen: {appliance}"),
    body=mark(
        "At the screen of the machine {appliance} an owner's proof was given ({who}), to do this:"
        "\n\n{what}\n\n{at}\n\n"
        "If none of you stands there, look who does, and at the history on the console."
    ),
)


class Prove(msgspec.Struct, frozen=True, kw_only=True):
    """A proof, and what it is for."""

    what: Annotated[str, Meta(max_length=200, description="What is to be done, a marked text")]
    about: Annotated[str, Meta(max_length=200, description="To what or whom")] = ""
    login_id: Annotated[str, Meta(max_length=128, description="Login ID; empty with a kit")] = ""
    password: Annotated[Secret, Meta(description="The owner's password")] = Secret("")
    kit: Annotated[Secret, Meta(description="The key kit as it is printed")] = Secret("")


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """Who it is."""

    account: str
    """Identifier; empty for whoever holds the key kit."""
    name: str
    """Of the person, or what the kit is called."""


def context_at_screen(appliance: Appliance, language: str, proven: Proven | None = None) -> Context:
    """Return the context of a request from the screen: the machine's own console."""
    actor = Actor(account="local", name=PEER, local=True)
    if proven and proven.account:
        with appliance.database.read() as session:
            account = account_rows.by_id(session, proven.account)
            held = rights.held_by(session, account, clock.now())
        actor = Actor(account=proven.account, name=proven.name, rights=held, local=True)
    elif proven:
        actor = Actor(account="local", name=proven.name, local=True)
    return Context(
        appliance, actor=actor, source=Source(peer=PEER), plane=Plane.LOCAL, language=language
    )


def prove(context: Context, proof: Prove) -> Proven:
    """Check a proof. Raise NotProven, TooManyTries, MachineError for a mistyped kit."""
    if len(proof.kit):
        return prove_operation(context, proof).unwrap()
    with context.appliance.database.read() as session:
        _, kept = _of(session, proof.login_id)
    # the slow part before the transaction, and the same work for who does not exist
    with passwords.verified_ahead(kept.hash if kept else None, proof.password):
        return prove_operation(context, proof).unwrap()


@operation(VERB, permission=Permission.ANYBODY, planes=(), in_reserve=True)
def prove_operation(context: Context, proof: Prove) -> Tried[Proven]:
    """Prove at the machine's own screen to be an owner, or to hold the key kit."""
    context.event.change("what", None, f"{proof.what} {proof.about}".strip())
    return attempt(context, lambda: _counted(context, proof))


def _counted(context: Context, proof: Prove) -> Proven:
    session, now = context.session, context.now
    if seconds := lockout.wait_in_turn(session, COUNTED, "", now):
        raise TooManyTries(seconds=seconds)
    try:
        proven = _by_kit(context, proof) if len(proof.kit) else _by_password(context, proof)
    except NotProven:
        lockout.count(session, COUNTED, "", now)
        raise
    lockout.forget(session, COUNTED)
    _tell_owners(context, proven, proof)
    return proven


def _by_password(context: Context, proof: Prove) -> Proven:
    account, kept = _of(context.session, proof.login_id)
    fits = passwords.verify(kept.hash if kept else None, proof.password)
    if not (fits and account and kept and account.is_owner):
        raise NotProven
    if kept.must_change or not account_rows.may_sign_in(account, kept, context.now):
        raise NotProven
    context.event.about("account", account.id, account.name)
    context.event.references["proof"] = "password"
    context.event.actor, context.event.actor_name = account.id, account.name
    return Proven(account=account.id, name=account.name)


def _by_kit(context: Context, proof: Prove) -> Proven:
    ring = context.appliance.keyring
    ring.refresh()  # a new kit was made by another process
    public = ring.named(kits.PUBLIC)
    try:
        shown = KeyKit.from_text(MachineSecret(proof.kit.reveal()))
    except ApplianceError as error:
        raise MachineError(error) from error
    if public is None or not public.matches(shown.public_key().hex()):
        raise NotProven
    context.event.about("key_kit", shown.number())
    context.event.references["proof"] = "key_kit"
    name = context.event.actor_name = f"key kit {shown.number()}"
    return Proven(account="", name=name)


def _of(session: Session, login_id: str) -> tuple[Account | None, Password | None]:
    account = account_rows.by_login_id(session, login_ids.fold(login_id))
    return account, session.get(Password, account.id) if account else None


def _tell_owners(context: Context, proven: Proven, proof: Prove) -> None:
    """Queue a mail to every owner who has an address; the overview tells the others."""
    owners = context.session.exec(
        select(Account).where(
            col(Account.is_owner), Account.state == account_rows.ACTIVE, Account.mail != ""
        )
    ).all()
    for owner in owners:
        what = translate(owner.language, proof.what)
        values = {
            "appliance": context.appliance.machine,
            "who": proven.name,
            "what": f"{what} {proof.about}".strip(),
            "at": written_time(context.now, owner.time_zone),
        }
        # an address that cannot be one must not stand between an owner and the machine
        with contextlib.suppress(InvalidInput):
            mail.queue(
                context, to=owner.mail, template=TOLD, values=values, language=owner.language
            )
    context.event.numbers["told"] = len(owners)
