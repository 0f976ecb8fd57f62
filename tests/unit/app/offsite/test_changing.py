"""Who may set which destination up, and what is refused."""

import pytest

from app.core.errors import Conflict, InvalidInput, NotFound
from app.offsite.jobs import ship
from app.offsite.kinds import CheckpointFolder, DailyMail, SyslogReceiver
from app.offsite.operations.changing import (
    create_destination,
    remove_destination,
    send_again,
    update_destination,
)
from app.offsite.operations.checking import MOST, DestinationChange, NewDestination
from app.offsite.operations.showing import OneDestination, list_destinations
from app.offsite.operations.trying import try_destination
from app.operations.context import SYSTEM, Actor, Context, Plane
from app.operations.errors import ConfirmationNeeded, NotAllowed
from app.operations.operation import NoRequest
from app.operations.permissions import Permission, Rights

SYSLOG = SyslogReceiver(host="log.example.test")
FOLDER = CheckpointFolder(path="/mnt/share")
MAIL = DailyMail(people=["nobody"])


@pytest.fixture
def system(appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


def test_events_leave_only_by_who_may_export_them_F4(appliance):
    def manager(*more):
        rights = Rights((each, "") for each in (Permission.SETTINGS_MANAGE, *more))
        return Context(appliance, actor=Actor(account="a", rights=rights), plane=Plane.CONSOLE)

    def create(context, **target):
        new = NewDestination(name="x", **target)
        context.confirmed = create_destination.digest(new)
        return create_destination(context, new)

    with pytest.raises(ConfirmationNeeded):
        create_destination(manager(), NewDestination(name="x", folder=FOLDER))
    with pytest.raises(NotAllowed):
        create(manager(), syslog=SYSLOG)
    made = create(manager(Permission.AUDIT_EXPORT), syslog=SYSLOG)
    with pytest.raises(NotAllowed):
        send_again(manager(), OneDestination(destination=made.id))


@pytest.mark.parametrize(
    ("field", "target"),
    [
        ("syslog", {}),
        ("syslog", {"syslog": SYSLOG, "folder": FOLDER}),
        ("authority", {"syslog": SyslogReceiver(host="x", authority="no certificate")}),
        ("path", {"folder": CheckpointFolder(path="/mnt/../etc")}),
        ("people", {"mail": MAIL}),
    ],
)
def test_what_does_not_fit_names_its_field(system, field, target):
    with pytest.raises(InvalidInput) as caught:
        create_destination(system, NewDestination(name="x", **target))
    assert caught.value.parameters["field"] == field
    assert list_destinations(system, NoRequest()).items == []


def test_names_are_told_apart_and_the_number_has_an_end(system):
    for number in range(MOST):
        create_destination(system, NewDestination(name=f"{number}", folder=FOLDER))
    for name in ("0", "one more"):
        with pytest.raises(InvalidInput, match="name"):
            create_destination(system, NewDestination(name=name, folder=FOLDER))


def test_the_kind_stays_and_a_newer_change_wins(system):
    made = create_destination(system, NewDestination(name="x", folder=FOLDER))
    change = {"destination": made.id, "name": "y", "rev": made.rev}
    with pytest.raises(InvalidInput, match="kind"):
        update_destination(system, DestinationChange(**change, syslog=SYSLOG))
    assert update_destination(system, DestinationChange(**change, folder=FOLDER)).rev == 2
    with pytest.raises(Conflict):
        update_destination(system, DestinationChange(**change, folder=FOLDER))
    with pytest.raises(InvalidInput):
        send_again(system, OneDestination(destination=made.id))


@pytest.mark.parametrize("operation", [remove_destination, send_again, try_destination])
def test_what_is_not_there_is_not_found(system, operation):
    with pytest.raises(NotFound):
        operation(system, OneDestination(destination="gone"))


def test_where_nothing_is_sealed_nothing_is_sent(appliance, system):
    made = create_destination(system, NewDestination(name="x", syslog=SYSLOG))
    ship(appliance, lambda: False)
    (found,) = list_destinations(system, NoRequest()).items
    assert (found.id, found.tried_at, found.error) == (made.id, 0, "")
