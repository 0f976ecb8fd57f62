"""How a mail's way ended, as the courier notes it."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Table, update
from sqlmodel import SQLModel

from app.audit.event import Outcome
from app.mail.models import MailMessage
from app.mail.states import MailState
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission

mails: Table = SQLModel.metadata.tables[str(MailMessage.__tablename__)]

MailId = Annotated[str, Meta(max_length=40, description="Identifier of the mail.")]
Told = Annotated[dict[str, str], Meta(description="What the error's sentence is filled in with.")]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that the relay has taken."""

    mail: MailId


class Fail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that will not be sent."""

    mail: MailId
    error: Annotated[str, Meta(description="Code of what stopped it.")]
    parameters: Told


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """When a mail is tried next."""

    mail: MailId
    not_before: Annotated[int, Meta(description="Milliseconds since 1970.")]


class Defer(msgspec.Struct, frozen=True, kw_only=True):
    """Mails that wait for the relay."""

    attempts: Annotated[list[Attempt], Meta(description="The mails.")]
    error: Annotated[str, Meta(description="Code of what stopped them; empty: nothing did.")] = ""
    parameters: Told = {}


@operation("mail.sent", permission=Permission.SETTINGS_MANAGE, planes=())
def sent(context: Context, request: Sent) -> None:
    """Note that the relay has taken a mail."""
    _end(context, request.mail, {"state": MailState.SENT.value, "content": "", "error": ""})


@operation("mail.failed", permission=Permission.SETTINGS_MANAGE, planes=())
def fail(context: Context, request: Fail) -> None:
    """Note that a mail cannot be sent."""
    told = msgspec.json.encode(request.parameters).decode()
    values = {"state": MailState.FAILED.value, "error": request.error, "error_parameters": told}
    _end(context, request.mail, values)
    context.event.outcome, context.event.error = Outcome.FAILED, request.error


@operation("mail.deferred", permission=Permission.SETTINGS_MANAGE, planes=())
def defer(context: Context, request: Defer) -> None:
    """Let mails wait for the relay."""
    context.event.numbers["mails"] = len(request.attempts)
    if request.error:
        context.event.references["reason"] = request.error
    told = msgspec.json.encode(request.parameters).decode()
    for one in request.attempts:
        context.session.connection().execute(
            update(mails)
            .where(mails.c.id == one.mail, mails.c.state == MailState.WAITING)
            .values(
                not_before=one.not_before,
                lease_until=0,
                error=request.error,
                error_parameters=told,
            )
        )


def _end(context: Context, mail: str, values: Mapping[str, object]) -> None:
    ended = (
        update(mails)
        .where(mails.c.id == mail)
        .values(lease_until=0, finished_at=context.now, error_parameters="{}")
        .values(values)
        .returning(mails.c.template, mails.c.attempts)
    )
    row = context.session.connection().execute(ended).first()
    if row is None:  # its recipient was erased while the courier had it in its hands
        context.event.about("mail", mail)
        return
    template, attempts = row
    context.event.about("mail", mail, template)
    context.event.numbers["attempt"] = attempts
