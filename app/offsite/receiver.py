"""Talking to a syslog receiver over TLS (RFC 5425) or in the open (RFC 6587).

Syslog has no word for *received*. What there is: a receiver closes its side once it has read to the
end of ours (RFC 5425, 4.4), and a system that ends a connection with bytes unread resets it. So
each batch goes over a connection of its own, we close our side, and only the receiver's orderly
close says that all of it was read. Whatever else happens, the batch is sent again.

A receiver that hangs holds exactly the thread that talks to it, WHOLE seconds at most.
"""

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from typing import Final

from app.core.trusting import is_untrusted, issuer_of, looking_context, trusting_context
from app.offsite.errors import (
    ReceiverBroke,
    ReceiverSilent,
    ReceiverTlsFailed,
    ReceiverUnreachable,
    ReceiverUntrusted,
)
from app.offsite.kinds import RecognisedReceiver, SyslogReceiver

ANSWER: Final = 10.0
WHOLE: Final = 60.0
LOOK: Final = 5.0
"""Seconds to find out who issued a certificate that is not trusted."""
PORTION: Final = 64 * 1024
"""Bytes that are written at once: the receiver has ANSWER seconds for each."""


def send(
    receiver: SyslogReceiver,
    frames: Iterable[bytes],
    *,
    answer: float = ANSWER,
    whole: float = WHOLE,
) -> None:
    """Send framed messages; return once the receiver has read them all.

    Raise what tells why it has not. Some may have arrived then.
    """
    with _in_words(receiver), contextlib.ExitStack() as after:
        place = (receiver.host, receiver.port)
        plain = _connect(place, answer)
        after.callback(plain.close)
        # a second handle on the same connection: TLS takes the first one over
        cut = after.enter_context(_guarding(plain.dup(), whole))
        connection = _secure(plain, receiver)
        after.callback(connection.close)
        for portion in _portions(frames):
            connection.sendall(portion)
        _await_close(connection)
        if cut.is_set():  # the end that was seen is the one that we made
            raise TimeoutError


class _Unreachable(Exception):
    """No connection came about."""


def _connect(place: tuple[str, int], answer: float) -> socket.socket:
    try:
        return socket.create_connection(place, answer)
    except OSError as error:
        raise _Unreachable(error.strerror or str(error)) from error


@contextlib.contextmanager
def _guarding(handle: socket.socket, whole: float) -> Iterator[threading.Event]:
    """End the connection under the feet of whoever waits for it, once the time is over."""
    over = threading.Event()

    def cut() -> None:
        over.set()
        with contextlib.suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    guard = threading.Timer(whole, cut)
    guard.daemon = True
    guard.start()
    try:
        yield over
    except OSError as error:
        raise (TimeoutError() if over.is_set() else error) from error
    finally:
        guard.cancel()
        handle.close()


def _secure(plain: socket.socket, receiver: SyslogReceiver) -> socket.socket:
    """Return the connection that messages go over: certificate and name checked, TLS 1.2 on."""
    if receiver.encryption == "none":
        return plain
    context = trusting_context(receiver.authority)
    if isinstance(receiver, RecognisedReceiver):
        _show_certificate(context, receiver)
    return context.wrap_socket(plain, server_hostname=receiver.host)


def _issuer(receiver: SyslogReceiver) -> str:
    """Look who issued the receiver's certificate; empty where that cannot be found out."""
    with contextlib.suppress(OSError):
        plain = socket.create_connection((receiver.host, receiver.port), LOOK)
        with plain, looking_context().wrap_socket(plain) as connection:
            return issuer_of(connection)
    return ""


def _show_certificate(context: ssl.SSLContext, receiver: RecognisedReceiver) -> None:
    """Let the receiver know us. TLS takes a key from a file only: this one lies in memory."""
    descriptor = os.memfd_create("client", os.MFD_CLOEXEC)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - it has no path of its own
        file.write(f"{receiver.key.reveal()}\n{receiver.certificate}\n".encode())
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")


def _portions(frames: Iterable[bytes]) -> Iterator[bytes]:
    portion = bytearray()
    for frame in frames:
        portion += frame
        if len(portion) >= PORTION:
            yield bytes(portion)
            portion.clear()
    if portion:
        yield bytes(portion)


def _await_close(connection: socket.socket) -> None:
    """Close our side and wait until the receiver closes its own."""
    if isinstance(connection, ssl.SSLSocket):
        # over TLS only the receiver's own word counts: anybody on the way can forge an end
        connection = connection.unwrap()
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(PORTION):
        pass  # a receiver has nothing to say


@contextlib.contextmanager
def _in_words(receiver: SyslogReceiver) -> Iterator[None]:
    """Raise what sockets and TLS raise as one of our errors."""
    place = {"host": receiver.host, "port": receiver.port}
    try:
        yield
    except _Unreachable as error:
        raise ReceiverUnreachable(**place, reason=str(error)) from error
    except TimeoutError as error:
        raise ReceiverSilent(**place) from error
    except ssl.SSLCertVerificationError as error:
        if not receiver.authority and is_untrusted(error) and (issuer := _issuer(receiver)):
            raise ReceiverUntrusted(**place, issuer=issuer) from error
        raise ReceiverTlsFailed(**place, reason=error.verify_message) from error
    except ssl.SSLEOFError as error:
        raise ReceiverBroke(**place, reason=_reason(error)) from error
    except ssl.SSLError as error:
        raise ReceiverTlsFailed(**place, reason=_reason(error)) from error
    except OSError as error:
        raise ReceiverBroke(**place, reason=error.strerror or str(error)) from error


def _reason(error: ssl.SSLError) -> str:
    """Return what the library calls it (`WRONG_VERSION_NUMBER`) as words."""
    return (error.reason or str(error)).replace("_", " ").lower()
