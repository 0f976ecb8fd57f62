"""Putting a mail into the queue, in the transaction of what it tells about.

    INVITATION = template("people.invitation", subject=mark("…"), body=mark("…"))
    mail.queue(context, to=address, template=INVITATION, values={…}, language="ja")

It leaves if and only if that transaction commits. Where no relay is set yet it waits.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from app.core import clock
from app.core.errors import InvalidInput
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.core.secret import Secret
from app.mail.addresses import is_address
from app.mail.models import MailMessage
from app.mail.states import MailState
from app.mail.templates import Template, fill
from app.operations.context import Context

KEPT: Final = 3 * clock.DAY
"""How long a mail is tried, as mail servers do (RFC 5321 4.5.4.1)."""


def queue(
    context: Context, *, to: str, template: Template, values: Mapping[str, object], language: str
) -> str:
    """Queue one mail inside the running operation; return its identifier.

    Raise InvalidInput unless `to` is one mail address, KeyError for a value that is missing.
    """
    if not is_address(to):
        raise InvalidInput(field="mail", reason=mark("Write a mail address, such as name@example."))
    identifier = new_identifier()
    content = msgspec.json.encode(fill(template, language, values)).decode()
    context.session.add(
        MailMessage(
            id=identifier,
            template=template.name,
            recipient=to,
            language=language,
            content=context.appliance.keyring.seal(purpose_of(identifier), Secret(content)),
            created_at=clock.now(),
            created_by=context.actor.account,
            state=MailState.WAITING.value,
        )
    )
    return identifier


def purpose_of(identifier: str) -> str:
    """Return what a mail's content is sealed for."""
    return f"mail message {identifier}"
