"""Times, sizes and numbers as people here write them."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import DAY, HOUR, MINUTE, SECOND
from app.web.design import formatting

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
AT = int(dt.datetime(2026, 11, 21, 1, 45, 6, 789_000, dt.UTC).timestamp() * 1000)


def test_a_time_stands_in_the_zone_and_the_form_of_its_reader() -> None:
    assert formatting.format_time(AT, "ja", TOKYO) == "2026年11月21日(土) 10:45"
    assert formatting.format_time(AT, "en", TOKYO) == "Sat 21 Nov 2026, 10:45"
    assert formatting.format_time(AT, "en", NEW_YORK) == "Fri 20 Nov 2026, 20:45"


def test_what_ends_at_midnight_is_told_by_its_last_day() -> None:
    midnight = int(dt.datetime(2026, 11, 21, tzinfo=TOKYO).timestamp() * 1000)
    assert formatting.format_end_time(midnight, "ja", TOKYO) == "2026年11月20日(金)"
    assert formatting.format_end_time(midnight, "en", NEW_YORK) == "Fri 20 Nov 2026, 10:00"
    assert formatting.format_end_time(AT, "en", TOKYO) == "Sat 21 Nov 2026, 10:45"


def test_the_exact_time_tells_milliseconds_and_the_distance_from_utc() -> None:
    assert (
        formatting.format_exact_time(AT, "ja", TOKYO)
        == "2026年11月21日(土) 10:45:06.789 (UTC+09:00)"
    )
    assert (
        formatting.format_exact_time(AT, "en", NEW_YORK)
        == "Fri 20 Nov 2026 20:45:06.789 (UTC-05:00)"
    )


def test_the_machine_time_is_rfc_3339_in_utc() -> None:
    assert formatting.format_machine_time(AT) == "2026-11-21T01:45:06.789Z"


@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_the_machine_time_reads_back_as_the_same_instant(instant: int) -> None:
    read = dt.datetime.fromisoformat(formatting.format_machine_time(instant))
    assert round(read.timestamp() * 1000) == instant


@pytest.mark.parametrize(
    ("day", "japanese", "english"),
    [
        (dt.date(2026, 11, 21), "令和8年11月21日", "21 Nov Reiwa 8"),
        (dt.date(2019, 5, 1), "令和元年5月1日", "1 May Reiwa 1"),
        (dt.date(2019, 4, 30), "平成31年4月30日", "30 Apr Heisei 31"),
        (dt.date(1989, 1, 8), "平成元年1月8日", "8 Jan Heisei 1"),
        (dt.date(1989, 1, 7), "昭和64年1月7日", "7 Jan Showa 64"),
        (dt.date(1926, 12, 24), "大正15年12月24日", "24 Dec Taisho 15"),
        (dt.date(1912, 7, 29), "明治45年7月29日", "29 Jul Meiji 45"),
        (dt.date(1868, 10, 22), "1868年10月22日(木)", "Thu 22 Oct 1868"),
    ],
)
def test_era_years_change_on_the_first_day_of_each_era(
    day: dt.date, japanese: str, english: str
) -> None:
    assert formatting.format_era_date(day, "ja") == japanese
    assert formatting.format_era_date(day, "en") == english


@pytest.mark.parametrize(
    ("distance", "japanese", "english"),
    [
        (0, "たった今", "just now"),
        (-4 * SECOND, "たった今", "just now"),
        (5 * SECOND, "5秒前", "5 seconds ago"),
        (MINUTE, "1分前", "1 minute ago"),
        (3 * MINUTE + 59 * SECOND, "3分前", "3 minutes ago"),
        (HOUR, "1時間前", "1 hour ago"),
        (26 * HOUR, "1日前", "1 day ago"),
        (6 * DAY, "6日前", "6 days ago"),
        (7 * DAY, "2026年11月14日(土) 10:45", "Sat 14 Nov 2026, 10:45"),
        (-30 * SECOND, "30秒後", "in 30 seconds"),
        (-MINUTE, "1分後", "in 1 minute"),
        (-5 * HOUR, "5時間後", "in 5 hours"),
    ],
)
def test_a_time_close_by_is_a_distance_and_one_further_off_a_date(
    distance: int, japanese: str, english: str
) -> None:
    assert formatting.format_relative_time(AT - distance, AT, "ja", TOKYO) == japanese
    assert formatting.format_relative_time(AT - distance, AT, "en", TOKYO) == english


@pytest.mark.parametrize(
    ("length", "japanese", "english"),
    [
        (0, "0秒", "0 s"),
        (999, "0秒", "0 s"),
        (-SECOND, "0秒", "0 s"),
        (59 * SECOND, "59秒", "59 s"),
        (65 * MINUTE, "1時間5分", "1 h 5 min"),
        (HOUR + 5 * SECOND, "1時間", "1 h"),
        (31 * HOUR, "1日7時間", "1 d 7 h"),
        (DAY + 7 * MINUTE, "1日", "1 d"),
    ],
)
def test_a_duration_shows_its_two_largest_units(length: int, japanese: str, english: str) -> None:
    assert formatting.format_duration(length, "ja") == japanese
    assert formatting.format_duration(length, "en") == english


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.00 kB"),
        (1234, "1.23 kB"),
        (99_949, "99.9 kB"),
        (99_999, "100 kB"),
        (999_600, "1.00 MB"),
        (48_300_000_000, "48.3 GB"),
        (5 * 10**18, "5,000 PB"),
    ],
)
def test_a_size_has_three_figures_in_decimal_units(count: int, text: str) -> None:
    assert formatting.format_size(count, "en") == text


def test_few_bytes_are_words_in_japanese_too() -> None:
    assert formatting.format_size(12, "ja") == "12バイト"


def test_numbers_have_their_thousands_grouped() -> None:
    assert formatting.format_number(277676) == "277,676"
    assert formatting.format_number(1234.56, 1) == "1,234.6"


def test_hundred_per_cent_means_that_all_is_done() -> None:
    assert formatting.percent(277_675, 277_676) == 99
    assert formatting.percent(277_676, 277_676) == 100
    assert formatting.percent(5, 0) == 0
    assert formatting.percent(-1, 10) == 0
    assert formatting.percent(11, 10) == 100
    assert formatting.format_percent(1, 3) == "33%"
