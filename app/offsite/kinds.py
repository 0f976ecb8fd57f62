"""The kinds of destinations, and what each needs to be told."""

import enum
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from app.core.secret import Secret
from app.mail.relay import HOST

MOST_PEOPLE: Final = 20


class Kind(enum.StrEnum):
    """How the history leaves the machine."""

    SYSLOG = "syslog"
    """Every event, and checkpoints, to a receiver of RFC 5424."""
    FOLDER = "folder"
    """Checkpoints as files in a folder, such as a mounted share."""
    MAIL = "mail"
    """A checkpoint and what was unusual, once a day."""


class SyslogReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """Who receives each event."""

    host: Annotated[
        str, Meta(max_length=253, pattern=HOST, description="Host name or address of the receiver")
    ]
    port: Annotated[int, Meta(ge=1, le=65535, description="Port of the receiver")] = 6514
    encryption: Annotated[
        Literal["tls", "none"],
        Meta(description="tls (RFC 5425), or none: everybody on the way can read and change it"),
    ] = "tls"
    authority: Annotated[
        str,
        Meta(
            max_length=65536,
            description="Certificate (PEM) of the authority that signed the receiver's own; "
            "empty: those that the machine knows",
        ),
    ] = ""
    certificate: Annotated[
        str,
        Meta(
            max_length=65536,
            description="Our own certificate (PEM) and those between it and its authority, where "
            "the receiver asks for one; empty: none",
        ),
    ] = ""
    names: Annotated[
        bool,
        Meta(description="With names and network addresses, which cannot be erased over there"),
    ] = True
    language: Annotated[Literal["ja", "en"], Meta(description="Language of the texts")] = "ja"


class RecognisedReceiver(SyslogReceiver, frozen=True, kw_only=True):
    """A receiver together with the key of our own certificate: made to be used, kept nowhere."""

    key: Secret


class CheckpointFolder(msgspec.Struct, frozen=True, kw_only=True):
    """Where checkpoints are written."""

    path: Annotated[
        str,
        Meta(
            max_length=4096,
            pattern=r"^/[^\x00-\x1f\x7f]*$(?!\n)",
            description="Absolute path of a folder that is there, such as a mounted share",
        ),
    ]


class DailyMail(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets a mail each day."""

    people: Annotated[
        list[Annotated[str, Meta(max_length=40)]],
        Meta(
            min_length=1,
            max_length=MOST_PEOPLE,
            description="Account identifiers of people who may see the history",
        ),
    ]
    hour: Annotated[int, Meta(ge=0, le=23, description="From this hour of the day on")] = 7
    zone: Annotated[
        str, Meta(max_length=64, description="Time zone of that hour, such as Asia/Tokyo")
    ] = "Asia/Tokyo"


Target = SyslogReceiver | CheckpointFolder | DailyMail

KINDS: Final[dict[Kind, type[Target]]] = {
    Kind.SYSLOG: SyslogReceiver,
    Kind.FOLDER: CheckpointFolder,
    Kind.MAIL: DailyMail,
}


def encode_target(target: Target) -> str:
    """Return what the database keeps of a target."""
    return msgspec.json.encode(target).decode()


def decode_target(kind: str, document: str) -> Target:
    """Return a target as it was kept."""
    return msgspec.json.decode(document, type=KINDS[Kind(kind)])
