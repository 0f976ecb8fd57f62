"""A destination tried at once, so that a person sees what comes of it."""

import msgspec
from sqlalchemy import update

from app.audit.following import head_of
from app.core import clock
from app.core.errors import InvalidInput, NotFound
from app.core.messages import mark
from app.offsite import progress, receiver
from app.offsite.client_certificate import with_key
from app.offsite.folder import put_checkpoint
from app.offsite.kinds import CheckpointFolder, SyslogReceiver
from app.offsite.operations.showing import ON_CONSOLE, OneDestination
from app.offsite.progress import Standing, shipments
from app.offsite.telling import Teller
from app.operations.context import Context
from app.operations.operation import Route, operation
from app.operations.permissions import Permission

ANSWER = 10.0
WHOLE = 25.0
"""Seconds that a person waits for a test."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """The destination has taken what was sent."""

    name: str
    """What it is called."""
    milliseconds: int
    """How long it took."""


def _try(context: Context, which: OneDestination) -> tuple[Standing, int]:
    """Reach out; return to whom, and how long it took."""
    with context.appliance.database.read() as session:
        one = progress.one_standing(session, which.destination)
    if one is None:
        raise NotFound(kind=mark("destination"), name=which.destination)
    begin = clock.now()
    if isinstance(one.target, SyslogReceiver):
        teller = Teller(one.target, context.appliance.machine)
        target = with_key(context.appliance.keyring, one, one.target)
        receiver.send(target, [teller.trial(begin)], answer=ANSWER, whole=WHOLE)
    elif isinstance(one.target, CheckpointFolder):
        head = head_of(context.appliance.settings.sealed_store)
        put_checkpoint(one.target.path, head, begin, seconds=ANSWER)
    else:
        reason = mark("Try the mail relay under Settings, Mail.")
        raise InvalidInput(field="destination", reason=reason)
    return one, max(clock.now() - begin, 0)


@operation(
    "offsite.try",
    permission=Permission.SETTINGS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/offsite/destinations/{destination}/try"),
    ahead=_try,
)
def try_destination(context: Context, which: OneDestination) -> Tried:
    """Send a test to a place off the machine, and say at once what came of it."""
    one, milliseconds = context.ahead
    context.event.about("destination", one.id, one.name)
    context.event.numbers["milliseconds"] = milliseconds
    # what waits for it goes out at once
    now = update(shipments).where(shipments.c.destination == which.destination)
    context.session.connection().execute(now.values(not_before=0))
    return Tried(name=one.name, milliseconds=milliseconds)
