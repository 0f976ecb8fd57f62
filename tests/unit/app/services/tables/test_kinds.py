"""Texts and stored values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.files.dates import read_date
from app.files.errors import Unfit
from app.services.tables import kinds
from app.services.tables.folding import END, fold, key_of, search_text
from app.services.tables.kinds import reader_of, show, store, write_decimal, writer_of
from app.services.tables.models import FieldKind


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


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("-12", -12), ("+5", 5), ("1,234,567", 1234567), ("１２３", 123),
        ("¥1,200", 1200),
        ("￥１，２００", 1200), ("1200円", 1200), ("△300", -300), ("▲1,000", -1000), ("−5", -5),
        ("0012", 12), ("3.00", 3), ("9" * 18, 10**18 - 1),
    ],
)  # fmt: skip
def test_whole_numbers_are_read_as_offices_write_them(text, number):
    assert store(FieldKind.INTEGER, 0, text) == number


@pytest.mark.parametrize(
    "text", ["1.5", "1,23", "1_000", "9" * 19, "12a", "１２月", "--1", "1" * 9999, "∞"]
)
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(Unfit):
        store(FieldKind.INTEGER, 0, text)


def test_decimals_are_exact_and_never_rounded():
    read = reader_of(FieldKind.DECIMAL, 3)
    assert (read("1.5"), read("-0.001"), read("2"), read("1.5000"), read("0.5")) == (
        1500, -1, 2000, 1500, 500,
    )  # fmt: skip
    for text in ("1.2345", "x", "9" * 16, "1.2.3"):
        with pytest.raises(Unfit):
            read(text)


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.integers(0, 12))
def test_a_written_decimal_reads_back_as_itself(stored, scale):
    assert store(FieldKind.DECIMAL, scale, write_decimal(stored, scale)) == stored


@given(st.text(), st.sampled_from(FieldKind))
def test_any_text_is_stored_or_refused_with_a_reason_V3(text, kind):
    try:
        stored = store(kind, 2, text)
    except Unfit as unfit:
        stored = unfit
    assert isinstance(stored, (str, int, Unfit)) or not text


def test_ticks_are_read_and_written():
    assert [store(FieldKind.CHECKBOX, 0, text) for text in ("はい", "○", "TRUE", "ＹＥＳ")] == [
        1
    ] * 4
    assert [store(FieldKind.CHECKBOX, 0, text) for text in ("いいえ", "×", "no", "0")] == [0] * 4
    assert [store(FieldKind.CHECKBOX, 0, tick) for tick in (True, False)] == [1, 0]
    assert [writer_of(FieldKind.CHECKBOX)(tick) for tick in (1, 0)] == ["TRUE", "FALSE"]
    with pytest.raises(Unfit):
        store(FieldKind.CHECKBOX, 0, "maybe")


def test_the_api_gives_and_takes_the_same_values():
    assert store(FieldKind.DECIMAL, 2, 1.25) == 125
    assert store(FieldKind.INTEGER, 0, 7) == 7
    assert store(FieldKind.TEXT, 0, None) is None
    assert store(FieldKind.TEXT, 0, "") is None
    assert show(FieldKind.DECIMAL, 2, 125) == "1.25"
    assert show(FieldKind.DECIMAL, 0, 125) == "125"
    assert show(FieldKind.CHECKBOX, 0, 1) is True
    assert show(FieldKind.INTEGER, 0, 7) == 7
    assert show(FieldKind.TEXT, 0, None) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [("a\0b", kinds.HAS_NUL), ("x" * 1_000_001, kinds.TOO_LONG), ("\ud83d", kinds.NOT_UNICODE)],
)
def test_texts_that_cannot_be_kept_whole_are_refused(text, reason):
    with pytest.raises(Unfit) as unfit:
        store(FieldKind.TEXT, 0, text)
    assert unfit.value.reason == reason


def test_search_sees_no_difference_of_case_width_and_kana():
    assert len({fold(text) for text in ("ガス", "ｶﾞｽ", "がす")}) == 1
    assert fold("ＡＢＣ①㈱") == fold("abc1(株)")
    assert fold("かすみ") == fold("カスミ") == fold("ｶｽﾐ")


def test_a_search_text_keeps_fields_apart():
    text = search_text([key_of(1), key_of(2), key_of(4097)], ["霞", "", "が関"])
    assert text == f"{key_of(1)}霞{END}{key_of(4097)}が関{END}"
    assert fold("霞が関") not in text
    assert len({key_of(number) for number in range(1, 9000)}) == 8999


@given(
    st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_whatever_people_type_stays_inside_its_field_V3(texts, place):
    keys = [key_of(number) for number in range(1, len(texts) + 1)]
    whole = search_text(keys, texts)
    assert whole == search_text(keys, [fold(text) for text in texts])
    for key, text in zip(keys, texts, strict=True):
        if text:
            inside = whole.split(key, 1)[1].split(END, 1)[0]
            assert inside == fold(text)
