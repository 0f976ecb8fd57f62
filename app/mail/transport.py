"""Talking to the relay: Python's own smtplib, with every failure in words and a bound on time.

A relay that hangs holds exactly the thread that talks to it: each answer must come within
ANSWER seconds, and a connection that drips its answers is cut after WHOLE seconds.
"""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Final

from app.core.messages import mark
from app.core.secret import Secret
from app.core.trusting import is_untrusted, issuer_of, looking_context, trusting_context
from app.mail.errors import (
    MailRefused,
    RelayLoginFailed,
    RelayRefused,
    RelaySilent,
    RelayTlsFailed,
    RelayUnreachable,
    RelayUntrusted,
)
from app.mail.relay import Relay

ANSWER: Final = 30.0
WHOLE: Final = 120.0
LOOK: Final = 5.0
"""Seconds to find out who issued a certificate that is not trusted."""
FOR_GOOD: Final = 500
"""RFC 5321 4.2.1: from here on the answer stays the same however often one asks."""
WELCOME: Final = 220
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


class Connection:
    """An open connection to the relay, ready to take mails."""

    def __init__(self, smtp: smtplib.SMTP, relay: Relay) -> None:
        self._smtp = smtp
        self._relay = relay

    def send(self, mail: EmailMessage, recipient: str) -> None:
        """Hand over one mail. Raise MailRefused for good, or another error for now."""
        with _in_words(self._relay):
            try:
                self._smtp.send_message(mail, self._relay.sender, [recipient])
            except smtplib.SMTPRecipientsRefused as refusal:
                ((code, answer),) = refusal.recipients.values()
                raise _refusal(code, answer, recipient) from refusal
            except smtplib.SMTPNotSupportedError as error:
                raise MailRefused(recipient=recipient, reason=_line(str(error))) from error
            except smtplib.SMTPResponseException as refusal:
                # the relay's word about the sender or the mail; a login cannot fail here any more
                raise _refusal(refusal.smtp_code, refusal.smtp_error, recipient) from refusal


@contextlib.contextmanager
def connect(
    relay: Relay, password: Secret, *, answer: float = ANSWER, whole: float = WHOLE
) -> Iterator[Connection]:
    """Open a connection as the relay asks for it; close it in any case.

    `answer` and `whole` are seconds: for one answer, and for all that happens here.
    """
    with contextlib.ExitStack() as after:
        with _in_words(relay):
            guarded = _Guarded(relay, answer, whole, trusting_context(relay.authority))
            smtp = after.enter_context(contextlib.closing(guarded))
            smtp.open()
            if relay.user:
                smtp.login(relay.user, password.reveal())
        yield Connection(smtp, relay)
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtp.quit()  # the mails are over; a relay that fails now changes nothing


class _Guarded(smtplib.SMTP):
    """smtplib's client, with TLS from the first byte where it is asked for, and a bound on all."""

    def __init__(self, relay: Relay, answer: float, whole: float, context: ssl.SSLContext) -> None:
        # a name of our own: smtplib would ask the name service for one, which may hang
        name = socket.gethostname()
        own = name if _HOST_NAME.fullmatch(name) else "[127.0.0.1]"
        super().__init__(local_hostname=own, timeout=answer)
        self._host = relay.host  # what STARTTLS checks the certificate against
        self._relay, self._context = relay, context
        self._handle: socket.socket | None = None
        self._guard = threading.Timer(whole, self._cut)
        self._guard.daemon = True

    def open(self) -> None:
        """Connect, hear whether one is welcome, and encrypt as the relay asks for it."""
        code, answer = self.connect(self._relay.host, self._relay.port)
        if code != WELCOME:
            raise smtplib.SMTPConnectError(code, answer)
        self.ehlo_or_helo_if_needed()
        if self._relay.encryption == "starttls":
            self.starttls(context=self._context)
            self.ehlo()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect; from here on the clock runs, the greeting and the handshake included."""
        plain = socket.create_connection((host, port), timeout)
        # a second handle on the same connection: TLS takes the first one over
        self._handle = plain.dup()
        self._guard.start()
        if self._relay.encryption == "tls":
            return self._context.wrap_socket(plain, server_hostname=host)
        return plain

    def _cut(self) -> None:
        """End the connection under the feet of whoever waits for it."""
        with contextlib.suppress(OSError):
            if self._handle:
                self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._guard.cancel()
        if self._handle:
            self._handle.close()
        super().close()


def _issuer(relay: Relay) -> str:
    """Look who issued the relay's certificate; empty where that cannot be found out."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        smtp = _Guarded(relay, LOOK, LOOK, looking_context())
        with contextlib.closing(smtp):
            smtp.open()
            if isinstance(smtp.sock, ssl.SSLSocket):
                return issuer_of(smtp.sock)
    return ""


@contextlib.contextmanager
def _in_words(relay: Relay) -> Iterator[None]:
    """Raise what smtplib, TLS and sockets raise as one of our errors."""
    place = {"host": relay.host, "port": relay.port}
    try:
        yield
    except TimeoutError as error:
        raise RelaySilent(**place) from error
    except smtplib.SMTPServerDisconnected as error:
        raise RelaySilent(**place) from error
    except smtplib.SMTPAuthenticationError as error:
        reason = _line(error.smtp_error)
        raise RelayLoginFailed(**place, user=relay.user, reason=reason) from error
    except smtplib.SMTPNotSupportedError as error:
        raise RelayTlsFailed(**place, reason=mark("the relay does not offer it")) from error
    except ssl.SSLError as error:
        raise _tls_failure(relay, error) from error
    except smtplib.SMTPResponseException as error:
        raise RelayRefused(reason=_line(error.smtp_error)) from error
    except smtplib.SMTPException as error:
        raise RelayRefused(reason=_line(str(error))) from error
    except OSError as error:
        raise RelayUnreachable(**place, reason=error.strerror or str(error)) from error


def _tls_failure(relay: Relay, error: ssl.SSLError) -> RelayTlsFailed:
    """Return why no safe connection came about; who issued a certificate that nobody knows."""
    place = {"host": relay.host, "port": relay.port}
    if not isinstance(error, ssl.SSLCertVerificationError):
        return RelayTlsFailed(**place, reason=error.reason or str(error))
    if not relay.authority and is_untrusted(error) and (issuer := _issuer(relay)):
        return RelayUntrusted(**place, issuer=issuer)
    return RelayTlsFailed(**place, reason=error.verify_message)


def _refusal(code: int, answer: bytes | str, recipient: str) -> MailRefused | RelayRefused:
    reason = f"{code} {_line(answer)}"
    if code >= FOR_GOOD:
        return MailRefused(recipient=recipient, reason=reason)
    return RelayRefused(reason=reason)


def _line(answer: bytes | str) -> str:
    """Return a relay's answer as one short line without control characters."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:300]
