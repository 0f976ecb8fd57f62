"""The list of client certificates as a file (F3)."""

from collections.abc import Iterable, Iterator
from typing import Final

from app.core.csv_lines import csv_head, csv_line, iso
from app.identity.client_certificate_rows import (
    ORDERS,
    CertificateRow,
    ExportCertificates,
    fitting,
    question,
    row_of,
)
from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission

ON_CONSOLE: Final = (Plane.CONSOLE,)
EXPORTED: Final = (
    "login_id", "name", "device", "state", "serial", "fingerprint", "issued_at", "expires_at",
    "handed_out_at", "revoked_at", "revoked_because", "last_used_at", "last_used_from", "id",
)  # fmt: skip


@operation(
    "client_certificates.export",
    permission=Permission.ACCOUNTS_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/client-certificates/export"),
)
def export_certificates(context: Context, wanted: ExportCertificates) -> Download:
    """Download the list of client certificates as CSV."""
    fits = question().where(*fitting(wanted, context.now))
    asked = ORDERS.by(wanted.sort).page(fits, "", 0).limit(None)
    found = context.session.connection().execute(asked)
    rows = [row_of(row._mapping, context.now) for row in found]  # noqa: SLF001 - documented name
    context.event.about("client_certificate", "list")
    context.event.numbers["rows"] = len(rows)
    return Download("client-certificates.csv", "text/csv; charset=utf-8", _csv(rows))


def _csv(rows: Iterable[CertificateRow]) -> Iterator[bytes]:
    yield csv_head(EXPORTED)
    for row in rows:
        yield csv_line([_cell(name, getattr(row, name)) for name in EXPORTED])


def _cell(name: str, value: object) -> object:
    """Return a value as a spreadsheet shows it."""
    return iso(value) if name.endswith("_at") and isinstance(value, int) else value
