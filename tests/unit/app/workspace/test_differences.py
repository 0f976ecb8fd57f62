"""Two values beside each other: what differs is marked in both, and both stay whole."""

import pytest

from app.workspace.differences import LONGEST, beside


def text(parts) -> str:
    return "".join(one for _, one in parts)


def test_words_that_differ_are_marked_in_both():
    before, after = beside("納品は正門から。\nGate 12", "納品は裏門から。\nGate 13")
    assert before == [
        ("same", "納品は"), ("gone", "正"), ("same", "門から。\nGate "), ("gone", "12"),
    ]  # fmt: skip
    assert after == [
        ("same", "納品は"), ("new", "裏"), ("same", "門から。\nGate "), ("new", "13"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "x"), ("x", ""), ("abc", "xyz"),
        ("a\n" * LONGEST, "a\n" * (LONGEST - 1) + "b\n"),
        ("x" * 100_000, "y" * 100_000),
        ("\n".join(map(str, range(5_000))), "\n".join(map(str, range(1, 5_000)))),
    ],
)  # fmt: skip
def test_both_texts_stay_whole_however_long_they_are(before, after):
    old, new = beside(before, after)
    assert (text(old), text(new)) == (before, after)


def test_a_long_text_is_compared_line_by_line():
    lines = [f"line {number}\n" for number in range(LONGEST // 4)]
    changed = [*lines[:7], "another\n", *lines[8:]]
    old, new = beside("".join(lines), "".join(changed))
    assert [one for one in old if one[0] != "same"] == [("gone", "line 7\n")]
    assert [one for one in new if one[0] != "same"] == [("new", "another\n")]


def test_texts_that_are_built_to_take_long_take_no_longer_than_others():
    old, new = beside("ああ" * 999 + "い", "う" + "ああ" * 999)
    assert (text(old), text(new)) == ("ああ" * 999 + "い", "う" + "ああ" * 999)
    assert len(old) + len(new) <= 4
