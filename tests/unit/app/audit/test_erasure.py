"""Erasing values: they are gone, the history is whole, and it says why."""

import time

import pytest

from app.audit.erasure import export_erasures, import_erasures, missing_erasures, read_erasures
from app.audit.errors import ErasureListMalformed, StoreUnwritable
from app.audit.event import Outcome
from app.audit.store import ERASURES_NAME, PATIENCE, reading
from app.audit.verdict import State, Wrong
from tests.unit.app.audit.trail import Trail, draft


def traces(trail: Trail, text: str) -> int:
    """Count a text in every file of the store, free pages and write-ahead log included."""
    return sum(path.read_bytes().count(text.encode()) for path in trail.folder.iterdir())


def parts(trail: Trail) -> set[tuple[int, str]]:
    with reading(trail.folder) as connection:
        return set(connection.execute("SELECT position, name FROM parts"))


def test_an_erased_person_leaves_no_trace_and_the_history_stays_whole_F5(trail: Trail) -> None:
    trail.write(draft(0, actor="taro", actor_name="消える太郎"))
    trail.write(draft(1, target="taro", target_name="消える太郎"))
    trail.write(draft(2, actor="hana", actor_name="残る花子"))
    trail.sealer.turn()
    assert traces(trail, "消える太郎") > 0
    erasure = trail.erase("taro")
    assert traces(trail, "消える太郎") == 0
    assert traces(trail, "残る花子") > 0
    verdict = trail.verify()
    assert verdict.state is State.WHOLE
    (erased,) = verdict.erased
    assert (erased.parts, erased.erasure.event, erased.erasure.by) == (2, erasure.id, "officer")
    assert erased.erasure.basis == "個人情報保護法 第35条"


def test_who_reads_an_older_state_delays_no_sealing_and_the_values_go_when_they_end_METI_31(
    trail: Trail,
) -> None:
    trail.write(draft(0, actor="taro", actor_name="消える太郎"))
    trail.sealer.turn()
    with reading(trail.folder) as connection:
        held = connection.execute("SELECT count(*) FROM parts").fetchone()
        begun = time.monotonic()
        trail.erase("taro")
        assert time.monotonic() - begun < PATIENCE / 2  # it does not wait for the reader
        assert connection.execute("SELECT count(*) FROM parts").fetchone() == held
        assert traces(trail, "消える太郎") > 0
    trail.sealer.turn()
    assert traces(trail, "消える太郎") == 0


def test_a_log_that_cannot_be_cleared_is_told_and_tried_again(trail: Trail) -> None:
    trail.add(1)
    trail.erase("person0")
    ledger = trail.sealer._ledger
    ledger._log_holds_erased = True
    ledger._connection.execute("BEGIN IMMEDIATE")  # SQLite refuses it inside a transaction
    with pytest.raises(StoreUnwritable):
        trail.sealer.turn()
    ledger._connection.execute("ROLLBACK")
    trail.sealer.turn()
    assert not ledger._log_holds_erased


def test_values_sealed_after_the_erasure_stay_and_must_stay_F5(trail: Trail) -> None:
    trail.add(3)
    trail.erase("person0")
    trail.add(3)
    assert {(1, "actor"), (5, "actor")} & parts(trail) == {(5, "actor")}
    assert trail.verify().state is State.WHOLE
    trail.tamper("DELETE FROM parts WHERE position = 5 AND name = 'actor'")
    wrong = trail.verify().wrong
    assert wrong is not None
    assert (wrong.wrong, wrong.position) == (Wrong.VALUE_REMOVED, 5)


def test_each_of_two_erasures_of_one_person_explains_its_own_time(trail: Trail) -> None:
    trail.add(3)
    first = trail.erase("person0")
    trail.add(3)
    second = trail.erase("person0")
    verdict = trail.verify()
    assert verdict.state is State.WHOLE
    assert [(each.erasure.event, each.parts) for each in verdict.erased] == [
        (first.id, 1),
        (second.id, 1),
    ]


def test_a_retention_period_takes_all_older_values(trail: Trail) -> None:
    trail.add(4)
    trail.erase(before=1_763_690_002_000)
    assert {position for position, _ in parts(trail)} == {0, 3, 4, 5} - {0}
    verdict = trail.verify()
    assert (verdict.state, verdict.erased[0].parts) == (State.WHOLE, 4)


def test_an_erasure_that_was_refused_erases_nothing(trail: Trail) -> None:
    trail.add(2)
    made = draft(9, verb="audit.erase", outcome=Outcome.REFUSED)
    made.references["subject"] = "person0"
    trail.write(made)
    trail.write(draft(9, verb="audit.erase", actor="officer"))  # names nobody
    trail.sealer.turn()
    assert (1, "actor") in parts(trail)
    assert trail.verify().erased == ()


def test_values_without_a_subject_are_not_erased_with_anybody(trail: Trail) -> None:
    trail.write(draft(0, actor="", actor_name="nobody signed in"))
    trail.sealer.turn()
    trail.erase("person0")
    assert (1, "actor") in parts(trail)
    trail.tamper("DELETE FROM parts WHERE position = 1 AND name = 'actor'")
    assert trail.verify().state is State.TAMPERED


def test_the_list_of_erasures_survives_on_its_own(trail: Trail) -> None:
    trail.add(3)
    trail.erase("person0")
    trail.erase(before=1_763_690_002_000)
    with reading(trail.folder) as connection:
        held = read_erasures(connection)
    assert import_erasures(export_erasures(held.all)) == held.all
    assert missing_erasures(held.all, held) == []
    with pytest.raises(ErasureListMalformed):
        import_erasures("{}")


def test_each_erasure_is_listed_beside_the_store_for_the_next_backup_F5(trail: Trail) -> None:
    trail.add(3)
    trail.erase("person1")
    listed = trail.folder / ERASURES_NAME
    assert [each.subject for each in import_erasures(listed.read_text())] == ["person1"]
    trail.stop()
    listed.unlink()  # as a kill between the erasure and its list would leave it
    trail.start()
    assert [each.subject for each in import_erasures(listed.read_text())] == ["person1"]


def test_an_erasure_made_unreadable_erases_nothing_and_is_named(trail: Trail) -> None:
    trail.add(2)
    event = trail.erase("person0")
    trail.stop()
    path = trail.folder / "sealed.sqlite"
    content = event.content.encode()
    path.write_bytes(path.read_bytes().replace(content, b"!" * len(content)))
    verdict = trail.verify()
    assert verdict.erased == ()
    assert verdict.state is State.TAMPERED
