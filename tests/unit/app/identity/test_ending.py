"""The thread that puts away what has ended: it goes on where it could not."""

import logging
import threading

import pytest

from app.core.database_errors import DatabaseBusy
from app.identity.ending import Ending
from app.identity.models import Grant
from app.identity.operations import grants
from app.identity.operations.grants import NewGrant


def test_what_has_ended_is_put_away_by_itself_F4(house):
    person = house.person("tanaka")
    until = house.time.now + 1_000
    given = grants.give(
        house.local, NewGrant(holder=person.id, permission="jobs.view", until=until)
    )
    house.time.now = until
    ending = Ending(house.appliance, pause=0.01)
    ending.start()
    gone, deadline = threading.Event(), 500
    while not gone.wait(0.02) and deadline:
        deadline -= 1
        with house.appliance.database.read() as session:
            if session.get(Grant, given.id) is None:
                gone.set()
    ending.stop()
    assert gone.is_set()
    assert not ending.is_alive()


def test_what_cannot_be_put_away_is_said_once_and_tried_again_F4(
    house, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    answers, enough = iter([True, True, False, True]), threading.Event()

    def busy(_):
        if (answer := next(answers, None)) is None:
            enough.set()
        elif answer:
            raise DatabaseBusy(seconds=10)

    monkeypatch.setattr("app.identity.ending.end_due", busy)
    ending = Ending(house.appliance, pause=0.01)
    with caplog.at_level(logging.WARNING):
        ending.start()
        assert enough.wait(30)
        ending.stop()
    assert caplog.text.count("cannot be put away") == 2, "once for each time that it fails anew"
