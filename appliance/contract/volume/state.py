"""What the machine tells of its encrypted volume, and what it is asked to do: who opens it."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.contract.actions import Request
from appliance.contract.secret import Secret


class Keeper(enum.StrEnum):
    """Who shall open the volume at a start."""

    tpm = "tpm"
    """The machine's TPM, to kernel images that the vendor signed; by nobody's hands."""
    server = "server"
    """A key server on the customer's network (tang), while the machine reaches it."""
    passphrase = "passphrase"  # noqa: S105 - a name
    """A person at the screen, at every start."""
    nobody = "nobody"
    """The key lies on the disks: whoever has them reads them."""


class Opened(enum.StrEnum):
    """What opened the volume at this start."""

    tpm = "tpm"
    server = "server"
    asked = "asked"
    """Somebody typed the recovery key or the passphrase."""
    unprotected = "unprotected"
    """The key that lies on the disks."""
    made = "made"
    """It was made at this start."""


class Obstacle(enum.StrEnum):
    """Why the TPM keeps no key."""

    none = "none"
    no_tpm = "no_tpm"
    no_policy = "no_policy"
    """The kernel image carries no signed policy."""
    not_measured = "not_measured"
    """The firmware did not measure what it started."""
    failed = "failed"


class ServerTrouble(enum.StrEnum):
    """What an administrator has to know of the key server."""

    none = "none"
    silent = "silent"
    """It did not answer at this start."""
    lost = "lost"
    """It answered, and does not have the key any more by which the volume's was closed."""
    rotated = "rotated"
    """It has new keys, and still the one from before."""


class VolumeKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Who opens the volume."""

    protected: Annotated[
        bool, Meta(description="Whether the disks alone, without the machine, open nothing")
    ]
    chosen: Annotated[Keeper, Meta(description="Who shall open it")]
    tpm: Annotated[bool, Meta(description="Whether the machine's TPM opens it")]
    typed: Annotated[bool, Meta(description="Whether a passphrase opens it")]
    recovery: Annotated[bool, Meta(description="Whether somebody was given a recovery key")]
    recovery_at: Annotated[
        int, Meta(description="When it was made, milliseconds since 1970; 0 if unknown")
    ] = 0
    opened: Annotated[Opened, Meta(description="What opened it at this start")] = Opened.unprotected
    obstacle: Annotated[
        Obstacle, Meta(description="Why the TPM keeps no key, if something is in its way")
    ] = Obstacle.none
    server: Annotated[bool, Meta(description="Whether a key server opens it")] = False
    server_address: Annotated[str, Meta(description="The key server's address; or empty")] = ""
    server_thumbprint: Annotated[
        str, Meta(description="Thumbprint of its signing key, as somebody confirmed it; or empty")
    ] = ""
    server_key: Annotated[
        str, Meta(description="Thumbprint of its key that the volume's is closed by; or empty")
    ] = ""
    server_proven: Annotated[
        bool, Meta(description="Whether it has opened a start since it got the key")
    ] = False
    server_trouble: Annotated[
        ServerTrouble, Meta(description="What is wrong with the key server, if something is")
    ] = ServerTrouble.none
    server_said: Annotated[
        str, Meta(description="What asking the key server came to at this start; or empty")
    ] = ""
    said: Annotated[str, Meta(description="A failed program's own words; or empty")] = ""


class RecoveryKey(msgspec.Struct, frozen=True, kw_only=True):
    """A recovery key, told this once."""

    text: Annotated[Secret, Meta(description="Eight groups of eight letters")]
    keys: Annotated[VolumeKeys, Meta(description="Who opens the volume now")]


ServerAddress = Annotated[
    str,
    Meta(
        pattern=r"^(|https?://[A-Za-z0-9.:_\[\]-]{1,253}(/[A-Za-z0-9._~/-]{0,200})?)$(?!\n)",
        description="Address of a key server, as http://tang.example:80; empty for the others",
    ),
]


class LookAtServer(Request, frozen=True, kw_only=True):
    """Ask a key server which keys it has."""

    server: ServerAddress


class SeenServer(msgspec.Struct, frozen=True, kw_only=True):
    """A key server that has answered."""

    server: Annotated[str, Meta(description="Its address")]
    thumbprint: Annotated[
        str, Meta(description="Thumbprint of its signing key, to be compared by a person")
    ]
    others: Annotated[
        tuple[str, ...], Meta(description="Thumbprints of further signing keys; mostly none")
    ] = ()
    current: Annotated[
        bool, Meta(description="Whether the volume's key is closed by the key that it uses now")
    ] = False


class ChooseKeeper(Request, frozen=True, kw_only=True):
    """Say who shall open the volume at a start."""

    keeper: Annotated[Keeper, Meta(description="Who")]
    passphrase: Annotated[Secret, Meta(description="The passphrase; empty for the others")] = (
        Secret("")
    )
    server: ServerAddress = ""
    thumbprint: Annotated[
        str,
        Meta(
            max_length=64,
            description="Thumbprint of the key server's signing key, as a person compared it",
        ),
    ] = ""
