"""People who may leave, and a clock that the test moves."""

import datetime as dt

import pytest

from app.operations.context import Context
from tests.unit.app.identity.conftest import cheap_hashing, house, time

__all__ = ["cheap_hashing", "house", "time"]

TOKYO = dt.timezone(dt.timedelta(hours=9))


def instant(text: str, zone: dt.tzinfo = TOKYO) -> int:
    """Return the milliseconds of a local time, `2027-03-31 23:59`."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def confirmed(context: Context, operation, request):
    """Run a dangerous operation as if it had just been confirmed."""
    acting = Context(
        context.appliance,
        actor=context.actor,
        source=context.source,
        plane=context.plane,
        confirmed=operation.digest(request),
    )
    return operation(acting, request)


@pytest.fixture
def march(house, time):
    """The house in March 2027, with an owner who stays."""
    time.now = instant("2027-03-01 09:00")
    house.person("owner", "owner")
    return house
