"""A mail as it goes over the wire: RFC 5322, UTF-8, plain text.

Made by Python's own `email` package with its SMTP policy: it folds and encodes headers (RFC 2047)
and refuses line breaks in them; nothing beyond the standard library does this better kept.
"""

import datetime as dt
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from app.mail.addresses import domain_of
from app.mail.relay import Relay
from app.mail.templates import Content

AUTOMATIC: Final = "auto-generated"
"""RFC 3834: no absence note answers it."""


def compose(
    relay: Relay, *, identifier: str, recipient: str, language: str, content: Content, at: int
) -> EmailMessage:
    """Return the mail. One identifier gives one Message-ID, also when it is sent twice."""
    mail = EmailMessage(policy=SMTP)
    mail["Date"] = format_datetime(dt.datetime.fromtimestamp(at // 1000, dt.UTC))
    mail["From"] = Address(display_name=relay.sender_name, addr_spec=relay.sender)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = content.subject
    mail["Message-ID"] = f"<{identifier}@{domain_of(relay.sender)}>"
    mail["Auto-Submitted"] = AUTOMATIC
    # base64 passes every relay, those too that know no 8BITMIME
    mail.set_content(content.body, charset="utf-8", cte="base64")
    mail["Content-Language"] = language
    return mail
