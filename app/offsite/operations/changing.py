"""Destinations set up, changed, removed, sent everything again."""

from typing import Annotated, Any, Final

import msgspec
from cryptography import x509
from msgspec import Meta
from sqlalchemy import delete, update
from sqlmodel import Session

from app.audit.following import head_of
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.identity.actors import actor_of
from app.identity.models import Account
from app.identity.time_zones import check_time_zone
from app.offsite import progress
from app.offsite.kinds import (
    CheckpointFolder,
    DailyMail,
    Kind,
    SyslogReceiver,
    Target,
    encode_target,
)
from app.offsite.models import Destination, Shipment
from app.offsite.operations.showing import (
    ON_CONSOLE,
    DestinationView,
    OneDestination,
    view_of,
)
from app.offsite.progress import Standing, shipments
from app.operations.context import Context
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission

MOST: Final = 20
Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
        description="What people call the destination",
    ),
]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A destination: exactly one of the three kinds is given."""

    name: Name
    syslog: Annotated[
        SyslogReceiver | None, Meta(description="Every event, to a syslog receiver")
    ] = None
    folder: Annotated[CheckpointFolder | None, Meta(description="Checkpoints, into a folder")] = (
        None
    )
    mail: Annotated[DailyMail | None, Meta(description="A mail each day")] = None

    @property
    def target(self) -> Target:
        """The one that is given. Raise InvalidInput unless it is exactly one."""
        given = [one for one in (self.syslog, self.folder, self.mail) if one is not None]
        if len(given) != 1:
            reason = mark("Give exactly one of syslog, folder and mail.")
            raise InvalidInput(field="syslog", reason=reason)
        return given[0]

    @property
    def kind(self) -> Kind:
        """Of which kind it is."""
        return next(kind for kind in Kind if getattr(self, kind.value) is not None)


class NewDestination(Wanted, frozen=True, kw_only=True):
    """A further place outside."""

    from_beginning: Annotated[
        bool,
        Meta(description="Whether a syslog receiver gets the older events too, or only new ones"),
    ] = True


class DestinationChange(Wanted, frozen=True, kw_only=True):
    """Another address, other people; the kind stays."""

    destination: Annotated[str, Meta(max_length=40, description="Identifier of the destination.")]
    rev: Annotated[int, Meta(ge=0, lt=2**62, description="Revision that was seen.")]


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
    old = _need(session, change.destination)
    check(context, session, change)
    row = session.get_one(Destination, old.id)
    row.name, row.document, row.rev = change.name, encode_target(target), old.rev + 1
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
    old = _need(session, which.destination)
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
    old = _need(context.session, which.destination)
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


def _need(session: Session, identifier: str) -> Standing:
    found = progress.one_standing(session, identifier)
    if found is None:
        raise NotFound(kind=mark("destination"), name=identifier)
    return found


def _view(context: Context, identifier: str) -> DestinationView:
    head = head_of(context.appliance.settings.sealed_store)
    return view_of(context.session, _need(context.session, identifier), head, context.now)


def _tell(
    context: Context, identifier: str, name: str, before: dict[str, Any], target: Target
) -> None:
    """Say in the event what is another."""
    context.event.about("destination", identifier, name)
    for field, value in {"name": name, **msgspec.to_builtins(target)}.items():
        if before.get(field) != value:
            context.event.change(field, before.get(field), value)


def check(context: Context, session: Session, wanted: NewDestination | DestinationChange) -> None:
    """Find out what is wrong before a code is spent.

    Raise InvalidInput, Conflict where somebody else changed it in the meantime, NotAllowed where
    somebody would send what they may not take away.
    """
    known, target = progress.all_standing(session), wanted.target
    if isinstance(wanted, DestinationChange):
        _check_old(_need(session, wanted.destination), wanted)
        known = [one for one in known if one.id != wanted.destination]
    elif len(known) >= MOST:
        raise InvalidInput(field="name", reason=mark("There are 20 destinations already."))
    if wanted.name in {one.name for one in known}:
        raise InvalidInput(field="name", reason=mark("Another destination is called so."))
    if isinstance(target, SyslogReceiver):
        context.require(Permission.AUDIT_EXPORT)
        _check_authority(target)
    elif isinstance(target, CheckpointFolder):
        _check_folder(context, target)
    else:
        _check_mail(session, target)


def _check_old(old: Standing, change: DestinationChange) -> None:
    if old.kind is not change.kind:
        reason = mark("The kind stays: add a further destination.")
        raise InvalidInput(field=change.kind.value, reason=reason)
    if old.rev != change.rev:
        raise Conflict(name=old.name)


def _check_authority(target: SyslogReceiver) -> None:
    if not target.authority:
        return
    try:
        x509.load_pem_x509_certificates(target.authority.encode())
    except ValueError as error:
        reason = mark("This is no certificate in PEM form (-----BEGIN CERTIFICATE-----).")
        raise InvalidInput(field="authority", reason=reason) from error


def _check_folder(context: Context, target: CheckpointFolder) -> None:
    """Refuse what is no place outside. Nothing is looked at: the folder may hang."""
    settings = context.appliance.settings
    parts = target.path.split("/")
    inside = any(
        target.path == str(own) or target.path.startswith(f"{own}/")
        for own in (settings.data, settings.keys)
    )
    if inside or ".." in parts:
        reason = mark("Choose a folder outside the appliance's own, such as a mounted share.")
        raise InvalidInput(field="path", reason=reason)


def _check_mail(session: Session, target: DailyMail) -> None:
    try:
        check_time_zone(target.zone)
    except InvalidInput as error:
        raise InvalidInput(field="zone", reason=error.parameters["reason"]) from error
    for identifier in target.people:
        if reason := why_not_mailed(session, identifier):
            raise InvalidInput(field="people", reason=reason)


def why_not_mailed(session: Session, identifier: str) -> str:
    """Return why somebody gets no daily mail; empty where they do."""
    account, actor = session.get(Account, identifier), actor_of(session, identifier)
    if account is None or actor is None:
        return mark("One of these people has no account, or is suspended.")
    if not account.mail:
        return mark("One of these people has no mail address.")
    if not actor.rights.allows(Permission.AUDIT_VIEW):
        return mark("One of these people may not see the history.")
    return ""
