"""Finding events: sealed ones and those that still wait, by every filter, page by page."""

import json
from pathlib import Path

import pytest

from app.audit.errors import EventUnknown, InvalidCursor
from app.audit.event import Outcome
from app.audit.filters import EventFilter
from app.audit.models import OutboxEvent
from app.audit.search import detail, export, lag, search
from app.audit.store import FILE_NAME
from tests.unit.app.audit.trail import Trail, draft


def found(trail: Trail, **wanted: object) -> list[str]:
    page = search(trail.database, trail.folder, EventFilter(**wanted), limit=1000)
    return [row.id for row in page.rows]


def test_a_page_shows_who_when_from_where_what_and_target_F5(trail: Trail) -> None:
    (event,) = trail.add()
    row = search(trail.database, trail.folder).rows[0]
    assert (row.id, row.position, row.outcome, row.readable) == (event.id, 1, "done", True)
    assert (row.actor, row.actor_name, row.peer) == ("person0", "山田 花子", "192.0.2.7")
    assert (row.verb, row.target_kind, row.target_name) == ("orders.create", "order", "注文 0")
    assert row.at == 1_763_690_000_000


def test_events_that_wait_to_be_sealed_are_seen_at_once_with_the_lag_F5(trail: Trail) -> None:
    trail.add(2)
    waiting = [trail.write(draft(number)).id for number in range(3)]
    page = search(trail.database, trail.folder)
    assert {row.id for row in page.rows[:3]} == set(waiting)
    assert {row.position for row in page.rows[:3]} == {None}
    assert page.unsealed == 3
    assert page.oldest_unsealed >= 0
    assert lag(trail.database).unsealed == 3
    trail.sealer.turn()
    assert (lag(trail.database).unsealed, lag(trail.database).oldest) == (0, 0)


def test_an_event_is_seen_once_while_it_moves_from_outbox_to_store(trail: Trail) -> None:
    event = trail.write(draft())
    with trail.database.read() as session:
        row = session.get(OutboxEvent, event.id)
        assert row is not None
        kept = row.model_dump()
    trail.sealer.turn()
    with trail.database.write() as session:
        session.add(OutboxEvent(**kept))
    assert found(trail).count(event.id) == 1


def test_pages_join_without_gap_or_repetition(trail: Trail) -> None:
    trail.add(7)
    for number in range(5):
        trail.write(draft(number))
    every = found(trail)
    assert len(every) == 13
    joined, after = [], ""
    while True:
        page = search(trail.database, trail.folder, after=after, limit=4)
        joined += [row.id for row in page.rows]
        if not page.next:
            break
        after = page.next
    assert joined == every


@pytest.mark.parametrize("sealed", [True, False])
def test_every_filter_finds_what_it_names_and_nothing_else_F5(trail: Trail, sealed: bool) -> None:
    def order(number: int, **changes: object) -> str:
        return trail.write(draft(number, **changes)).id

    mine = order(1, actor="me")
    refused = order(2, outcome=Outcome.REFUSED, error="denied")
    other = order(3, verb="accounts.create", target_kind="account", target="a1")
    named = order(4, target_name='「霞が関」 100%_"quoted" Straße')
    old = order(-100_000)
    if sealed:
        trail.sealer.turn()
    assert found(trail, actor="me") == [mine]
    assert found(trail, outcome=Outcome.REFUSED) == [refused]
    assert refused not in found(trail, outcome=Outcome.DONE)
    assert found(trail, verb="accounts.create") == [other]
    assert found(trail, verb="accounts.*") == [other]
    assert found(trail, verb="accounts") == []
    assert found(trail, target_kind="account") == [other]
    assert found(trail, target="a1") == [other]
    assert found(trail, until=1_763_689_990_000) == [old]
    assert set(found(trail, since=1_763_690_004_000, until=1_763_690_004_001)) == {named}
    assert found(trail, since=2_000_000_000_000) == []
    for text in ("霞が関", '100%_"QUOTED"', "straße"):
        assert found(trail, text=text) == [named], text
    assert found(trail, text="100_") == []
    assert found(trail, text="denied") == [refused]
    assert found(trail, actor="me", verb="accounts.*") == []


def test_one_event_shows_before_after_and_device(trail: Trail) -> None:
    waiting = trail.write(draft(3))
    for position in (None, 1):
        seen = detail(trail.database, trail.folder, waiting.id)
        assert (seen.row.id, seen.row.position) == (waiting.id, position)
        assert (seen.before, seen.after) == ({"state": "new"}, {"state": "state 3"})
        assert (seen.device, seen.content.fields) == ("Firefox", ("state",))
        trail.sealer.turn()


def test_an_erased_value_says_by_whom_and_under_what_it_was_erased(trail: Trail) -> None:
    (event,) = trail.add()
    erasure = trail.erase("person0")
    seen = detail(trail.database, trail.folder, event.id)
    assert (seen.row.actor_name, seen.row.target_name) == ("", "注文 0")
    assert seen.erased.keys() == {"actor"}
    assert seen.erased["actor"].event == erasure.id
    assert seen.erased["actor"].by == "officer"
    assert seen.erased["actor"].basis == "個人情報保護法 第35条"


def test_values_taken_away_by_nobody_are_simply_not_there(trail: Trail) -> None:
    (event,) = trail.add()
    trail.tamper("DELETE FROM parts")
    assert detail(trail.database, trail.folder, event.id).erased == {}


def test_an_unknown_event_is_refused(trail: Trail, tmp_path: Path) -> None:
    with pytest.raises(EventUnknown):
        detail(trail.database, trail.folder, "0" * 28)
    with pytest.raises(EventUnknown):
        detail(trail.database, tmp_path / "not begun", "0" * 28)


@pytest.mark.parametrize("cursor", ["x1", "s", "s-1", "s９", "u", "s99999999999999999999"])
def test_a_cursor_that_we_did_not_make_is_refused(trail: Trail, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        search(trail.database, trail.folder, after=cursor)


def test_events_are_shown_before_the_sealer_ever_ran(trail: Trail, tmp_path: Path) -> None:
    event = trail.write(draft())
    page = search(trail.database, tmp_path / "not begun")
    assert [row.id for row in page.rows] == [event.id]


def test_an_event_made_unreadable_is_shown_as_such_not_hidden(trail: Trail) -> None:
    events = trail.add(3)
    trail.stop()
    path = trail.folder / FILE_NAME
    raw = path.read_bytes()
    path.write_bytes(raw.replace(events[1].content.encode(), b"!" * len(events[1].content)))
    rows = search(trail.database, trail.folder).rows
    assert [row.readable for row in rows] == [True, False, True, True]
    with pytest.raises(EventUnknown):
        detail(trail.database, trail.folder, events[1].id)
    assert len(found(trail, target_kind="order")) == 2
    assert len(found(trail, text="order")) == 2


def test_altered_values_are_shown_as_missing(trail: Trail) -> None:
    trail.add()
    trail.tamper("UPDATE parts SET value = 'no json'")
    assert search(trail.database, trail.folder).rows[0].actor_name == ""


def test_a_malformed_row_of_the_outbox_does_not_break_the_page(trail: Trail) -> None:
    event = trail.write(draft())
    with trail.database.write() as session:
        session.add(OutboxEvent(id="zz", content="no json", parts="[]"))
        session.add(OutboxEvent(id="zy", content=event.content, parts="no json"))
    page = search(trail.database, trail.folder)
    assert [row.actor_name for row in page.rows[:2]] == ["", "山田 花子"]
    assert page.oldest_unsealed >= 0
    with pytest.raises(EventUnknown):
        detail(trail.database, trail.folder, "zz")


def test_the_age_is_unknown_where_the_oldest_has_no_identifier_of_ours(trail: Trail) -> None:
    with trail.database.write() as session:
        session.add(OutboxEvent(id="zz", content="no json", parts="[]"))
    assert (lag(trail.database).unsealed, lag(trail.database).oldest) == (1, 0)


def test_an_export_holds_every_event_once_even_if_it_is_sealed_meanwhile_F5(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.search.EXPORT_PAGE", 3)
    sealed = [event.id for event in trail.add(4)]
    waiting = [trail.write(draft(number)).id for number in range(5)]
    exported = []
    for row in export(trail.database, trail.folder, EventFilter(target_kind="order")):
        exported.append(row["id"])
        if len(exported) == 3:
            trail.sealer.turn()
    assert sorted(exported) == sorted(sealed + waiting)
    assert json.dumps(next(export(trail.database, trail.folder)))
