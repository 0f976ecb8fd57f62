"""The mails that wait, were sent, or failed."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, Row, func, select, update
from sqlmodel import Session

from app.core.csv_lines import csv_head, csv_line, iso
from app.core.errors import NotFound
from app.core.messages import mark
from app.mail.operations.delivery import MailId, mails
from app.mail.states import MailState
from app.operations.context import Appliance, Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.page import Page
from app.operations.permissions import Permission

ON_CONSOLE: Final = (Plane.CONSOLE,)


class ListMails(msgspec.Struct, frozen=True, kw_only=True):
    """Which mails to list."""

    state: Annotated[MailState | None, Meta(description="Only mails that stand so.")] = None
    search: Annotated[str, Meta(max_length=254, description="Part of the recipient.")] = ""
    sort: Annotated[
        Literal["-created_at", "created_at"], Meta(description="Newest or oldest first.")
    ] = "-created_at"
    after: Annotated[str, Meta(max_length=40, description="Where the page before ended.")] = ""
    limit: Annotated[int, Meta(ge=1, le=200, description="Most mails to return.")] = 50


class MailRow(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in the list. Times are milliseconds, 0 where the thing has not happened."""

    id: str
    """Identifier."""
    template: str
    """What kind of mail it is."""
    recipient: str
    """Where it goes."""
    state: MailState
    """Where it stands."""
    attempts: int
    """How often it was tried."""
    created_at: int
    """When it was queued."""
    not_before: int
    """When it is tried next."""
    finished_at: int
    """When the relay took it, or it was given up."""
    error: str
    """Code of what stopped the last attempt."""
    error_parameters: dict[str, str]
    """What that error's sentence is filled in with."""


class OneMail(msgspec.Struct, frozen=True, kw_only=True):
    """Which mail."""

    mail: MailId


EXPORTED: Final = (
    "created_at", "recipient", "template", "state", "attempts", "finished_at", "error", "id",
)  # fmt: skip
AT_ONCE: Final = 200
COLUMNS: Final = tuple(mails.c[name] for name in MailRow.__struct_fields__)


def _row(row: Row[tuple[object, ...]]) -> MailRow:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    values["state"] = MailState(values["state"])
    values["error_parameters"] = msgspec.json.decode(values["error_parameters"])
    return MailRow(**values)


@operation(
    "mail.list",
    permission=Permission.SETTINGS_MANAGE,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/mail/messages"),
)
def list_mails(context: Context, request: ListMails) -> Page[MailRow]:
    """List mails, the newest first."""
    total = select(func.count()).select_from(mails).where(*_fitting(request))
    found = _read(context.session, request)
    items = found[: request.limit]
    more = len(found) > request.limit
    return Page(
        items=items,
        after=items[-1].id if more else "",
        total=context.session.connection().execute(total).scalar_one(),
    )


@operation(
    "mail.export",
    permission=Permission.SETTINGS_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/mail/messages/export"),
)
def export_mails(context: Context, request: ListMails) -> Download:
    """Export the list of mails as CSV."""
    context.event.about("mail", "list")
    return Download("mails.csv", "text/csv; charset=utf-8", _csv(context.appliance, request))


def _csv(appliance: Appliance, request: ListMails) -> Iterator[bytes]:
    yield csv_head(EXPORTED)
    after, more = request.after, True
    while more:
        wanted = msgspec.structs.replace(request, after=after, limit=AT_ONCE)
        with appliance.database.read() as session:
            found = _read(session, wanted)
        for row in found[:AT_ONCE]:
            yield csv_line([_cell(name, getattr(row, name)) for name in EXPORTED])
        more = len(found) > AT_ONCE
        after = found[AT_ONCE - 1].id if more else ""


def _cell(name: str, value: object) -> object:
    """Return a value as a spreadsheet shows it."""
    return iso(value) if name.endswith("_at") and isinstance(value, int) else value


def _read(session: Session, request: ListMails) -> list[MailRow]:
    """Return the mails that are asked for, and one more where there is one."""
    oldest = request.sort == "created_at"
    order = mails.c.id if oldest else mails.c.id.desc()
    query = select(*COLUMNS).where(*_fitting(request)).order_by(order).limit(request.limit + 1)
    if request.after:
        query = query.where(mails.c.id > request.after if oldest else mails.c.id < request.after)
    return [_row(row) for row in session.connection().execute(query)]


def _fitting(request: ListMails) -> list[ColumnElement[bool]]:
    fitting = []
    if request.state is not None:
        fitting.append(mails.c.state == request.state)
    if request.search:
        fitting.append(mails.c.recipient.icontains(request.search, autoescape=True))
    return fitting


@operation(
    "mail.retry",
    permission=Permission.SETTINGS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/mail/messages/{mail}/retry"),
)
def retry(context: Context, request: OneMail) -> MailRow:
    """Send a mail again that failed, or at once one that waits."""
    again = (
        update(mails)
        .where(mails.c.id == request.mail, mails.c.state != MailState.SENT)
        .values(state=MailState.WAITING.value, not_before=0, finished_at=0, created_at=context.now)
        .returning(*COLUMNS)
    )
    row = context.session.connection().execute(again).first()
    if row is None:
        raise NotFound(kind=mark("mail"), name=request.mail)
    found = _row(row)
    context.event.about("mail", found.id, found.template)
    return found
