"""The child that prepares the data folder, hands it over to the supervisor, and announces."""

import os
import socket

from app.audit.durable import write_durably
from app.core.settings import Settings
from app.start import announce, connections, hand_over, place, programs
from app.start.prepare import new_claim_code, prepare
from app.start.start import Say


def prepare_and_announce(
    settings: Settings, supervisor: socket.socket, *, language: str, as_json: bool, say: Say
) -> int:
    """Prepare, hand the lock over, wait for the planes, announce; return the exit code.

    Raise what `prepare` raises, PortTaken, AddressUnusable or RoleNotAdmitted.
    """
    parent = os.getppid()
    prepared = prepare(settings, say)
    if not settings.edge:  # whose ports they are then
        place.require_free_ports(settings)
    claim_code = new_claim_code(prepared.appliance)
    addresses = connections.lay_out(settings, prepared.appliance.database)
    prepared.appliance.database.close()
    configuration = settings.run / programs.CONFIGURATION
    write_durably(configuration, programs.render(addresses).encode(), mode=0o600)
    hand_over.give(supervisor, prepared.lock)
    return announce.announce(
        prepared, claim_code, language=language, as_json=as_json, supervisor=parent
    )
