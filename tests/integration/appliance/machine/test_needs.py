"""From the settings to the packet filter: a mail relay named, a receiver added, both removed."""

import pytest
from sqlmodel import Session, SQLModel, delete, select

from app.audit.models import OutboxEvent
from app.core.secret import Secret
from app.machine.errors import MachineError
from app.machine.needs import Needs
from app.mail.destinations import mail_destinations
from app.mail.models import StoredRelay
from app.mail.relay import Relay, store
from app.offsite.destinations import offsite_destinations
from app.offsite.kinds import CheckpointFolder, SyslogReceiver
from app.offsite.models import Destination, Shipment
from app.offsite.operations.changing import create_destination
from app.offsite.operations.checking import NewDestination
from app.operations.context import SYSTEM, Appliance, Context, Plane
from tests.integration.appliance.machine.conftest import LOCAL, Machine

pytestmark = pytest.mark.sql


def open_ways(machine: Machine) -> set[tuple[str, str, int]]:
    return {
        (one.purpose, one.host, one.port)
        for one in machine.client.outgoing(LOCAL).ways
        if one.origin.value == "settings"
    }


def told(appliance: Appliance) -> int:
    with appliance.database.read() as session:
        events = session.exec(select(OutboxEvent.content)).all()
    return sum("machine.tell_destinations" in one for one in events)


def test_what_is_set_up_opens_and_what_is_removed_closes_METI_42(
    beside: Machine, appliance: Appliance
) -> None:
    needs = Needs((mail_destinations, offsite_destinations))
    assert not needs.tell(appliance), "nothing is set up, and nothing was before"
    system = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    relay = Relay(host="10.77.2.2", port=2525, sender="tenshu@example.test")

    def name(session: Session) -> None:
        store(session, appliance.keyring, relay, Secret(""), 0)

    appliance.database.change(name)
    receiver = SyslogReceiver(host="logs.example.test", port=6514)
    create_destination(system, NewDestination(name="logs", syslog=receiver))
    folder = CheckpointFolder(path=str(beside.folder))
    create_destination(system, NewDestination(name="share", folder=folder))
    assert needs.tell(appliance)
    assert open_ways(beside) == {
        ("mail", "10.77.2.2", 2525),
        ("syslog", "logs.example.test", 6514),
    }
    assert not needs.tell(appliance), "told once"
    assert not Needs((mail_destinations, offsite_destinations)).tell(appliance), "nor anew"
    assert told(appliance) == 1

    def forget(kind: type[SQLModel]) -> None:
        with appliance.database.write() as session:
            session.exec(delete(kind))

    forget(StoredRelay)
    assert needs.tell(appliance)
    assert open_ways(beside) == {("syslog", "logs.example.test", 6514)}

    beside.close()
    forget(Shipment)
    forget(Destination)
    with pytest.raises(MachineError):
        needs.tell(appliance)
    beside.start()
    assert open_ways(beside) == {("syslog", "logs.example.test", 6514)}, "it is remembered"
    assert needs.tell(appliance), "told at the next look"
    assert open_ways(beside) == set()
