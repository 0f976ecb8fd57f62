"""What passes between a screen and the desk: one line of JSON there, one line back, and the end.

The screen's process has no right over anything. It asks on a unix socket, and shows what it is
told; so this module loads nothing of the appliance.
"""

import contextlib
import os
import socket
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from app.core.secret import Secret
from appliance.contract.keyboard import Layout

SOCKET: Final = "TENSHU_SCREEN_SOCKET"
"""Variable that says where the desk listens."""
USUAL_SOCKET: Final = Path("/run/tenshu-screen/desk.sock")
LONGEST: Final = 64 * 1024
"""Bytes of a line, there or back."""

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Look(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Asks how things stand: anybody before the screen may."""

    language: str = "en"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands there: an owner by login ID and password, or whoever holds the key kit."""

    login_id: str = ""
    password: Secret = Secret("")
    kit: Secret = Secret("")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done, with the proof for it: nothing is remembered between two."""

    proof: Proof
    language: str = "en"


class Restart(Change, frozen=True, tag=True, kw_only=True):
    """Restart the machine."""


class PowerOff(Change, frozen=True, tag=True, kw_only=True):
    """Switch it off."""


class ResetFactor(Change, frozen=True, tag=True, kw_only=True):
    """Remove somebody's second factors."""

    whose: Annotated[str, Meta(min_length=1, max_length=128)]


class OpenConsole(Change, frozen=True, tag=True, kw_only=True):
    """Let an address or a network reach the console."""

    network: Annotated[str, Meta(min_length=1, max_length=49)]


class SetAddress(Change, frozen=True, tag=True, kw_only=True):
    """Give a cable's interface its address: DHCP where there is none."""

    interface: Annotated[str, Meta(min_length=1, max_length=15)]
    address: Annotated[str, Meta(max_length=49)] = ""
    """With the length of its network: 192.0.2.10/24."""
    gateway: Annotated[str, Meta(max_length=45)] = ""
    dns: Annotated[str, Meta(max_length=200)] = ""
    """Addresses, with spaces between."""


class FactoryReset(Change, frozen=True, tag=True, kw_only=True):
    """Destroy all that the machine keeps; it begins anew."""

    machine: Annotated[str, Meta(min_length=1, max_length=64)]
    """Its name, as whoever stands there typed it."""


class ChooseKeyboard(Change, frozen=True, tag=True, kw_only=True):
    """Take the keyboard for another one: without a proof, which it may keep from being typed."""

    layout: Layout
    proof: Proof = Proof()


class Keep(Change, frozen=True, tag=True, kw_only=True):
    """Keep what was applied and waits to be confirmed."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class TakeBack(Change, frozen=True, tag=True, kw_only=True):
    """Take it back at once."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]


AnyChange = (
    Restart
    | PowerOff
    | FactoryReset
    | ChooseKeyboard
    | ResetFactor
    | OpenConsole
    | SetAddress
    | Keep
    | TakeBack
)
Question = Look | AnyChange


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It is done; or it holds until it is confirmed in time."""

    text: str
    """In the language that was asked for."""
    waits: int = 0
    """Version that has to be confirmed; 0 where nothing has to."""
    seconds: int = 0


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Something that should answer."""

    name: str
    answers: bool


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What needs somebody, in the language that was asked for."""

    kind: str
    text: str
    urgent: bool = False
    """Whether nothing else that stands there can be relied on before that is seen to."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand. Times in milliseconds, sizes in bytes; 0 where nothing is known."""

    at: int
    version: str
    console_port: int
    workspace_port: int
    names: tuple[str, ...] = ()
    """Host names by which people reach the planes."""
    fingerprint: str = ""
    """SHA-256 of the certificate that the console shows, 64 hexadecimal digits."""
    claimed: bool = True
    """Somebody is the first administrator, or nobody knows."""
    claim_code: str = ""
    keyboard: Layout = Layout.us
    services: tuple[Service, ...] = ()
    disk_free: int = 0
    disk_size: int = 0
    last_backup: int = 0
    unsealed: int = 0
    """Events that wait to be sealed."""
    seal_behind: int = 0
    """Age of the oldest of them."""
    history: str = ""
    """What the last verification of the history said: whole, tampered, unreadable."""
    notices: tuple[Notice, ...] = ()


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why the desk did not do what it was asked for, in the language that was asked for."""

    code: str
    message: str
    hint: str = ""


class DeskSilent(Exception):
    """The desk does not answer; the text says why, for the log."""


class DeskRefused(Exception):
    """The desk answered, and did not do it."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.code)


class _Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    result: msgspec.Raw = msgspec.Raw(b"null")
    failure: Failure | None = None


def _reveal(value: Any) -> Any:  # noqa: ANN401 - msgspec's hook
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value).__name__)


def _keep(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's hook
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(kind.__name__)


_write: Final = msgspec.json.Encoder(enc_hook=_reveal)


def pack(message: msgspec.Struct) -> bytes:
    """Return a message as a line."""
    return _write.encode(message) + b"\n"


def unpack(line: bytes, kind: type[Answer] | Any) -> Any:  # noqa: ANN401 - a union has no type
    """Return the message of a line. Raise msgspec.MsgspecError."""
    return msgspec.json.decode(line, type=kind, dec_hook=_keep)


def reply(result: msgspec.Struct | Failure) -> bytes:
    """Return an answer as a line."""
    if isinstance(result, Failure):
        return pack(_Reply(failure=result))
    return pack(_Reply(result=msgspec.Raw(_write.encode(result))))


def read_line(connection: socket.socket) -> bytes:
    """Return a line without its end; less than one where the other side ended. Raise OSError."""
    found = bytearray()
    while b"\n" not in found and len(found) <= LONGEST:
        piece = connection.recv(4096)
        if not piece:
            break
        found += piece
    if len(found) > LONGEST:
        raise OSError("a line is too long")
    return bytes(found).partition(b"\n")[0]


def where() -> Path:
    """Return where the desk listens."""
    return Path(os.environ.get(SOCKET) or USUAL_SOCKET)


def ask(path: Path, message: msgspec.Struct, kind: type[Answer], seconds: float) -> Answer:
    """Ask the desk. Raise DeskRefused, or DeskSilent where no sense comes back in time."""
    try:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as connection:
            connection.settimeout(seconds)
            connection.connect(str(path))
            connection.sendall(pack(message))
            answer: _Reply = unpack(read_line(connection), _Reply)
            if answer.failure is not None:
                raise DeskRefused(answer.failure)
            found: Answer = unpack(bytes(answer.result), kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise DeskSilent(str(error)) from error
    return found
