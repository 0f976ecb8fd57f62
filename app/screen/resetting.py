"""The machine is reset to its first start: named by hand, all owners told first, then done.

What is told stands in what is destroyed: the mails must have left before. They are waited for, and
not for ever: without a relay an owner must still be able to give a machine away.
"""

import contextlib
import threading
import time
from pathlib import Path
from typing import Final

from sqlalchemy import func
from sqlmodel import col, select

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.machine.operations.power import reset_machine
from app.mail import relay
from app.mail.models import MailMessage
from app.mail.states import MailState
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.screen.machine import host_name
from app.screen.operations import VERB

NAME: Final = Path("/etc/hostname")
TOLD_WITHIN: Final = 45.0
"""Seconds in which the mails to owners may leave."""
PAUSE: Final = 0.5


def require_name(typed: str, name: Path = NAME) -> None:
    """Raise InvalidInput unless it is this machine's name, as its screen shows it."""
    known = {host_name().casefold()}
    with contextlib.suppress(OSError, UnicodeDecodeError):  # one that was set while the desk runs
        known.add(name.read_text("utf-8").strip().casefold())
    if typed.strip().casefold() not in known:
        reason = mark("Type the machine's name as it stands at the top left of the screen.")
        raise InvalidInput(field="machine", reason=reason)


def reset(context: Context, since: int, patience: float = TOLD_WITHIN) -> int:
    """Reset the machine once its owners were told; return how many mails did not leave before."""
    until = time.monotonic() + patience
    while (left := _waiting(context, since)) and time.monotonic() < until:
        if not _can_leave(context):
            break
        threading.Event().wait(PAUSE)
    reset_machine(context, NoRequest())
    return left


def _waiting(context: Context, since: int) -> int:
    """Return how many mails about what is done at the screen have not left."""
    wanted = (
        select(func.count())
        .select_from(MailMessage)
        .where(
            col(MailMessage.template) == VERB,
            col(MailMessage.created_at) >= since,
            col(MailMessage.state) != MailState.SENT.value,
        )
    )
    with context.appliance.database.read() as session:
        return int(session.exec(wanted).one())


def _can_leave(context: Context) -> bool:
    with context.appliance.database.read() as session:
        return relay.load(session, context.appliance.keyring) is not None
