"""Destinations set up, changed, removed, sent everything again."""

from typing import Any

import msgspec
from sqlalchemy import delete, update

from app.audit.following import head_of
from app.core.errors import InvalidInput
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.offsite import client_certificate, progress
from app.offsite.kinds import (
    Kind,
    SyslogReceiver,
    Target,
    encode_target,
)
from app.offsite.models import Destination, Shipment
from app.offsite.operations.checking import DestinationChange, NewDestination, Wanted, check
from app.offsite.operations.showing import (
    ON_CONSOLE,
    DestinationView,
    OneDestination,
    view_of,
)
from app.offsite.progress import need, shipments
from app.operations.context import Context
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """A destination that gets nothing more."""

    name: str
    """What it was called."""


@operation(
    "offsite.create",
    permission=Permission.SETTINGS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/offsite/destinations", 201),
)
def create_destination(context: Context, new: NewDestination) -> DestinationView:
    """Send the history to a further place off the machine.

    Raise InvalidInput naming the field.
    """
    session, target = context.session, new.target
    check(context, session, new)
    head = head_of(context.appliance.settings.sealed_store)
    made = Destination(
        id=new_identifier(),
        name=new.name,
        kind=new.kind.value,
        document=encode_target(target),
        created_at=context.now,
    )
    made.key = _sealed_key(context, made.id, new)
    session.add(made)
    session.flush()
    session.add(Shipment(destination=made.id, position=0 if new.from_beginning else head.size))
    session.flush()
    _tell(context, made.id, new.name, {}, target)
    return _view(context, made.id)


@operation(
    "offsite.update",
    permission=Permission.SETTINGS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/offsite/destinations/{destination}"),
)
def update_destination(context: Context, change: DestinationChange) -> DestinationView:
    """Change where the history goes; it goes on where it was.

    Raise InvalidInput naming the field, Conflict if somebody else changed it in the meantime.
    """
    session, target = context.session, change.target
    old = need(session, change.destination)
    check(context, session, change)
    row = session.get_one(Destination, old.id)
    row.name, row.document, row.rev = change.name, encode_target(target), old.rev + 1
    row.key = _sealed_key(context, old.id, change, kept=old.key)
    session.add(row)
    session.flush()
    # the new place is tried at once, whatever was wrong with the old one
    changed = update(shipments).where(shipments.c.destination == old.id)
    session.connection().execute(changed.values(rev=old.rev + 1, not_before=0))
    before = {"name": old.name, **msgspec.to_builtins(old.target)}
    _tell(context, old.id, change.name, before, target)
    return _view(context, old.id)


@operation(
    "offsite.remove",
    permission=Permission.SETTINGS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("DELETE", "/offsite/destinations/{destination}"),
)
def remove_destination(context: Context, which: OneDestination) -> Removed:
    """Send nothing more to a place off the machine; what is there stays there."""
    session = context.session
    old = need(session, which.destination)
    connection = session.connection()
    connection.execute(delete(shipments).where(shipments.c.destination == old.id))
    connection.execute(delete(progress.destinations).where(progress.destinations.c.id == old.id))
    context.event.about("destination", old.id, old.name)
    for field, value in msgspec.to_builtins(old.target).items():
        context.event.change(field, value, None)
    return Removed(name=old.name)


@operation(
    "offsite.send_again",
    permission=Permission.SETTINGS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/offsite/destinations/{destination}/send-again"),
)
def send_again(context: Context, which: OneDestination) -> DestinationView:
    """Send the whole history again to a syslog receiver, from the first event on."""
    old = need(context.session, which.destination)
    if old.kind is not Kind.SYSLOG:
        reason = mark("Only a syslog receiver gets events.")
        raise InvalidInput(field="destination", reason=reason)
    context.require(Permission.AUDIT_EXPORT)
    context.event.about("destination", old.id, old.name)
    context.event.numbers["position"] = old.position
    again = update(shipments).where(shipments.c.destination == old.id)
    nothing = dict.fromkeys(("position", "checkpoint", "checkpoint_at", "not_before"), 0)
    context.session.connection().execute(again.values(nothing))
    return _view(context, old.id)


def _sealed_key(context: Context, identifier: str, wanted: Wanted, kept: str = "") -> str:
    """Return the key of our own certificate as it is kept; empty where there is no certificate."""
    target, key = wanted.target, wanted.client_key
    if not isinstance(target, SyslogReceiver) or not target.certificate:
        return ""
    if key is None:
        return kept
    context.event.references["client_key"] = "changed"
    return context.appliance.keyring.seal(client_certificate.purpose_of(identifier), key)


def _view(context: Context, identifier: str) -> DestinationView:
    head = head_of(context.appliance.settings.sealed_store)
    return view_of(context.session, need(context.session, identifier), head, context.now)


def _tell(
    context: Context, identifier: str, name: str, before: dict[str, Any], target: Target
) -> None:
    """Say in the event what is another."""
    context.event.about("destination", identifier, name)
    for field, value in {"name": name, **msgspec.to_builtins(target)}.items():
        if before.get(field) != value:
            context.event.change(field, before.get(field), value)
