"""Where the history leaves to over the network: what the packet filter has to let out.

A folder on another machine is mounted by the machine, which finds it by itself; a daily mail goes
by the relay.
"""

from collections.abc import Iterator

from sqlalchemy import select
from sqlmodel import Session, col

from app.offsite.kinds import Kind, SyslogReceiver, decode_target
from app.offsite.models import Destination
from appliance.contract.configuration.firewall import Purpose
from appliance.contract.configuration.outgoing import Needed


def offsite_destinations(session: Session) -> Iterator[Needed]:
    """Yield the syslog receivers."""
    receivers = select(col(Destination.document)).where(col(Destination.kind) == Kind.SYSLOG.value)
    for document in session.connection().scalars(receivers.order_by(col(Destination.id))):
        target = decode_target(Kind.SYSLOG, document)
        if isinstance(target, SyslogReceiver):
            yield Needed(purpose=Purpose.SYSLOG, host=target.host, port=target.port)
