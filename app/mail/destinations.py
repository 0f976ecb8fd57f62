"""Where mail leaves to: what the packet filter has to let out."""

from collections.abc import Iterator

import msgspec
from sqlmodel import Session

from app.mail.models import StoredRelay
from app.mail.relay import ONLY_ROW, Relay
from appliance.contract.configuration.firewall import Purpose
from appliance.contract.configuration.outgoing import Needed


def mail_destinations(session: Session) -> Iterator[Needed]:
    """Yield the relay in force; nothing while nobody has named one."""
    row = session.get(StoredRelay, ONLY_ROW)
    if row is not None:
        relay = msgspec.json.decode(row.document, type=Relay)
        yield Needed(purpose=Purpose.MAIL, host=relay.host, port=relay.port)
