"""By what a machine knows itself again, and what is to be decided where it does not."""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.actions import Request
from appliance.contract.errors import ApplianceError

FILE: Final = "doubt.json"
"""In the data folder, while it is in doubt which machine this is: nothing is sent as long."""


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine is known by, and a copy of it has otherwise."""

    hardware: Annotated[str, Meta(description="UUID of the hardware (SMBIOS)")] = ""
    cards: Annotated[tuple[str, ...], Meta(description="Addresses of the network cards")] = ()
    disks: Annotated[tuple[str, ...], Meta(description="Serial numbers of the disks")] = ()
    generation: Annotated[
        str, Meta(description="Generation of the virtual machine; empty where it cannot be read")
    ] = ""


class Stage(enum.StrEnum):
    """How far a doubt is."""

    found = "found"
    told = "told"
    """It stands in the history, as a new epoch; an administrator decides."""
    copy = "copy"
    """It is a copy: the next start of the appliance gives it keys of its own."""


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """What may be a copy of another machine, or the machine itself elsewhere."""

    at: Annotated[int, Meta(description="When it was found, in milliseconds since 1970")]
    before: Annotated[Marks, Meta(description="What the machine was known by")]
    now: Annotated[Marks, Meta(description="What it has now")]
    stage: Annotated[Stage, Meta(description="How far it is")] = Stage.found


class Verdict(enum.StrEnum):
    """What an administrator knows."""

    itself = "itself"
    """It is the machine itself, moved, or with other hardware."""
    copy = "copy"
    """It is a copy; the one it was made of runs on."""


class DecideIdentity(Request, frozen=True, kw_only=True):
    """Say which machine this is."""

    verdict: Annotated[Verdict, Meta(description="The machine itself, or a copy of it")]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided."""

    verdict: Annotated[Verdict, Meta(description="The machine itself, or a copy of it")]
    doubt: Annotated[Doubt, Meta(description="What was in doubt")]


class NothingInDoubt(ApplianceError):
    """Somebody else has decided already, or nothing was in doubt."""

    code = "identity.nothing_in_doubt"
    status = 409
    message = "It is not in doubt which machine this is."
    hint = "Somebody has decided already: the history tells who."


class IdentityInDoubt(ApplianceError):
    """It is not decided which machine this is: what would reach others waits."""

    code = "identity.in_doubt"
    status = 409
    message = "It is not decided whether this machine is a copy: until then nothing leaves it."
    hint = "Decide it on the overview: the machine itself, or a copy."
