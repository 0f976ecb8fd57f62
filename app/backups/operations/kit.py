"""The key kit: whether there is one, shown to be printed, forgotten once it stands on paper."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.backups import kit
from app.backups.errors import KitDiffers, NoKeyKit, NoKitYet
from app.core.secret import Secret
from app.machine.calling import agent_for, caller_of
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)


class KitShown(msgspec.Struct, frozen=True, kw_only=True):
    """The key kit, to print."""

    text: Annotated[Secret, Meta(description="Fourteen groups of four characters.")]
    qr: Annotated[Secret, Meta(description="What the QR code holds.")]
    number: Annotated[str, Meta(description="The kit's number; opens nothing.")]


class KitState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is a kit, and whether somebody keeps it."""

    made: Annotated[bool, Meta(description="A kit was made.")]
    kept: Annotated[bool, Meta(description="Somebody has shown that it stands on paper.")]
    number: Annotated[str, Meta(description="The kit's number; empty while there is none.")] = ""


class KitEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that the kit stands on paper."""

    end: Annotated[Secret, Meta(description="The kit's last group of four characters, as printed.")]


@operation(
    "backups.kit_state",
    permission=Permission.BACKUPS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/backups/kit/state"),
)
def kit_state(context: Context, request: NoRequest) -> KitState:  # noqa: ARG001
    """Tell whether there is a key kit, and whether somebody keeps it."""
    ring = context.appliance.keyring
    if not kit.have_kit(ring):
        return KitState(made=False, kept=False)
    return KitState(
        made=True,
        kept=kit.unkept_kit(ring) is None,
        number=kit.number(ring),
    )


@operation(
    "backups.show_kit",
    permission=Permission.BACKUPS_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    tier=Tier.T1_REVERSIBLE,
)
def show_kit(context: Context, request: NoRequest) -> KitShown:  # noqa: ARG001
    """Show the key kit to print it.

    Raise NoKeyKit once it is kept.
    """
    found = kit.unkept_kit(context.appliance.keyring)
    if found is None:
        raise NoKeyKit
    context.event.about("key kit", found.number())
    return KitShown(
        text=Secret(found.text().reveal()),
        qr=Secret(found.qr_payload().reveal()),
        number=found.number(),
    )


class KitRenewed(msgspec.Struct, frozen=True, kw_only=True):
    """The new kit, by its number, and what it opens."""

    number: Annotated[str, Meta(description="The new kit's number.")]
    before: Annotated[str, Meta(description="Number of the kit that it takes the place of.")]
    repositories: Annotated[int, Meta(description="How many repositories open with it now.")]


def _renew_kit(context: Context, request: NoRequest) -> KitRenewed:  # noqa: ARG001
    settings, ring = context.appliance.settings, context.appliance.keyring
    if not kit.have_kit(ring):
        raise NoKitYet
    before, new = kit.number(ring), kit.next_kit(ring)
    with agent_for(context) as agent:
        changed = agent.change_kit(caller_of(context), new, kit.ring_for(ring, new)).repositories
    kit.replace_kit(settings, ring, new)
    return KitRenewed(
        number=new.number(),
        before=before,
        repositories=sum(one.kit_number == new.number() for one in changed if one.connected),
    )


@operation(
    "backups.renew_kit",
    permission=Permission.BACKUPS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/backups/kit/renew"),
    ahead=_renew_kit,
)
def renew_kit(context: Context, request: NoRequest) -> KitRenewed:  # noqa: ARG001
    """Make a new key kit for all repositories; the old one does not open them any more."""
    renewed: KitRenewed = context.ahead
    context.event.about("key kit", renewed.number)
    context.event.change("kit", renewed.before, renewed.number)
    context.event.numbers["repositories"] = renewed.repositories
    return renewed


def _forget_kit(context: Context, proof: KitEnd) -> str:
    settings, ring = context.appliance.settings, context.appliance.keyring
    found = kit.unkept_kit(ring)
    if found is None:
        raise NoKeyKit
    end = found.text().reveal().rpartition(" ")[2]
    if not Secret(proof.end.reveal().strip().upper()).matches(end):
        raise KitDiffers
    kit.forget_kit(settings, ring)
    return found.number()


@operation(
    "backups.keep_kit",
    permission=Permission.BACKUPS_MANAGE,
    planes=ON_CONSOLE,
    ahead=_forget_kit,
)
def keep_kit(context: Context, proof: KitEnd) -> KitState:  # noqa: ARG001
    """Forget the key kit here, once its last group shows that it stands on paper."""
    number: str = context.ahead
    context.event.about("key kit", number)
    return KitState(made=True, kept=True, number=number)
