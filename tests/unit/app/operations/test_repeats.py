"""A change that is asked for again with the same key is done once (METI-23)."""

import dataclasses
import threading

import msgspec
import pytest

from app.core import clock
from app.core.errors import Conflict
from app.operations import repeats
from app.operations.context import Context
from app.operations.errors import KeyNotTaken, NotAllowed
from app.operations.permissions import Permission, Rights
from app.operations.repeats import KeyUsedOtherwise, UnderWay
from tests.unit.app.operations.test_operation import as_person


class Note(msgspec.Struct):
    """A request with a text."""

    body: str


class Kept(msgspec.Struct):
    """What became of it."""

    number: int


@pytest.fixture
def keyed(console):
    return as_person(dataclasses.replace(console, repeat_key="k-1"))


@pytest.fixture
def make(declare, write):
    """An operation that writes a row and counts how often it ran."""
    ran = []

    @declare("notes.write", permission=Permission.ACCOUNTS_MANAGE, repeatable=True)
    def make_note(context: Context, request: Note) -> Kept:
        if request.body == "broken":
            raise Conflict(name="x")
        ran.append(request.body)
        write(context, request.body)
        return Kept(number=len(ran))

    return make_note


def test_a_change_is_done_once_and_answered_as_before_METI_23(make, keyed, notes, written):
    first = make(keyed, Note(body="a"))
    assert make(keyed, Note(body="a")) == first == Kept(number=1)
    assert notes() == ["a"]
    assert len(written()) == 1, "what did not happen again leaves no event"


def test_without_a_key_or_with_another_one_or_person_it_is_another_change(make, keyed, notes):
    make(keyed, Note(body="a"))
    make(dataclasses.replace(keyed, repeat_key="k-2"), Note(body="a"))
    make(dataclasses.replace(keyed, repeat_key=""), Note(body="a"))
    other = dataclasses.replace(keyed.actor, account="a2")
    make(dataclasses.replace(keyed, actor=other), Note(body="a"))
    assert len(notes()) == 4


def test_a_key_belongs_to_one_request(make, keyed, notes):
    make(keyed, Note(body="a"))
    with pytest.raises(KeyUsedOtherwise):
        make(keyed, Note(body="b"))
    assert notes() == ["a"]


def test_what_failed_is_tried_again(make, keyed, notes):
    with pytest.raises(Conflict):
        make(keyed, Note(body="broken"))
    make(keyed, Note(body="a"))
    assert notes() == ["a"]


def test_an_answer_is_given_only_to_who_still_has_the_right(make, keyed, notes):
    make(keyed, Note(body="a"))
    poor = dataclasses.replace(keyed.actor, rights=Rights([]))
    with pytest.raises(NotAllowed):
        make(dataclasses.replace(keyed, actor=poor), Note(body="a"))


def test_an_operation_that_takes_no_key_says_so_instead_of_being_done_twice(declare, keyed):
    @declare("notes.write", permission=Permission.ACCOUNTS_MANAGE)
    def make(context: Context, request: Note) -> None: ...

    with pytest.raises(KeyNotTaken):
        make(keyed, Note(body="a"))


def test_an_answer_is_sealed_and_kept_for_a_day(make, keyed, notes, appliance, monkeypatch):
    make(keyed, Note(body="a"))
    with appliance.database.read() as session:
        (answer,) = session.connection().exec_driver_sql(
            "SELECT answer FROM operations_repeat"
        ).scalars()  # fmt: skip
    assert "number" not in answer
    later = clock.now() + repeats.KEPT + 1
    monkeypatch.setattr(clock, "now", lambda: later)
    make(keyed, Note(body="a"))
    assert len(notes()) == 2


def test_the_same_change_at_the_same_moment_is_done_by_one_of_them(make, keyed, notes, monkeypatch):
    """Both have looked and found nothing, as two processes may."""
    looked = threading.Barrier(2)
    find = repeats.find

    def find_together(context, digest):
        found = find(context, digest)
        looked.wait(10)
        return found

    monkeypatch.setattr(repeats, "find", find_together)
    outcomes = []

    def ask():
        try:
            outcomes.append(make(keyed, Note(body="a")).number)
        except UnderWay as error:
            outcomes.append(error.status)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert notes() == ["a"]
    assert 409 in outcomes
    assert len(outcomes) == 2
