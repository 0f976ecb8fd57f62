"""What is wanted of a destination, and what is wrong with it before a code is spent."""

from typing import Annotated, Final

import msgspec
from cryptography import x509
from msgspec import Meta
from sqlmodel import Session

from app.core.errors import Conflict, InvalidInput
from app.core.messages import mark
from app.core.secret import Secret
from app.identity.actors import actor_of
from app.identity.models import Account
from app.identity.time_zones import check_time_zone
from app.offsite import client_certificate, progress
from app.offsite.kinds import CheckpointFolder, DailyMail, Kind, SyslogReceiver, Target
from app.offsite.progress import Standing, need
from app.operations.context import Context
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

    client_key: Annotated[
        Secret | None,
        Meta(
            description="Private key (PEM) of our own certificate; left out: the one that is kept"
        ),
    ] = None

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


def check(context: Context, session: Session, wanted: NewDestination | DestinationChange) -> None:
    """Find out what is wrong before a code is spent.

    Raise InvalidInput, Conflict where somebody else changed it in the meantime, NotAllowed where
    somebody would send what they may not take away.
    """
    known, target, kept = progress.all_standing(session), wanted.target, Secret("")
    if isinstance(wanted, DestinationChange):
        old = need(session, wanted.destination)
        _check_old(old, wanted)
        kept = client_certificate.kept_key(context.appliance.keyring, old)
        known = [one for one in known if one.id != wanted.destination]
    elif len(known) >= MOST:
        raise InvalidInput(field="name", reason=mark("There are 20 destinations already."))
    if wanted.name in {one.name for one in known}:
        raise InvalidInput(field="name", reason=mark("Another destination is called so."))
    if isinstance(target, SyslogReceiver):
        context.require(Permission.AUDIT_EXPORT)
        _check_authority(target)
        key = kept if wanted.client_key is None else wanted.client_key
        client_certificate.check(target, key, context.now)
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
