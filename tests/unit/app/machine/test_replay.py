"""A recording as people read it (S11)."""

import json

import pytest

from app.machine.replay import Line, plain, replay

HEADER = {"version": 2, "width": 80, "height": 24}


def cast(*events: tuple[float, str, str]) -> str:
    """A recording of some events."""
    return "".join(f"{json.dumps(one)}\n" for one in (HEADER, *events))


def read(*events: tuple[float, str, str]) -> list[tuple[float, bool, str]]:
    return [(one.second, one.typed, one.text) for one in replay(cast(*events))]


def test_what_was_typed_stands_beside_what_was_shown_each_with_its_time_S11() -> None:
    events = (0.5, "o", "tenshu> "), (1.0, "i", "disk\r"), (1.5, "o", "disk\r\nFilesystem\r\n")
    assert read(*events) == [
        (1.0, True, "disk"), (0.5, False, "tenshu> disk"), (1.5, False, "Filesystem"),
    ]  # fmt: skip


def test_keys_that_come_one_by_one_are_one_line_from_the_first_on_S11() -> None:
    assert read((1.0, "i", "d"), (1.2, "i", "u\x7f"), (1.4, "i", "f\r")) == [(1.0, True, "df")]


def test_what_is_not_finished_is_told_at_the_end_in_the_order_in_which_it_began_S11() -> None:
    assert read((2.0, "o", "half a line"), (3.0, "i", "half a word")) == [
        (2.0, False, "half a line"), (3.0, True, "half a word"),
    ]  # fmt: skip


def test_events_of_other_kinds_and_the_heading_are_passed_over_S11() -> None:
    assert list(replay(cast((1.0, "r", "80x24"), (2.0, "m", "mark")))) == []
    assert list(replay("")) == []
    (one,) = replay(cast((1.0, "o", "日本語\n")))
    assert one == Line(second=1.0, typed=False, text="日本語")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("\x1bMup", "up"),
        ("typpo\x08\x08o", "typo"),
        ("\x08\x08start", "start"),
        ("a\tb", "a\tb"),
        ("bell\x07 and null\x00", "bell and null"),
    ],
)
def test_a_line_holds_no_control_of_the_terminal_S11(raw: str, shown: str) -> None:
    assert plain(raw) == shown
