"""Where mail goes: the company's own relay."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlmodel import Session

from app.core.errors import Conflict
from app.core.keyring import KeyRing
from app.core.messages import mark
from app.core.secret import Secret
from app.mail.addresses import Address
from app.mail.errors import NoRelay
from app.mail.models import StoredRelay

ONLY_ROW: Final = 1
PURPOSE: Final = "mail relay password"
NO_PASSWORD: Final = Secret("")

LINE: Final = r"^[^\x00-\x1f\x7f]*$(?!\n)"
ASCII: Final = r"^[\x20-\x7e]*$(?!\n)"
HOST: Final = r"^(?:[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+)$(?!\n)"

Encryption = Literal["none", "starttls", "tls"]


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """The relay of this company."""

    host: Annotated[
        str, Meta(max_length=253, pattern=HOST, description="Host name or address of the relay")
    ]
    port: Annotated[int, Meta(ge=1, le=65535, description="Port of the relay")] = 587
    encryption: Annotated[
        Encryption, Meta(description="How the connection is encrypted: none, starttls or tls")
    ] = "starttls"
    authority: Annotated[
        str,
        Meta(
            max_length=65536,
            description="Certificate (PEM) of the authority that signed the relay's own; "
            "empty: those that the machine knows",
        ),
    ] = ""
    user: Annotated[
        str, Meta(max_length=256, pattern=ASCII, description="User at the relay; empty: none")
    ] = ""
    sender: Annotated[Address, Meta(description="Address that mails come from")]
    sender_name: Annotated[
        str, Meta(max_length=64, pattern=LINE, description="Name that mails come from")
    ] = ""


class RelayInForce(msgspec.Struct, frozen=True, kw_only=True):
    """The relay with what opens it."""

    relay: Relay
    password: Secret
    rev: int


def load(session: Session, keyring: KeyRing) -> RelayInForce | None:
    """Return the relay in force; None while nobody has named one."""
    row = session.get(StoredRelay, ONLY_ROW)
    if row is None:
        return None
    return RelayInForce(
        relay=msgspec.json.decode(row.document, type=Relay),
        password=keyring.open(PURPOSE, row.password) if row.password else NO_PASSWORD,
        rev=row.rev,
    )


def need(session: Session, keyring: KeyRing) -> RelayInForce:
    """Return the relay in force. Raise NoRelay while nobody has named one."""
    found = load(session, keyring)
    if found is None:
        raise NoRelay
    return found


def store(session: Session, keyring: KeyRing, relay: Relay, password: Secret, rev: int) -> None:
    """Put another relay into force. Raise Conflict unless `rev` is the one in force (0: none)."""
    row = session.get(StoredRelay, ONLY_ROW)
    if rev != (row.rev if row else 0):
        raise Conflict(name=mark("Mail relay"))
    row = row or StoredRelay(id=ONLY_ROW, document="", rev=0)
    row.document, row.rev = msgspec.json.encode(relay).decode(), rev + 1
    row.password = keyring.seal(PURPOSE, password) if len(password) else ""
    session.add(row)
    session.flush()
