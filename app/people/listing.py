"""The list of the people who are there, in the shape in which it can come back."""

import io
from collections.abc import Iterator
from typing import Final, Literal

from app.core.messages import translate
from app.files.csv_writing import UTF8_MARK, csv_lines, neutral
from app.people.columns import LABELS, Column
from app.people.present import KINDS, Present

Format = Literal["xlsx", "csv", "csv-cp932"]
MEDIA: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "csv-cp932": "text/csv; charset=windows-31j",
}
PART: Final = 1_000


def rows_of(present: Present) -> list[list[str]]:
    """Return a row a person, by employee number and login ID, in the order of the columns."""
    login_ids = {one.id: one.login_id for one in present.people}
    rows = []
    for one in sorted(present.people, key=lambda one: (one.employee_number, one.login_id)):
        if one.kind not in KINDS:
            continue
        path = min(one.departments, default=())
        department = present.departments.get(path)
        rows.append(
            [
                one.employee_number,
                one.login_id,
                one.name,
                "/".join(path),
                login_ids.get(department.head, "") if department else "",
                one.mail,
                one.leaves_on,
                one.language,
                ",".join(sorted(present.own_roles.get(role, role) for role in one.roles)),
                one.state,
            ]
        )
    return rows


def headings(language: str) -> list[str]:
    """Return the headings of all columns."""
    return [translate(language, LABELS[column]) for column in Column]


def write_csv(rows: list[list[str]], language: str, encoding: str) -> Iterator[bytes]:
    """Return the list as CSV; no cell of it is run by a spreadsheet."""
    yield UTF8_MARK if encoding == "utf-8" else b""
    yield csv_lines([headings(language)], encoding)
    for begin in range(0, len(rows), PART):
        part = rows[begin : begin + PART]
        yield csv_lines(([neutral(cell) for cell in row] for row in part), encoding)


def write_workbook(rows: list[list[str]], language: str) -> Iterator[bytes]:
    """Return the list as a workbook whose cells are texts: no formula, no lost leading zero."""
    # seldom needed, and a tenth of a second of every start
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        text = workbook.add_format({"num_format": "@"})
        bold = workbook.add_format({"bold": True, "num_format": "@"})
        for number, row in enumerate([headings(language), *rows]):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell, text if number else bold)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(Column) - 1)
        sheet.set_column(0, len(Column) - 1, 18)
    yield buffer.getvalue()
