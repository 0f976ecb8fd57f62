"""Texts as people type them, what is stored of them, and the way back: each type of field."""

import datetime as dt
import zoneinfo
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.core.messages import catalogue
from app.files.errors import Unfit
from app.services.tables.fields import LARGEST_SCALE, FieldInfo, Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.types import numbers, texts
from app.services.tables.types.base import NOWHERE, Around
from app.services.tables.types.registry import (
    TYPES,
    check,
    reader_of,
    show,
    start_of,
    store,
    words_of,
    writer_of,
)

TOKYO, BERLIN = zoneinfo.ZoneInfo("Asia/Tokyo"), zoneinfo.ZoneInfo("Europe/Berlin")
COLOURS = tuple(Option(id=one, name=name) for one, name in enumerate(("赤", "青、緑", "White"), 1))
ENGLISH = Around(language="en")


class Colleagues:
    """Two people, of whom one is meant by a name."""

    known: ClassVar = {"a1": "東野 葵", "b2": "伊藤"}

    def find(self, text):
        for identifier, name in self.known.items():
            if text.strip() in (identifier, name):
                return identifier
        raise Unfit("nobody")

    def name(self, identifier):
        return self.known[identifier]

    def load(self, identifiers): ...

    def some(self, text, limit): ...


class Records(Colleagues):
    """Records of a table."""

    known: ClassVar = {3: "3 東京海運", 12: "12 檜"}

    def find(self, text):
        for number in self.known:
            if text.split()[:1] == [str(number)]:
                return number
        raise Unfit("none")


HERE = Around(people=Colleagues(), groups=Colleagues(), records=lambda _table: Records())


def field(kind: FieldKind, scale: int = 0, **settings) -> FieldInfo:
    if kind in (FieldKind.SELECT, FieldKind.MULTI_SELECT):
        settings.setdefault("options", COLOURS)
    if kind in (FieldKind.LINK, FieldKind.LINKS):
        settings.setdefault("target", 1)
    return FieldInfo(id=7, name="x", kind=kind, scale=scale, settings=Settings(**settings))


EXAMPLES = [
    (FieldKind.TEXT, " a\nb ", " a\nb "),
    (FieldKind.LONG_TEXT, "一\n二", "一\n二"),
    (FieldKind.INTEGER, "１，２３４", 1234),
    (FieldKind.INTEGER, "▲1,000", -1000),
    (FieldKind.INTEGER, "△ 300", -300),
    (FieldKind.INTEGER, "(1,000)", -1000),
    (FieldKind.INTEGER, "￥１，２００", 1200),
    (FieldKind.INTEGER, "−5", -5),
    (FieldKind.MONEY, "￥1,200", 1200),
    (FieldKind.MONEY, "1200 円", 1200),
    (FieldKind.MONEY, "-¥1,200", -1200),
    (FieldKind.MONEY, "▲1,200円", -1200),
    (FieldKind.MONEY, "JPY 1200", 1200),
    (FieldKind.PERCENT, "１２％", 12),
    (FieldKind.PERCENT, "-3 %", -3),
    (FieldKind.PERCENT, "100", 100),
    (FieldKind.DATE, "令和8年11月21日", "2026-11-21"),
    (FieldKind.DATE, "R8.11.21", "2026-11-21"),
    (FieldKind.DATE, "2026年11月21日(土)", "2026-11-21"),
    (FieldKind.DURATION, "1:30", 5400),
    (FieldKind.DURATION, "１時間３０分", 5400),
    (FieldKind.DURATION, "90分", 5400),
    (FieldKind.DURATION, "1.5h", 5400),
    (FieldKind.DURATION, "-0:00:05", -5),
    (FieldKind.DURATION, "2h 5s", 7205),
    (FieldKind.CHECKBOX, "○", 1),
    (FieldKind.CHECKBOX, "×", 0),
    (FieldKind.SELECT, " white ", 3),
    (FieldKind.SELECT, "ＷＨＩＴＥ", 3),
    (FieldKind.MULTI_SELECT, "赤; 青、緑", "1,2"),
    (FieldKind.MULTI_SELECT, "White、赤", "3,1"),
    (FieldKind.MULTI_SELECT, "赤\n赤\nWhite", "1,3"),
    (FieldKind.PERSON, "伊藤", "b2"),
    (FieldKind.GROUP, "a1", "a1"),
    (FieldKind.EMAIL, " Aoi＠Example.CO.JP", "Aoi@example.co.jp"),
    (FieldKind.PHONE, "０３（１２３４）５６７８", "03-1234-5678"),
    (FieldKind.PHONE, "0312345678", "03-1234-5678"),
    (FieldKind.PHONE, "0422223456", "0422-22-3456"),
    (FieldKind.PHONE, "0422（12）3456", "0422-12-3456"),  # its groups as they were typed
    (FieldKind.PHONE, "0120444444", "0120-444-444"),
    (FieldKind.PHONE, "09012345678", "090-1234-5678"),
    (FieldKind.PHONE, "+81 90-1234-5678", "090-1234-5678"),
    (FieldKind.PHONE, "03ー1234ー5678 内線12", "03-1234-5678 内線12"),
    (FieldKind.PHONE, "+1 (650) 253-0000", "+1 650-253-0000"),
    (FieldKind.PHONE, "'+1 650-253-0000", "+1 650-253-0000"),
    (FieldKind.URL, "https://example.co.jp/在庫?a=1#b", "https://example.co.jp/在庫?a=1#b"),
    (FieldKind.URL, "www.example.co.jp", "https://www.example.co.jp"),
    (FieldKind.POSTAL_CODE, "〒１００－００１３", "100-0013"),
    (FieldKind.POSTAL_CODE, "1000013", "100-0013"),
    (FieldKind.POSTAL_CODE, "100 ー 0013", "100-0013"),
    (FieldKind.ADDRESS, " 東京都千代田区　霞が関 1-2-3 ", "東京都千代田区 霞が関 1-2-3"),
    (FieldKind.LINK, "3 東京海運", 3),
    (FieldKind.LINKS, "12 檜; 3", "12,3"),
]


@pytest.mark.parametrize(("kind", "text", "stored"), EXAMPLES)
def test_texts_are_read_as_offices_in_japan_write_them(kind, text, stored):
    one = field(kind)
    assert store(one, text, HERE) == stored
    assert store(one, writer_of(one, HERE)(stored), HERE) == stored


REFUSED = [
    *((FieldKind.INTEGER, text) for text in ("1.5", "1,23", "1_000", "9" * 19, "--1", "∞", "(-1)")),
    *((FieldKind.MONEY, text) for text in ("$5", "€5", "1.5", "¥", "10万円x", "5ドル")),
    *((FieldKind.PERCENT, text) for text in ("5%%", "%", "5割")),
    *((FieldKind.DATE, text) for text in ("2026/13/45", "令和0年1月1日", "20261121", "昨日")),
    *((FieldKind.DATE_TIME, text) for text in ("2026-11-21 25:00", "午後1時", "2026-02-30 1:00")),
    *((FieldKind.DURATION, text) for text in ("90", "1:60", "h", "1:2:3:4", "99999999h")),
    *((FieldKind.CHECKBOX, text) for text in ("maybe", "2", "△")),
    *((FieldKind.SELECT, text) for text in ("黒", "1", "赤; White")),
    *((FieldKind.MULTI_SELECT, text) for text in ("赤; 黒", "赤White")),
    *((FieldKind.EMAIL, text) for text in ("a@", "a b@c.jp", "@c.jp", "a@c.jp, b@c.jp")),
    *((FieldKind.PHONE, text) for text in ("119", "03-1234", "電話なし", "03-1234-56789012", "+")),
    *(
        (FieldKind.URL, text)
        for text in (
            "javascript:alert(1)",
            "ftp://example.com",
            "https://",
            "https://user:pass@example.com",
            "https://a.jp/\nb",
            "https:\\\\a.jp",
            "https://a.jp:99999999/",
            "data:text/html,x",
        )
    ),
    *(
        (FieldKind.POSTAL_CODE, text)
        for text in ("100-001", "〒", "abc-defg", "１０００-００１３３")
    ),
    *((FieldKind.ADDRESS, text) for text in ("東京都\n千代田区", "　", "x" * 501)),
    *((FieldKind.PERSON, text) for text in ("だれか",)),
    *((FieldKind.LINK, text) for text in ("99", "無い会社")),
    *((FieldKind.LINKS, text) for text in ("3; 99",)),
]


@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_what_is_no_such_value_is_refused_with_a_reason_METI_38(kind, text):
    with pytest.raises(Unfit) as unfit:
        store(field(kind), text, HERE)
    assert unfit.value.reason
    if kind not in (FieldKind.PERSON, FieldKind.LINK, FieldKind.LINKS):
        assert unfit.value.reason in catalogue("ja")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21 14:30", "2026-11-21T05:30:00Z"),
        ("2026-11-21T14:30:15.250", "2026-11-21T05:30:15.250Z"),
        ("2026-11-21T05:30Z", "2026-11-21T05:30:00Z"),
        ("2026-11-21T14:30:15+0100", "2026-11-21T13:30:15Z"),
        ("2026/11/21", "2026-11-20T15:00:00Z"),
        ("令和8年11月21日 午後2時30分", "2026-11-21T05:30:00Z"),
        ("2026年11月21日(土) 14:30", "2026-11-21T05:30:00Z"),
        ("２０２６年１１月２１日１４時", "2026-11-21T05:00:00Z"),
        ("2026-11-21 12:05 AM", "2026-11-20T15:05:00Z"),
    ],
)
def test_a_moment_without_a_zone_is_meant_where_the_person_is(text, moment):
    one = field(FieldKind.DATE_TIME)
    assert show(one, store(one, text, Around(zone=TOKYO))) == moment


@given(st.integers(0, 4_000_000_000_000), st.sampled_from([TOKYO, BERLIN, dt.UTC]))
def test_a_written_moment_reads_back_as_itself_in_each_zone(stored, zone):
    around, one = Around(zone=zone), field(FieldKind.DATE_TIME)
    assert store(one, writer_of(one, around)(stored), around) == stored
    for language in ("ja", "en"):
        assert words_of(one, Around(language=language, zone=zone))(stored)
    assert store(one, show(one, stored), around) == stored  # what the API gives it takes


def test_the_hour_that_happens_twice_keeps_its_distance():
    one, around = field(FieldKind.DATE_TIME), Around(zone=BERLIN)
    twice = [
        int(dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC).timestamp()) * 1000
        for hour in (0, 1)
    ]
    assert [writer_of(one, around)(moment) for moment in twice] == [
        "2026-10-25 02:30+02:00",
        "2026-10-25 02:30+01:00",
    ]


@given(st.integers(-numbers.LARGEST, numbers.LARGEST), st.integers(0, LARGEST_SCALE))
def test_a_written_number_reads_back_as_itself(stored, scale):
    for kind in (FieldKind.DECIMAL, FieldKind.PERCENT):
        one = field(kind, scale)
        assert store(one, writer_of(one)(stored)) == stored
        assert store(one, show(one, stored)) == stored
    one = field(FieldKind.PERCENT, scale)
    assert store(one, words_of(one, ENGLISH)(stored)) == stored


@given(
    st.integers(-numbers.LARGEST, numbers.LARGEST),
    st.sampled_from(["JPY", "USD", "EUR", "GBP", "CNY", "KRW", "CHF", "BHD"]),
    st.sampled_from(["ja", "en"]),
)
def test_an_amount_reads_back_as_people_see_it(stored, currency, language):
    one = field(FieldKind.MONEY, numbers.usual_scale(currency), currency=currency)
    assert store(one, writer_of(one)(stored)) == stored
    if currency in numbers.CURRENCIES:
        assert store(one, words_of(one, Around(language=language))(stored)) == stored


@given(st.integers(-3_599_999_640_0, 3_599_999_640_0))
def test_a_written_length_of_time_reads_back_as_itself(stored):
    one = field(FieldKind.DURATION)
    assert store(one, writer_of(one)(stored)) == stored
    assert store(one, show(one, stored)) == stored


@given(st.dates())
def test_a_written_day_reads_back_as_itself(day):
    one = field(FieldKind.DATE)
    stored = day.isoformat()
    assert store(one, writer_of(one)(stored)) == stored
    if day.year >= 1000:
        assert store(one, words_of(one, Around(language="ja"))(stored)) == stored


@given(st.lists(st.sampled_from([1, 2, 3]), unique=True))
def test_written_choices_read_back_as_themselves(chosen):
    one = field(FieldKind.MULTI_SELECT)
    stored = ",".join(map(str, chosen)) or None
    assert store(one, writer_of(one)(stored) if stored else "") == stored
    assert store(one, show(one, stored)) == stored


OPTION_NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters=";；"), min_size=1, max_size=8
)


@given(st.lists(OPTION_NAMES, min_size=1, max_size=6))
def test_choices_of_any_name_read_back_as_themselves(names):
    options = tuple(Option(id=number, name=name) for number, name in enumerate(names, 1))
    one = FieldInfo(id=1, name="x", kind=FieldKind.MULTI_SELECT, settings=Settings(options=options))
    try:
        check(one)
    except InvalidInput:
        return  # two of the same name
    stored = ",".join(str(option.id) for option in options)
    assert store(one, writer_of(one)(stored)) == stored


@given(st.text(), st.sampled_from(list(FieldKind)))
def test_any_text_is_stored_or_refused_with_a_reason_V3(text, kind):
    one = field(kind, 2 if TYPES[kind].has_scale else 0)
    try:
        stored = store(one, text, HERE)
    except Unfit as unfit:
        stored = unfit
    if stored is None or isinstance(stored, Unfit):
        return
    assert isinstance(stored, (str, int))
    again = writer_of(one, HERE)(stored)
    assert store(one, again, HERE) == stored  # an export is read back
    assert isinstance(words_of(one, HERE)(stored), str)


def test_every_kind_has_a_type_that_tells_what_it_is_in_both_languages():
    assert set(TYPES) == set(FieldKind)
    for kind, found in TYPES.items():
        assert found.kind is kind
        assert {found.title, found.about} <= catalogue("ja").keys()


@pytest.mark.parametrize(
    ("kind", "scale", "stored", "japanese", "english"),
    [
        (FieldKind.MONEY, 0, -1234567, "-¥1,234,567", "-¥1,234,567"),
        (FieldKind.PERCENT, 1, 125, "12.5%", "12.5%"),
        (FieldKind.DATE, 0, "2026-11-21", "2026年11月21日(土)", "Sat 21 Nov 2026"),
        (FieldKind.DURATION, 0, 5400, "1:30", "1:30"),
        (FieldKind.CHECKBOX, 0, 1, "はい", "yes"),
        (FieldKind.SELECT, 0, 3, "White", "White"),
        (FieldKind.MULTI_SELECT, 0, "1,3", "赤、White", "赤, White"),
        (FieldKind.POSTAL_CODE, 0, "100-0013", "〒100-0013", "100-0013"),
    ],
)
def test_values_are_shown_as_people_of_each_language_read_them(
    kind, scale, stored, japanese, english
):
    one = field(kind, scale)
    assert words_of(one, Around(language="ja"))(stored) == japanese
    assert words_of(one, ENGLISH)(stored) == english


def test_the_api_takes_and_gives_numbers_lists_and_truth():
    assert store(field(FieldKind.DECIMAL, 2), 1.25) == 125
    assert store(field(FieldKind.INTEGER), 7) == 7
    assert store(field(FieldKind.CHECKBOX), True) == 1
    assert show(field(FieldKind.CHECKBOX), 0) is False
    assert show(field(FieldKind.DECIMAL, 2), 125) == "1.25"
    assert store(field(FieldKind.MULTI_SELECT), ["White", "赤"]) == "3,1"
    assert show(field(FieldKind.MULTI_SELECT), "3,1") == ["White", "赤"]
    assert store(field(FieldKind.LINKS), [3, 12], HERE) == "3,12"
    assert show(field(FieldKind.LINKS), "3,12") == [3, 12]
    assert store(field(FieldKind.DURATION), 90) == 90
    for kind in (FieldKind.TEXT, FieldKind.MULTI_SELECT, FieldKind.LINKS):
        assert [store(field(kind), nothing) for nothing in (None, "", [])] == [None] * 3
    with pytest.raises(Unfit):
        store(field(FieldKind.TEXT), ["a", "b"])
    with pytest.raises(Unfit):
        store(field(FieldKind.DURATION), 10**12)


@pytest.mark.parametrize(
    "kind",
    [
        FieldKind.AUTONUMBER,
        FieldKind.CREATED_AT,
        FieldKind.CREATED_BY,
        FieldKind.UPDATED_AT,
        FieldKind.UPDATED_BY,
    ],
)
def test_what_the_appliance_fills_nobody_writes(kind):
    for value in ("1", None):
        with pytest.raises(Unfit):
            store(field(kind), value, HERE)


def test_values_stay_within_the_bounds_of_their_field():
    one = field(FieldKind.DECIMAL, 1, least="-0.5", most="１０")
    assert [store(one, text) for text in ("-0.5", "10")] == [-5, 100]
    for text in ("-0.6", "10.1"):
        with pytest.raises(Unfit):
            store(one, text)
    day = field(FieldKind.DATE, least="R8.1.1")
    with pytest.raises(Unfit):
        store(day, "2025-12-31")
    whole = field(FieldKind.INTEGER, most="9")
    assert store(whole, 9) == 9
    with pytest.raises(Unfit):
        store(whole, 10)


def test_a_new_record_begins_with_the_defaults():
    noon = int(dt.datetime(2026, 11, 20, 15, 0, 30, tzinfo=dt.UTC).timestamp()) * 1000
    around = Around(now=noon, account="a1", people=Colleagues())
    assert start_of(field(FieldKind.DATE, default="today"), around) == "2026-11-21"
    assert start_of(field(FieldKind.DATE_TIME, default="now"), around) == noon - 30_000
    assert start_of(field(FieldKind.PERSON, default="me"), around) == "a1"
    assert start_of(field(FieldKind.PERSON, default="伊藤"), around) == "b2"
    assert start_of(field(FieldKind.SELECT, default="赤"), around) == 1
    assert start_of(field(FieldKind.MONEY, default="１，０００"), around) == 1000
    assert start_of(field(FieldKind.TEXT), around) is None


@pytest.mark.parametrize(
    ("kind", "scale", "settings", "place"),
    [
        (FieldKind.DATE, 0, {"default": "昨日"}, "settings.default"),
        (FieldKind.INTEGER, 0, {"least": "少し"}, "settings.least"),
        (FieldKind.INTEGER, 0, {"least": "5", "most": "4"}, "settings.least"),
        (FieldKind.TEXT, 0, {"least": "5"}, "settings.least"),
        (FieldKind.TEXT, 2, {}, "scale"),
        (FieldKind.DECIMAL, 13, {}, "scale"),
        (FieldKind.LONG_TEXT, 0, {"unique": True}, "settings.unique"),
        (FieldKind.CHECKBOX, 0, {"options": COLOURS}, "settings.options"),
        (FieldKind.MONEY, 0, {"currency": "XXQ"}, "settings.currency"),
        (FieldKind.SELECT, 0, {"options": (Option(1, "a"), Option(2, "Ａ"))}, "settings.options"),
        (FieldKind.SELECT, 0, {"options": (Option(1, "a"), Option(1, "b"))}, "settings.options"),
        (FieldKind.LINK, 0, {"target": 0}, "settings.target"),
        (FieldKind.AUTONUMBER, 0, {"pattern": "A"}, "settings.pattern"),
        (FieldKind.AUTONUMBER, 0, {"pattern": "{0}{00}"}, "settings.pattern"),
        (FieldKind.AUTONUMBER, 0, {"pattern": "{0}{x}"}, "settings.pattern"),
        (FieldKind.AUTONUMBER, 0, {"pattern": "{0}", "restart": "year"}, "settings.pattern"),
        (FieldKind.AUTONUMBER, 0, {"pattern": "{mm}-{0}", "restart": "month"}, "settings.pattern"),
        (FieldKind.CREATED_AT, 0, {"required": True}, "settings.required"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_their_place(kind, scale, settings, place):
    with pytest.raises(InvalidInput) as refused:
        check(field(kind, scale, **settings))
    assert refused.value.parameters["field"] == place
    assert refused.value.parameters["reason"] in catalogue("ja")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("a\0b", texts.HAS_NUL), ("x" * 1_000_001, texts.TOO_LONG), ("\ud83d", texts.NOT_UNICODE)],
)
def test_texts_that_cannot_be_kept_whole_are_refused(text, reason):
    for kind in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        with pytest.raises(Unfit) as unfit:
            store(field(kind), text)
        assert unfit.value.reason == reason


def test_a_text_that_occurs_once_is_short_enough_for_an_index():
    assert store(field(FieldKind.TEXT, unique=True), "あ" * 500) == "あ" * 500
    with pytest.raises(Unfit):
        store(field(FieldKind.TEXT, unique=True), "あ" * 501)


def test_a_number_of_a_million_digits_is_refused_at_once():
    for kind in (FieldKind.INTEGER, FieldKind.MONEY, FieldKind.PERCENT, FieldKind.DURATION):
        with pytest.raises(Unfit):
            reader_of(field(kind), NOWHERE)("1" * 1_000_000)
