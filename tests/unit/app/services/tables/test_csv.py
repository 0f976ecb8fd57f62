"""Reading and writing files."""

import csv
import io
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.files import csv_reading, sniffing
from app.files.csv_reading import BAD_QUOTES, TOO_LONG, UNDECODABLE, CsvSource, Format
from app.files.csv_writing import count_lacking, encode, neutral
from app.files.errors import NotCsv
from app.services.tables.csv_writing import csv_chunks
from app.services.tables.errors import TooManyColumns
from app.services.tables.fields import FieldInfo
from app.services.tables.importing import WRONG_WIDTH, Converter
from app.services.tables.models import FieldKind
from app.services.tables.preview import column_names, make_preview
from app.services.tables.types.numbers import NO_NUMBER
from app.services.tables.types.texts import HAS_NUL
from app.services.tables.types.texts import TOO_LONG as CELL_TOO_LONG


def read(data: bytes, encoding: str = "utf-8", delimiter: str = ",", offset: int = 0):
    return list(
        CsvSource(io.BytesIO(data), Format(encoding=encoding, delimiter=delimiter), offset=offset)
    )


def cells(data: bytes, encoding: str = "utf-8", delimiter: str = ","):
    return [record.cells for record in read(data, encoding, delimiter)]


def look(data: bytes, **known):
    return make_preview(io.BytesIO(data), name="x.csv", size=len(data), language="en", **known)


def test_quotes_reach_over_the_ends_of_lines():
    assert cells(b'a,b\r\n"x\r\ny","say ""hi"""\r\n') == [["a", "b"], ["x\r\ny", 'say "hi"']]


def test_a_file_in_cp932_keeps_half_width_kana_and_circled_numbers():
    text = "ﾃﾝｼｭ,①㈱髙﨑,表―～"
    assert cells(text.encode("cp932"), "cp932") == [text.split(",")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_by_its_mark_also_where_half_a_character_is_a_line_feed(encoding):
    text = '名前,値\r\n《上》,ਊ\n"二\n行",㌊\n'  # U+300A, U+0A0A, U+330A hold the byte 0A
    data = csv_reading.BOMS[encoding] + text.encode(encoding)
    assert look(data).encoding == encoding
    assert cells(data, encoding) == [["名前", "値"], ["《上》", "ਊ"], ["二\n行", "㌊"]]


def test_undecodable_bytes_break_their_row_and_no_other():
    broken = read(b"a,b\n\xff\xfe,c\nd,e\n")
    assert [record.reason for record in broken] == ["", UNDECODABLE, ""]
    assert broken[1].cells == ["\\xff\\xfe", "c"]


def test_a_quotation_mark_that_is_never_closed_breaks_one_row_only():
    records = read(b'a,b\n"x,1\ny,2\nz,3\n')
    assert [(record.number, record.cells, record.reason) for record in records] == [
        (1, ["a", "b"], ""),
        (2, ['"x,1'], BAD_QUOTES),
        (3, ["y", "2"], ""),
        (4, ["z", "3"], ""),
    ]


def test_a_row_without_end_breaks_itself_only(monkeypatch):
    monkeypatch.setattr(csv_reading, "LARGEST_RECORD", 100)
    data = b"a,b\n" + b"x" * 500 + b"\nc,d\n" + b'"' + b"y\n" * 80 + b"e,f\n"
    records = read(data)
    assert [record.cells for record in records if not record.reason][:2] == [["a", "b"], ["c", "d"]]
    assert records[-1].cells == ["e", "f"]
    reasons = [record.reason for record in records if record.reason]
    assert reasons == [TOO_LONG, TOO_LONG]
    long_but_whole = read(b"x" * 101 + b"\nc,d\n")
    assert [record.cells for record in long_but_whole][1:] == [["c", "d"]]


def test_blank_lines_are_no_rows_but_count():
    assert [(record.number, record.cells) for record in read(b"a\n\n\nb\n")] == [
        (1, ["a"]),
        (4, ["b"]),
    ]


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r")), min_size=2, max_size=3
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 7),
)
def test_reading_continues_at_any_record_as_if_it_had_never_stopped(rows, stop):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    data = buffer.getvalue().encode()
    source = CsvSource(io.BytesIO(data), Format(encoding="utf-8", delimiter=","))
    first = list(islice(source, stop))
    rest = CsvSource(
        io.BytesIO(data),
        Format(encoding="utf-8", delimiter=","),
        offset=source.offset,
        number=source.number,
    )
    records = [*first, *rest]
    assert [record.cells for record in records] == rows
    assert [record.number for record in records] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("名前\nあ".encode(), "utf-8"),
        (b"\xef\xbb\xbfa,b\n", "utf-8"),
        ("名前,値\nﾃｽﾄ,①\n".encode("cp932"), "cp932"),
        (b"a,b\n1,2\n", "utf-8"),
    ],
)
def test_the_encoding_is_found(data, encoding):
    assert look(data).encoding == encoding


def test_a_cut_never_divides_a_character():
    data = b"a" * (sniffing.SAMPLE - 1) + "漢字,漢字\n".encode()
    assert sniffing.sniff_encoding(io.BytesIO(data)) == "utf-8"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", sniffing.EMPTY),
        (b" \r\n\r\n", sniffing.EMPTY),
        (b"PK\x03\x04rest of a workbook", sniffing.WORKBOOK),
        (b"\x7fELF" + b"\0" * 50, sniffing.BINARY),
        (b'"never closed', BAD_QUOTES),
    ],
)
def test_what_is_no_csv_is_refused_with_the_reason_METI_38(data, reason):
    with pytest.raises(NotCsv) as refused:
        look(data)
    assert refused.value.parameters["reason"] == reason
    assert refused.value.code == "tables.not_csv"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(delimiter):
    rows = [["名前", "金額"], ["a,b;c" if delimiter == "\t" else "abc", "1"], ["d", "2"]]
    data = "\r\n".join(delimiter.join(row) for row in rows).encode()
    assert look(data).delimiter == delimiter
    assert len(look(data).columns) == 2


def test_kinds_are_guessed_and_codes_stay_text():
    data = (
        "郵便,金額,緯度,日付,有効,電話,空,口座\n"
        '0600000,"1,200",35.1,令和8年1月2日,TRUE,0120,,1234567890123456\n'
        "1000001,-5,136.25,2026/3/4,FALSE,110,,1\n"
    ).encode()
    seen = look(data)
    assert seen.header
    assert [(plan.kind.value, plan.scale) for plan in seen.columns] == [
        ("postal_code", 0), ("integer", 0), ("decimal", 2), ("date", 0), ("checkbox", 0),
        ("text", 0),
        ("text", 0), ("text", 0),
    ]  # fmt: skip
    assert len(seen.rows) == 2


def test_a_person_may_know_better_than_the_guess():
    seen = look(b"1;2\n3;4\n", delimiter=",", header=True, encoding="cp932")
    assert (len(seen.columns), seen.header, seen.encoding) == (1, True, "cp932")


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (b"name,size\na,1\n", True),
        (b"1,2\n3,4\n", False),
        ("東京都,千代田区\n東京都,中央区\n".encode(), False),
        (b"a,a\nb,c\n", True),
        (b"1,1\nb,c\n", False),
        (b"only,names\n", True),
        (b"a,2026-01-01\n", False),
    ],
)
def test_a_header_is_told_from_data(data, header):
    assert look(data).header is header


def test_columns_get_names_of_their_own():
    assert column_names(["a", "", "a", " a ", "x\0\ny"], "en") == [
        "a",
        "Column 2",
        "a (2)",
        "a (3)",
        "x y",
    ]
    assert len(column_names(["n" * 999, "n" * 999], "en")[1]) <= 200


def test_more_columns_than_a_table_holds_are_refused():
    with pytest.raises(TooManyColumns) as refused:
        look(b",".join(b"c%d" % number for number in range(501)) + b"\n")
    assert refused.value.parameters == {"columns": 501, "limit": 500}


def test_rows_from_all_over_a_long_file_are_looked_at():
    data = b"n,x\n" + b"1,a\n" * 20_000 + b"1.5,b\n" * 20_000
    assert look(data).columns[0].kind is FieldKind.DECIMAL


def test_rows_that_do_not_fit_are_kept_with_the_reason():
    fields = [
        FieldInfo(id=1, name="名", kind=FieldKind.TEXT),
        FieldInfo(id=2, name="数", kind=FieldKind.INTEGER),
    ]
    data = "a,1\nb\nc,x\nd,\ne\0,2\nf,１２\n,\n".encode() + b"\xff,1\n" + b"g" * 1_000_001 + b",1\n"
    found = Converter(fields).convert(read(data))
    assert [row[1:] for row in found.rows] == [("a", 1), ("d", None), ("f", 12), (None, None)]
    assert [(bad.row, bad.column, bad.value[:2], bad.reason) for bad in found.rejections] == [
        (2, "", "", WRONG_WIDTH),
        (3, "数", "x", NO_NUMBER),
        (5, "名", "e\0", HAS_NUL),
        (8, "", "", UNDECODABLE),
        (9, "名", "gg", CELL_TOO_LONG),
    ]
    assert len(found.records) == len(found.rows)


def test_a_long_row_of_short_cells_fits():
    fields = [FieldInfo(id=number, name=str(number), kind=FieldKind.TEXT) for number in (1, 2)]
    half = "x" * 600_000
    assert len(Converter(fields).convert(read(f"{half},{half}\n".encode())).rows) == 1


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|x", "-2+3", "@SUM(A1)", "\tx", "\rx", "\nx", " =1", "＝1+1", "＠x"]
)
def test_formulas_are_neutralised_METI_38(text):
    assert neutral(text) == "'" + text


@pytest.mark.parametrize("text", ["-12", "+3.5", "a=b", "東京", "", " x"])
def test_what_is_no_formula_stays_as_it_is(text):
    assert neutral(text) == text


def test_cp932_says_what_it_lacks_and_loses_nothing():
    assert encode("波〜−①", "cp932").decode("cp932") == "波～－①"
    assert encode("😀一", "cp932") == b"&#128512;" + "一".encode("cp932")
    assert count_lacking("😀森鷗外〜") == 2
    assert count_lacking("森鴎外〜") == 0


def test_an_export_is_a_file_that_excel_and_an_import_read():
    fields = [
        FieldInfo(id=1, name="=名", kind=FieldKind.TEXT),
        FieldInfo(id=2, name="額", kind=FieldKind.DECIMAL, scale=2),
        FieldInfo(id=3, name="済", kind=FieldKind.CHECKBOX),
        FieldInfo(id=4, name="数", kind=FieldKind.INTEGER),
    ]
    rows = [("=1", 150, 1, -5), (None, None, 0, None)]
    plain = b"".join(csv_chunks(fields, [rows], encoding="utf-8"))
    assert plain == "\ufeff'=名,額,済,数\r\n'=1,1.5,TRUE,-5\r\n,,FALSE,\r\n".encode()
    raw = b"".join(csv_chunks(fields[:1], [[("=1",)]], encoding="cp932", neutralise=False))
    assert raw == "=名\r\n=1\r\n".encode("cp932")
