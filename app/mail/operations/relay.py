"""The relay: shown, set, tried."""

from typing import Annotated, Final

import msgspec
from cryptography import x509
from msgspec import Meta

from app.core import clock
from app.core.errors import InvalidInput
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.core.secret import Secret
from app.mail import relay as relays
from app.mail.addresses import Address
from app.mail.message import compose
from app.mail.models import StoredRelay
from app.mail.relay import NO_PASSWORD, Relay
from app.mail.templates import fill, template
from app.mail.transport import connect
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission

ON_CONSOLE: Final = (Plane.CONSOLE,)
ANSWER: Final = 10.0
WHOLE: Final = 25.0
"""Seconds that a person waits for a test."""

TEST: Final = template(
    "mail.test",
    subject=mark("Test mail of {appliance}"),
    body=mark(
        "This mail shows that {appliance} reaches you through your mail relay.\n\n"
        "There is nothing to do."
    ),
)


class RelaySetting(msgspec.Struct, frozen=True, kw_only=True):
    """The relay in force, without its password."""

    relay: Relay | None
    """None while nobody has named one."""
    has_password: bool
    """Whether a password is kept, sealed."""
    rev: int
    """To be given back with a change; 0: none yet."""


class MailReadiness(msgspec.Struct, frozen=True):
    """Whether mails leave."""

    ready: bool
    """Somebody has named a relay."""


class RelayChange(msgspec.Struct, frozen=True, kw_only=True):
    """Another relay."""

    relay: Annotated[Relay, Meta(description="All of it, changed or not")]
    password: Annotated[
        Secret | None, Meta(description="Password at the relay; left out: the one that is kept")
    ] = None
    rev: Annotated[int, Meta(ge=0, lt=2**62, description="Revision that was seen; 0: none yet")]


class TrialMail(msgspec.Struct, frozen=True, kw_only=True):
    """Where a test mail goes."""

    to: Address


class TrialSent(msgspec.Struct, frozen=True, kw_only=True):
    """The relay has taken the test mail."""

    milliseconds: int
    """How long it took."""


@operation(
    "mail_relay.get",
    permission=Permission.SETTINGS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/mail/relay"),
)
def get_relay(context: Context, _: NoRequest) -> RelaySetting:
    """Show the mail relay."""
    found = relays.load(context.session, context.appliance.keyring)
    if found is None:
        return RelaySetting(relay=None, has_password=False, rev=0)
    return RelaySetting(relay=found.relay, has_password=len(found.password) > 0, rev=found.rev)


@operation(
    "mail_relay.ready", permission=Permission.SIGNED_IN, effect=Effect.READ, planes=ON_CONSOLE
)
def is_ready(context: Context, _: NoRequest) -> MailReadiness:
    """Tell whether a mail relay is named."""
    return MailReadiness(context.session.get(StoredRelay, relays.ONLY_ROW) is not None)


@operation(
    "mail_relay.update",
    permission=Permission.SETTINGS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/mail/relay"),
)
def update_relay(context: Context, change: RelayChange) -> RelaySetting:
    """Send mail by another relay.

    Raise InvalidInput naming the field, Conflict if somebody else changed it in the meantime.
    """
    keyring = context.appliance.keyring
    old = relays.load(context.session, keyring)
    _check_authority(change.relay)
    password = _password(change, old)
    relays.store(context.session, keyring, change.relay, password, change.rev)
    before = msgspec.to_builtins(old.relay) if old else {}
    for field, value in msgspec.to_builtins(change.relay).items():
        if before.get(field) != value:
            context.event.change(field, before.get(field), value)
    if change.password is not None:
        context.event.references["password"] = "changed" if len(password) else "removed"
    return get_relay.function(context, NoRequest())


def _check_authority(relay: Relay) -> None:
    if not relay.authority:
        return
    try:
        x509.load_pem_x509_certificates(relay.authority.encode())
    except ValueError as error:
        reason = mark("This is no certificate in PEM form (-----BEGIN CERTIFICATE-----).")
        raise InvalidInput(field="authority", reason=reason) from error


def _password(change: RelayChange, old: relays.RelayInForce | None) -> Secret:
    """Return the password to keep. It never goes to another place than it was typed for."""
    relay = change.relay
    if not relay.user:
        return NO_PASSWORD
    if relay.encryption == "none":
        reason = mark("A password is only sent over an encrypted connection.")
        raise InvalidInput(field="encryption", reason=reason)
    if change.password is not None:
        if not change.password.reveal().isascii():
            reason = mark("Relays know only letters, digits and signs of ASCII in a password.")
            raise InvalidInput(field="password", reason=reason)
        return change.password
    if old is None or _place(old.relay) != _place(relay):
        reason = mark("Type the password again: relay, port, user or authority is another one.")
        raise InvalidInput(field="password", reason=reason)
    return old.password


def _place(relay: Relay) -> tuple[object, ...]:
    return relay.host, relay.port, relay.encryption, relay.authority, relay.user


def _send_test(context: Context, request: TrialMail) -> int:
    """Hand a test mail to the relay at once; return how long that took."""
    with context.appliance.database.read() as session:
        found = relays.need(session, context.appliance.keyring)
    begin = clock.now()
    mail = compose(
        found.relay,
        identifier=new_identifier(),
        recipient=request.to,
        language=context.language,
        content=fill(TEST, context.language, {"appliance": context.appliance.machine}),
        at=begin,
    )
    with connect(found.relay, found.password, answer=ANSWER, whole=WHOLE) as connection:
        connection.send(mail, request.to)
    return clock.now() - begin


@operation(
    "mail_relay.test",
    permission=Permission.SETTINGS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/mail/relay/test"),
    ahead=_send_test,
)
def try_relay(context: Context, request: TrialMail) -> TrialSent:  # noqa: ARG001
    """Send a test mail, and say at once what came of it."""
    milliseconds: int = context.ahead
    context.event.numbers["milliseconds"] = milliseconds
    return TrialSent(milliseconds=milliseconds)
