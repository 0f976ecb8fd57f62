"""Messages as RFC 5424 has them, whatever stands in an event."""

import re

from hypothesis import given
from hypothesis import strategies as st

from app.offsite.rfc5424 import LONGEST, Severity, compose, frame, timestamp

HEAD = re.compile(
    rb"<(\d{1,3})>1 (\S+) ([!-~]{1,255}) tenshu - ([!-~]{1,32})"
    rb' \[tenshu@32473((?: [!-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\] \xef\xbb\xbf(.*)',
    re.DOTALL,
)


def message(**told) -> bytes:
    return compose(
        **{"severity": Severity.NOTICE, "at": 0, "host": "h", "kind": "k", "data": {}, "text": ""}
        | told
    )


@given(st.text(), st.text(max_size=400), st.text(max_size=40), st.text())
def test_whatever_people_type_stays_in_its_place_V8(text, host, kind, value):
    found = HEAD.fullmatch(message(text=text, host=host, kind=kind, data={"a": value}))
    assert found
    assert found[1] == b"109"
    found[6].decode()  # UTF-8 to its end


def test_a_text_that_is_too_long_is_cut_between_two_characters():
    made = message(text="漢" * LONGEST)
    assert LONGEST - 3 < len(made) <= LONGEST
    assert made.decode().endswith("漢")
    assert frame(made).startswith(str(len(made)).encode() + b" <")


def test_signs_that_end_a_value_are_escaped_and_empty_values_left_out():
    made = message(data={"name": 'a"b]c\\d', "empty": ""}).decode()
    assert r'[tenshu@32473 name="a\"b\]c\\d"]' in made


def test_a_time_of_no_calendar_is_left_open():
    assert timestamp(1_795_000_000_123) == "2026-11-18T11:06:40.123Z"
    assert timestamp(10**18) == "-"
