"""Dates as people in Japan write them."""

import pytest

from app.files.dates import read_date
from app.files.errors import Unfit


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-11-21", "2026-11-21"),
        ("2026/1/2", "2026-01-02"),
        ("2026.01.02", "2026-01-02"),
        ("2026年1月2日", "2026-01-02"),
        ("２０２６年１月２日", "2026-01-02"),
        ("令和8年11月21日", "2026-11-21"),
        ("令和元年5月1日", "2019-05-01"),
        ("R8.11.21", "2026-11-21"),
        ("h31/4/30", "2019-04-30"),
        ("平成31年5月1日", "2019-05-01"),
        ("昭和64年1月7日", "1989-01-07"),
        ("㍻元年1月8日", "1989-01-08"),
        ("明治45年7月29日", "1912-07-29"),
    ],
)
def test_dates_are_read_as_people_in_japan_write_them(text, date):
    assert read_date(text) == date


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-30",
        "2026/13/1",
        "令和元年4月30日",
        "令和0年6月1日",
        "21.11.2026",
        "20261121",
        "x",
    ],
)
def test_what_is_no_day_is_no_date(text):
    with pytest.raises(Unfit):
        read_date(text)
