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
    passphrase = "passphrase"  # noqa: S105 - a name
    """A person at the screen, at every start."""
    nobody = "nobody"
    """The key lies on the disks: whoever has them reads them."""


class Opened(enum.StrEnum):
    """What opened the volume at this start."""

    tpm = "tpm"
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
    said: Annotated[str, Meta(description="A failed program's own words; or empty")] = ""


class RecoveryKey(msgspec.Struct, frozen=True, kw_only=True):
    """A recovery key, told this once."""

    text: Annotated[Secret, Meta(description="Eight groups of eight letters")]
    keys: Annotated[VolumeKeys, Meta(description="Who opens the volume now")]


class ChooseKeeper(Request, frozen=True, kw_only=True):
    """Say who shall open the volume at a start."""

    keeper: Annotated[Keeper, Meta(description="Who")]
    passphrase: Annotated[Secret, Meta(description="The passphrase; empty for the others")] = (
        Secret("")
    )
