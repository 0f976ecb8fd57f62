"""A file compared with who is there: what preview, import, error file and command line share."""

from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from app.files import spool
from app.operations.context import Context
from app.people import present
from app.people.columns import KEYS, Column, guess
from app.people.entries import read_entry, role_words
from app.people.errors import NoKeyColumn
from app.people.plan import Plan, plan
from app.people.reading import Sheet, read_sheet


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A list, how it was read, and what it would change."""

    name: str
    sheet: Sheet
    columns: list[Column | None]
    """What each column of the list holds."""
    plan: Plan
    """Empty where no column tells who a row is about."""
    own_roles: dict[str, str] = {}
    """Names of the company's own roles, by identifier."""


NOTHING = Plan(
    changes=[], departments=[], heads=[], faults=[], unchanged=0, absent=0, headless=[]
)  # fmt: skip


def chosen_columns(headings: Sequence[str], chosen: Sequence[str]) -> list[Column | None]:
    """Return what each column holds: as chosen, else as its heading says."""
    if len(chosen) != len(headings):
        return guess(headings)
    return [Column(one) if one in set(Column) else None for one in chosen]


def compare(
    context: Context, file: BinaryIO, name: str, *, encoding: str = "", columns: Sequence[str] = ()
) -> Compared:
    """Compare the list in a file with who is there, as the actor of `context` sees it.

    Raise what `read_sheet` raises.
    """
    sheet = read_sheet(file, name, encoding)
    held = chosen_columns(sheet.headings, columns)
    if not any(key in held for key in KEYS):
        return Compared(name=name, sheet=sheet, columns=held, plan=NOTHING)
    with context.appliance.database.read() as session:
        there = present.load(context, session)
    roles = role_words(there.own_roles)
    read = [read_entry(record, held, roles) for record in sheet.rows]
    entries = [entry for entry, _ in read]
    faults = [fault for _, found in read for fault in found]
    made = plan(entries, faults, there)
    return Compared(name=name, sheet=sheet, columns=held, plan=made, own_roles=there.own_roles)


def compare_upload(
    context: Context, upload: str, *, owner: str, encoding: str = "", columns: Sequence[str] = ()
) -> Compared:
    """Compare an upload of `owner`. Raise UploadGone too."""
    folder = context.appliance.settings.spool
    found = spool.find(folder, upload, owner)
    with spool.open_upload(folder, found.id) as file:
        return compare(context, file, found.name, encoding=encoding, columns=columns)


def require_keys(compared: Compared) -> None:
    """Raise NoKeyColumn where no column tells who a row is about."""
    if not any(key in compared.columns for key in KEYS):
        raise NoKeyColumn
