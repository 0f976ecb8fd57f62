"""Client certificates as a list, what ends first on top, and how many end soon."""

from typing import Final

import msgspec
from sqlalchemy import func
from sqlmodel import col, select

from app.identity.client_certificate_rows import (
    ORDERS,
    CertificateRow,
    ListCertificates,
    fitting,
    question,
    row_of,
)
from app.identity.client_certificates import ending_soon
from app.identity.models import Account, ClientCertificate
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.page import Page
from app.operations.permissions import Permission

ON_CONSOLE: Final = (Plane.CONSOLE,)


@operation(
    "client_certificates.list",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/client-certificates"),
)
def list_certificates(context: Context, wanted: ListCertificates) -> Page[CertificateRow]:
    """List client certificates, what ends first on top."""
    session, order = context.session, ORDERS.by(wanted.sort)
    only = fitting(wanted, context.now)
    found = session.connection().execute(
        order.page(question().where(*only), wanted.after, wanted.limit)
    )
    rows = found.all()
    counted = (
        select(func.count())
        .select_from(ClientCertificate)
        .join(Account, col(Account.id) == col(ClientCertificate.account))
    )
    return Page(
        items=[row_of(row._mapping, context.now) for row in rows[: wanted.limit]],  # noqa: SLF001
        after=order.after(rows, wanted.limit),
        total=session.exec(counted.where(*only)).one(),
    )


class Ending(msgspec.Struct, frozen=True):
    """How many certificates need to be renewed."""

    count: int
    """Valid, ending within 30 days, and without a newer one."""


@operation(
    "client_certificates.count_ending",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
)
def count_ending(context: Context, _: NoRequest) -> Ending:
    """Count the certificates that end soon and were not renewed."""
    return Ending(ending_soon(context.session, context.now))
