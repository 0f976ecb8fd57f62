"""Handing out the list of people, in the shape in which it can come back."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.people import present
from app.people.listing import MEDIA, Format, rows_of, write_csv, write_workbook


class ExportList(msgspec.Struct, frozen=True, kw_only=True):
    """How to hand out the list."""

    format: Annotated[
        Format, Meta(description="xlsx, csv (UTF-8, for Excel too) or csv-cp932.")
    ] = "xlsx"


@operation(
    "people.export",
    permission=Permission.ACCOUNTS_EXPORT,
    effect=Effect.REVEAL,
    planes=(Plane.CONSOLE,),
    route=Route("POST", "/people/export"),
)
def export_list(context: Context, wanted: ExportList) -> Download:
    """Hand out everybody with an account as a list that can be imported again."""
    rows = rows_of(present.load(context, context.session))
    context.event.numbers["rows"] = len(rows)
    language = context.language
    if wanted.format == "xlsx":
        chunks = write_workbook(rows, language)
    else:
        chunks = write_csv(rows, language, "cp932" if wanted.format == "csv-cp932" else "utf-8")
    suffix = wanted.format.partition("-")[0]
    return Download(f"people.{suffix}", MEDIA[wanted.format], chunks)
