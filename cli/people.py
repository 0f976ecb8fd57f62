"""`tenshu people`: lists of people, applied and handed out at the machine."""

import sys
from pathlib import Path
from typing import get_args

import click

from app.core.messages import mark
from app.operations.context import Context
from app.people.comparing import Compared, compare
from app.people.listing import Format
from app.people.operations.applying import Applied
from app.people.operations.exporting import ExportList, export_list
from app.people.operations.importing import require_appliable
from app.people.operations.preview import counts_of
from app.people.running import apply_all
from cli.invocation import Invocation, everywhere, this_call
from cli.progress import Bar
from cli.request import request
from cli.table import columns

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group
@everywhere
def people() -> None:
    """Take in the personnel department's list, and hand out the one that stands."""


@people.command("import")
@click.argument("file", type=FILE)
@click.option("--good-rows", is_flag=True, help="Apply the rows that fit, where others do not.")
@click.option("--preview", is_flag=True, help="Only say what would change.")
@everywhere
@this_call
def import_(invocation: Invocation, file: Path, good_rows: bool, preview: bool) -> int:
    """Apply a list (CSV or Excel): make, change, move and suspend accounts."""
    with invocation.context() as context:
        seen = _compare(context, file)
        counts = counts_of(seen.plan)
        if not preview and not (seen.plan.is_empty and not seen.plan.faults):
            require_appliable(seen, good_rows=good_rows)
            _apply(invocation, context, file)
    faults = [
        {
            "row": fault.row,
            "column": fault.place(invocation.language),
            "value": fault.value,
            "reason": fault.explain(invocation.language),
        }
        for fault in seen.plan.faults
    ]
    heads = [invocation.words(head) for head in (mark("Row"), mark("Column"), mark("Reason"))]
    rows = [(str(one["row"]), str(one["column"]), str(one["reason"])) for one in faults]
    told = "\n".join(f"{name}: {count}" for name, count in counts.items() if count)
    invocation.answer(
        {"applied": not preview, "counts": counts, "faults": faults},
        lambda: f"{told}\n{columns(heads, rows)}" if rows else told,
    )
    return 1 if preview and faults else 0


@people.command
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "kind", type=click.Choice(get_args(Format)), help="By the file's name.")
@everywhere
@this_call
def export(invocation: Invocation, file: Path, kind: str | None) -> None:
    """Write everybody with an account into a file that can be imported again."""
    wanted = request(ExportList, format=kind or ("csv" if file.suffix == ".csv" else "xlsx"))
    with invocation.context() as context:
        download = export_list(context, wanted)
        file.write_bytes(b"".join(download.chunks))
    invocation.answer({"file": str(file), "bytes": file.stat().st_size}, str(file))


def _compare(context: Context, file: Path) -> Compared:
    with file.open("rb") as opened:
        return compare(context, opened, file.name)


def _apply(invocation: Invocation, context: Context, file: Path) -> None:
    bar = Bar(sys.stderr)

    def told(applied: Applied, total: int) -> None:
        bar.show(invocation.words(mark("Applying the list")), 100 * applied.done / max(total, 1))

    apply_all(lambda: context, lambda _: _compare(context, file), applied=Applied(), told=told)
    bar.close()
