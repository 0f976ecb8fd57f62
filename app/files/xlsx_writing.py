"""An Excel workbook, written as it is sent: one row after the other, none is kept.

A text is always a text (an inline string), so that Excel takes none for a formula; what Excel
cannot hold in a cell is written as what it can.
"""

import datetime as dt
import html
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

MOST_ROWS: Final = 1_048_576
"""Rows of a sheet, its header included: Excel's own limit. More go on in another sheet."""
LONGEST_TEXT: Final = 32_767
"""Characters of a cell: Excel's own limit. What is longer is cut, and counted before."""
LONGEST_NUMBER: Final = 15
"""Digits that Excel keeps; longer numbers are written as texts."""

FORMATS: Final = (
    "General",
    "yyyy\\-mm\\-dd",
    "yyyy\\-mm\\-dd\\ hh:mm:ss",
    "[h]:mm:ss",
    "#,##0",
    "0.00%",
)
PLAIN, DATE, MOMENT, LENGTH, MONEY, PERCENT, TITLE = range(len(FORMATS) + 1)

_NONE: Final = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ESCAPED: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_EPOCH: Final = dt.date(1899, 12, 30)
_FIRST_DAY: Final = dt.date(1900, 3, 1)
"""Before it Excel counts a day that never was."""

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKED: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class Number(NamedTuple):
    """A number, and how Excel shows it."""

    text: str
    style: int = PLAIN


def day(iso: str) -> Number | str:
    """Return a day as Excel counts it; as a text where it cannot."""
    date = dt.date.fromisoformat(iso)
    return Number(str((date - _EPOCH).days), DATE) if date >= _FIRST_DAY else iso


def moment(local: dt.datetime) -> Number | str:
    """Return a moment by the clock on the wall."""
    if local.date() < _FIRST_DAY:
        return local.isoformat(" ", "seconds")
    whole = local - dt.datetime.combine(_EPOCH, dt.time())
    return Number(f"{whole / dt.timedelta(days=1):.10f}", MOMENT)


class _Sink:
    """What a ZIP archive is written to: it gathers bytes until somebody takes them."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self._at += len(data)
        return len(data)

    def flush(self) -> None: ...

    def take(self) -> bytes:
        whole, self._parts = b"".join(self._parts), []
        return whole


def xlsx_chunks(
    sheet: str, names: Sequence[str], parts: Iterable[Iterable[Sequence[Any]]]
) -> Iterator[bytes]:
    """Return a workbook in chunks: a title row, then rows of texts, truths and `Number`s."""
    sink = _Sink()
    title = _row([(name, TITLE) for name in names])
    numbers = 0
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as packed:  # type: ignore[call-overload]
        rows = _rows(parts)
        more = True
        while more:
            numbers += 1
            more, left = False, MOST_ROWS - 1
            with packed.open(f"xl/worksheets/sheet{numbers}.xml", "w", force_zip64=True) as part:
                part.write(_begin(title).encode())
                for lines, count in rows:
                    part.write(lines)
                    yield sink.take()
                    left -= count
                    if left <= 0:
                        more = True
                        break
                part.write(b"</sheetData></worksheet>")
        for name, text in _frame(sheet, numbers):
            packed.writestr(name, _HEAD + text)
    yield sink.take()


def _begin(title: str) -> str:
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{pane}'
        f"</sheetView></sheetViews><sheetData>{title}"
    )


_AT_ONCE: Final = 4_096
"""Rows written at once: the rows of a sheet are a multiple of it and its header."""


def _rows(parts: Iterable[Iterable[Sequence[Any]]]) -> Iterator[tuple[bytes, int]]:
    lines: list[str] = []
    given = 0
    for part in parts:
        for cells in part:
            lines.append(_row([(cell, PLAIN) for cell in cells]))
            given += 1
            if len(lines) == _AT_ONCE or given % (MOST_ROWS - 1) == 0:
                yield "".join(lines).encode(), len(lines)
                lines = []
    if lines:
        yield "".join(lines).encode(), len(lines)


def _row(cells: Sequence[tuple[Any, int]]) -> str:
    return f"<row>{''.join([_cell(value, style) for value, style in cells])}</row>"


def _cell(value: Any, style: int) -> str:  # noqa: ANN401 - a text, a truth, a Number, or nothing
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, Number):
        return f'<c s="{value.style}"><v>{value.text}</v></c>'
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    text = _ESCAPED.sub("_x005F_", str(value)[:LONGEST_TEXT])
    text = html.escape(_NONE.sub(lambda found: f"_x{ord(found[0]):04X}_", text), quote=False)
    styled = f' s="{style}"' if style else ""
    return f'<c{styled} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _frame(sheet: str, count: int) -> Iterator[tuple[str, str]]:
    """Return the other parts of a workbook."""
    name = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", sheet).strip("' ")[:25] or "1"
    names = [name if number == 1 else f"{name} {number}" for number in range(1, count + 1)]
    sheets = "".join(
        f'<sheet name="{html.escape(one)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, one in enumerate(names, 1)
    )
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{sheets}</sheets></workbook>',
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_LINKS}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, count + 1)
    )
    styles = f'<Relationship Id="rId0" Type="{_LINKS}/styles" Target="styles.xml"/>'
    around = f'<Relationships xmlns="{_PACKED}/relationships">'
    yield "xl/_rels/workbook.xml.rels", f"{around}{links}{styles}</Relationships>"
    root = (
        f'{around}<Relationship Id="rId1" Type="{_LINKS}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>'
    )
    yield "_rels/.rels", root
    yield "xl/styles.xml", _styles()
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml"'
        f' ContentType="{_TYPES}.worksheet+xml"/>'
        for number in range(1, count + 1)
    )
    types = (
        f'<Types xmlns="{_PACKED}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
        f"{overrides}</Types>"
    )
    yield "[Content_Types].xml", types


def _styles() -> str:
    own = list(enumerate(FORMATS[1:], 164))
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{html.escape(code)}"/>' for number, code in own
    )
    styles = "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"'
        ' applyNumberFormat="1"/>'
        for number in (0, *(number for number, _ in own))
    )
    font = '<font>{}<sz val="11"/><name val="游ゴシック"/></font>'
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="{len(own)}">{formats}</numFmts>'
        f'<fonts count="2">{font.format("")}{font.format("<b/>")}</fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        "</cellStyleXfs>"
        f'<cellXfs count="{len(own) + 2}">{styles}'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )
