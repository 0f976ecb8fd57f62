"""The ledger of what the packet filter counts: totals over restarts, drops by the hour."""

from pathlib import Path

import pytest

from appliance.machine import counting
from appliance.machine.counting import Counting
from appliance.machine.ledger import FORGOTTEN_AFTER, HOUR, HOURS, Amount, Ledger, begun, entered

NOON = 1_700_000 * HOUR
BY_HOUR = frozenset({"refused", "banned"})


def refused(packets: int) -> dict[str, Amount]:
    return {"refused": Amount(packets=packets, bytes=packets * 60)}


def after(ledger: Ledger, packets: int, boot: str = "one", at: int = NOON) -> Ledger:
    return entered(ledger, refused(packets), boot, at, BY_HOUR)


def test_a_total_goes_on_over_a_restart_of_the_machine_METI_42() -> None:
    ledger = after(begun(refused(5), "one", NOON), 8)
    assert ledger.totals["refused"] == Amount(packets=8, bytes=480)
    ledger = after(ledger, 9, boot="two")
    assert ledger.totals["refused"].packets == 17, "also where the new count is larger already"
    ledger = after(ledger, 2, boot="two")
    assert ledger.totals["refused"].packets == 19, "the rules were flushed: all of it is new"
    assert after(ledger, 2, boot="two") == ledger
    assert ledger.since == NOON


def test_drops_are_kept_by_the_hour_for_seven_days_METI_42() -> None:
    ledger = begun(refused(5), "one", NOON)
    assert ledger.hours == {}, "nobody knows when that was"
    ledger = after(ledger, 8, at=NOON + 10)
    ledger = after(ledger, 9, at=NOON + HOUR - 1)
    ledger = after(ledger, 9, at=NOON + HOUR)
    ledger = after(ledger, 11, at=NOON + 2 * HOUR)
    assert ledger.hours == {NOON: {"refused": 4}, NOON + 2 * HOUR: {"refused": 2}}
    assert NOON not in after(ledger, 11, at=NOON + HOURS * HOUR).hours
    put_back = after(ledger, 12, at=NOON)
    assert put_back.hours == {NOON: {"refused": 5}}, "no hour lies in the future"


def test_a_way_keeps_its_last_use_and_leaves_long_after_it_METI_42() -> None:
    way = {"sent 0x00000001": Amount(packets=1, bytes=90, at=NOON)}
    ledger = begun(way, "one", NOON)
    ledger = entered(ledger, {}, "one", NOON + 40 * 24 * HOUR, BY_HOUR)
    assert ledger.totals == way, "the kernel has forgotten it"
    again = {"sent 0x00000001": Amount(packets=1, bytes=10, at=NOON + 1)}
    ledger = entered(ledger, again, "one", NOON + 1, BY_HOUR)
    assert ledger.totals["sent 0x00000001"] == Amount(packets=2, bytes=100, at=NOON + 1)
    assert ledger.hours == {}, "only drops are kept by the hour"
    assert entered(ledger, {}, "one", NOON + 1 + FORGOTTEN_AFTER, BY_HOUR).totals == {}


def test_the_ledger_is_found_again_by_the_next_agent_METI_42(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = refused(3)
    monkeypatch.setattr(counting, "_counted", lambda: (BY_HOUR, counted))
    assert Counting(tmp_path).look().totals["refused"].packets == 3
    counted.update(refused(4))
    ledger = Counting(tmp_path).look()
    assert ledger.totals["refused"].packets == 4
    assert [*ledger.hours.values()] == [{"refused": 1}]


def test_a_ledger_that_cannot_be_written_goes_on_in_memory_METI_42(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = refused(3)
    monkeypatch.setattr(counting, "_counted", lambda: (BY_HOUR, counted))
    one = Counting(tmp_path / "gone")
    one.look()
    counted.update(refused(7))
    assert one.look().totals["refused"].packets == 7
    assert not (tmp_path / "gone").exists()


def test_a_ledger_that_cannot_be_read_begins_anew_METI_42(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_counted", lambda: (BY_HOUR, refused(3)))
    (tmp_path / counting.FILE).write_bytes(b"{")
    ledger = Counting(tmp_path).look()
    assert ledger.totals["refused"].packets == 3
    assert ledger.hours == {}
