"""Time and names are made in one way everywhere."""

import re
import time

from freezegun import freeze_time

from app.core import clock
from app.core.identifiers import new_identifier
from app.core.incident import ALPHABET, new_incident


def test_time_is_whole_milliseconds_utc():
    before = int(time.time() * 1000)
    assert before <= clock.now() <= time.time() * 1000 + 1
    with freeze_time("2026-11-21T00:00:00Z"):
        assert clock.now() == 1_795_219_200_000


def test_the_units_fit_each_other():
    assert [clock.SECOND, clock.MINUTE, clock.HOUR, clock.DAY] == [
        1_000, 60_000, 3_600_000, 86_400_000,
    ]  # fmt: skip


def test_identifiers_differ_and_sort_by_the_time_of_their_making():
    made = []
    for second in range(10):
        with freeze_time(f"2026-11-21T00:00:0{second}Z"):
            made += [new_identifier(), new_identifier()]
    assert len(set(made)) == 20
    assert sorted(made) == made  # also the two of one moment
    assert all(re.fullmatch("[0-9a-f]{28}", each) for each in made)


def test_an_incident_number_is_short_and_has_no_letters_that_sound_alike_METI_12():
    numbers = {new_incident() for _ in range(500)}
    assert len(numbers) == 500
    assert all(re.fullmatch(rf"T-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", each) for each in numbers)
    assert not set("01OIL") & set(ALPHABET)
