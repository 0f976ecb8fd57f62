"""Following the sealed history: in order, from a position on, whatever somebody did to it."""

import pytest

from app.audit.following import Head, follow, head_of
from app.audit.merkle import leaf_hash
from tests.unit.app.audit.trail import Trail


@pytest.fixture
def trail(tmp_path):
    made = Trail(tmp_path)
    yield made
    made.close()


def test_a_history_that_has_not_begun_has_nothing_to_follow(tmp_path):
    assert head_of(tmp_path) == Head()
    assert follow(tmp_path, 0, 10) == []
    assert Head().history == ""


def test_what_stands_behind_a_position_comes_in_order_with_its_leaf_F5(trail):
    trail.add(5)
    head = head_of(trail.folder)
    assert head.history == trail.signer.name
    events = follow(trail.folder, 2, 3)
    assert [each.position for each in events] == [2, 3, 4]
    assert events[0].content.verb == events[0].row.verb
    assert events[0].row.actor_name == "山田 花子"
    assert follow(trail.folder, head.size, 3) == []


def test_an_event_that_somebody_made_unreadable_holds_nobody_up_F5(trail):
    trail.add(4)
    trail.tamper("""UPDATE events SET content = '{"id":"x","verb":"y"}' WHERE position = 2""")
    events = follow(trail.folder, 1, 3)
    assert [each.position for each in events] == [1, 2, 3]
    assert (events[1].content, events[1].row.readable) == (None, False)
    assert events[1].hash == leaf_hash(b'{"id":"x","verb":"y"}').hex()
