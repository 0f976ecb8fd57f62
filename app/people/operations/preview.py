"""A list before it is applied: what it would change, and what of it does not fit."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from app.core.messages import mark, translate
from app.files.csv_writing import UTF8_MARK, csv_lines, neutral
from app.identity.roles import NAMES
from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.people.columns import KEYS
from app.people.comparing import Compared, compare_upload
from app.people.plan import Change, Kind, Plan

ON_CONSOLE: Final = (Plane.CONSOLE,)
ROW: Final = mark("Row")
COLUMN: Final = mark("Column")
VALUE: Final = mark("Value")
REASON: Final = mark("Reason")

UploadId = Annotated[str, Meta(description="Identifier of the upload.", max_length=40)]
Encoding = Annotated[
    Literal["", "utf-8", "cp932", "utf-16-le", "utf-16-be"],
    Meta(description="How a CSV file is written; empty: guess."),
]
Columns = Annotated[
    tuple[Annotated[str, Meta(max_length=32)], ...],
    Meta(
        description="What each column holds, such as employee_number; empty: not used. "
        "None at all: as the headings say.",
        max_length=200,
    ),
]
Shown = Literal["", "new", "changed", "moved", "leaving", "faulty"]


class ListSource(msgspec.Struct, frozen=True, kw_only=True):
    """Which upload holds the list, and how it is read."""

    upload: UploadId
    encoding: Encoding = ""
    columns: Columns = ()


class PreviewList(ListSource, frozen=True, kw_only=True):
    """A part of a preview."""

    search: Annotated[str, Meta(description="Part of name or login ID.", max_length=128)] = ""
    shown: Annotated[Shown, Meta(description="Kind of change; empty: all.")] = ""
    offset: Annotated[int, Meta(description="Rows to skip.", ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Meta(description="Most rows to return.", ge=1, le=200)] = 50


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that becomes another."""

    field: str
    """Which: a column of the list."""
    before: str
    """As it was; empty: nothing."""
    after: str
    """As it will be; empty: nothing."""


class PreviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the list, and what it does."""

    row: int
    """Its number in the file."""
    shown: str
    """new, changed, moved, leaving or faulty."""
    name: str
    """Of the person; for what does not fit, what stands there."""
    key: str
    """Login ID."""
    differences: list[Difference]
    """What changes."""
    column: str = ""
    """Which column does not fit, in the language of the request; empty: the whole row."""
    reason: str = ""
    """Why it does not fit, in the language of the request."""


class ListPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a list would do."""

    name: str
    """Of the file."""
    encoding: str
    """As the file was read; empty for a workbook."""
    headings: list[str]
    """Of the list's columns."""
    columns: list[str]
    """What each column holds; empty: nothing that is used."""
    has_key: bool
    """A column tells who each row is about."""
    counts: dict[str, int]
    """Of people who are new, changed, moved, leaving, unchanged or absent, and of faulty rows."""
    departments: list[str]
    """New ones, by their paths."""
    headless: list[str]
    """Departments of the list that nobody leads."""
    rows: list[PreviewRow]
    """The part that was asked for."""
    total: int
    """Rows that fit search and kind."""


def _compare(context: Context, source: ListSource) -> Compared:
    return compare_upload(
        context,
        source.upload,
        owner=context.actor.account,
        encoding=source.encoding,
        columns=source.columns,
    )


def counts_of(plan: Plan) -> dict[str, int]:
    """Return how many people and rows each kind concerns."""
    return {
        **{kind.value: plan.count(kind) for kind in Kind},
        "unchanged": plan.unchanged,
        "absent": plan.absent,
        "faulty": plan.faulty_rows,
    }


@operation(
    "people.preview",
    permission=Permission.ACCOUNTS_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("POST", "/people/import/preview"),
    ahead=_compare,  # reading and comparing take a moment, in which nobody has to wait
)
def preview_list(context: Context, wanted: PreviewList) -> ListPreview:
    """Show what a list of people would change."""
    compared: Compared = context.ahead
    names = _role_names(compared, context.language)
    rows = _faulty(compared.plan, context.language)
    rows += [_row(change, names) for change in compared.plan.changes]
    found = [row for row in rows if _fits(row, wanted)]
    context.event.numbers["rows"] = len(compared.sheet.rows)
    return ListPreview(
        name=compared.name,
        encoding=compared.sheet.encoding,
        headings=compared.sheet.headings,
        columns=[column.value if column else "" for column in compared.columns],
        has_key=any(key in compared.columns for key in KEYS),
        counts=counts_of(compared.plan),
        departments=["/".join(path) for path in compared.plan.departments],
        headless=["/".join(path) for path in compared.plan.headless],
        rows=found[wanted.offset : wanted.offset + wanted.limit],
        total=len(found),
    )


@operation(
    "people.faults",
    permission=Permission.ACCOUNTS_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("POST", "/people/import/faults"),
    ahead=_compare,
)
def list_faults(context: Context, _: ListSource) -> Download:
    """Hand out the rows of a list that do not fit, with column and reason, as CSV."""
    compared: Compared = context.ahead
    faults, language = compared.plan.faults, context.language
    context.event.numbers["rows"] = len(faults)
    cells = {record.number: record.cells for record in compared.sheet.rows}
    heads = [translate(language, name) for name in (ROW, COLUMN, VALUE, REASON)]
    rows = [[*heads, *map(neutral, compared.sheet.headings)]] + [
        [
            str(fault.row),
            fault.place(language),
            neutral(fault.value),
            fault.explain(language),
            *map(neutral, cells.get(fault.row, ())),
        ]
        for fault in faults
    ]
    chunks = iter([UTF8_MARK, csv_lines(rows, "utf-8")])
    return Download(f"{_stem(compared.name)}-errors.csv", "text/csv; charset=utf-8", chunks)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _role_names(compared: Compared, language: str) -> dict[str, str]:
    """Return the name of each role in `language`."""
    built_in = {role.value: translate(language, name) for role, name in NAMES.items()}
    return built_in | compared.own_roles


def _row(change: Change, names: Mapping[str, str]) -> PreviewRow:
    differences = [
        Difference(field=field, before=change.before.get(field, ""), after=after)
        for field, after in change.after.items()
        if field not in ("name", "login_id") or change.account
    ]
    if change.department is not None:
        was = "、".join("/".join(path) for path in change.departments)
        after = "/".join(change.department)
        differences.append(Difference(field="department", before=was, after=after))
    if change.roles is not None:
        before, after = (
            ", ".join(sorted(names.get(role, role) for role in roles))
            for roles in (change.old_roles, change.roles)
        )
        differences.append(Difference(field="role", before=before, after=after))
    return PreviewRow(
        row=change.row,
        shown=change.kind.value,
        name=change.name,
        key=change.key,
        differences=differences,
    )


def _faulty(plan: Plan, language: str) -> list[PreviewRow]:
    return [
        PreviewRow(
            row=fault.row,
            shown="faulty",
            name=fault.value,
            key="",
            differences=[],
            column=fault.place(language),
            reason=fault.explain(language),
        )
        for fault in plan.faults
    ]


def _fits(row: PreviewRow, wanted: PreviewList) -> bool:
    part = wanted.search.casefold()
    return (not wanted.shown or row.shown == wanted.shown) and (
        not part or part in row.name.casefold() or part in row.key.casefold()
    )
