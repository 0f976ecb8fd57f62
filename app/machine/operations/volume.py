"""Who opens the encrypted volume: shown, a new recovery key, another keeper."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.secret import Secret
from app.machine.calling import caller_of, volume_for
from app.machine.operations.reading import ON_CONSOLE
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.secret import Secret as MachineSecret
from appliance.contract.volume.state import Keeper, SeenServer, ServerAddress, VolumeKeys


@operation(
    "volume.show",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/volume"),
)
def show_volume(context: Context, request: NoRequest) -> VolumeKeys:  # noqa: ARG001
    """Tell who opens the encrypted volume at a start."""
    with volume_for(context) as machine:
        return machine.keys(caller_of(context))


class MadeRecoveryKey(msgspec.Struct, frozen=True, kw_only=True):
    """A recovery key, told this once."""

    text: Annotated[Secret, Meta(description="Eight groups of eight letters.")]
    keys: Annotated[VolumeKeys, Meta(description="Who opens the volume now.")]


def _make(context: Context, request: NoRequest) -> MadeRecoveryKey:  # noqa: ARG001
    with volume_for(context) as machine:
        made = machine.make_recovery_key(caller_of(context))
    return MadeRecoveryKey(text=Secret(made.text.reveal()), keys=made.keys)


@operation(
    "volume.make_recovery_key",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    ahead=_make,
)
def make_recovery_key(context: Context, request: NoRequest) -> MadeRecoveryKey:  # noqa: ARG001
    """Make a recovery key to the volume, told this once; the one before opens no more."""
    made: MadeRecoveryKey = context.ahead
    _tell(context, made.keys)
    return made


class NamedServer(msgspec.Struct, frozen=True, kw_only=True):
    """A key server that somebody thinks of."""

    server: ServerAddress


def _look(context: Context, request: NamedServer) -> SeenServer:
    with volume_for(context) as machine:
        return machine.look_at_server(caller_of(context), request.server)


@operation(
    "volume.look_at_server",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/volume/server"),
    ahead=_look,
)
def look_at_server(context: Context, request: NamedServer) -> SeenServer:
    """Ask a key server which keys it has; from then on the machine may reach it."""
    seen: SeenServer = context.ahead
    context.event.references["server"] = request.server
    context.event.references["thumbprint"] = seen.thumbprint
    return seen


class WantedKeeper(msgspec.Struct, frozen=True, kw_only=True):
    """Who shall open the volume at a start."""

    keeper: Annotated[Keeper, Meta(description="Who.")]
    passphrase: Annotated[
        Secret | None, Meta(description="12 letters a to z, digits and hyphens, or more; or null.")
    ] = None
    server: ServerAddress = ""
    thumbprint: Annotated[
        str,
        Meta(max_length=64, description="Of the key server's signing key, as a person compared it"),
    ] = ""


def _choose(context: Context, request: WantedKeeper) -> VolumeKeys:
    with volume_for(context) as machine:
        passphrase = MachineSecret(request.passphrase.reveal() if request.passphrase else "")
        return machine.choose(
            caller_of(context), request.keeper, passphrase, request.server, request.thumbprint
        )


@operation(
    "volume.choose_keeper",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/machine/volume/keeper"),
    ahead=_choose,
)
def choose_keeper(context: Context, request: WantedKeeper) -> VolumeKeys:
    """Say who opens the volume at a start: TPM, key server, passphrase, or nobody."""
    keys: VolumeKeys = context.ahead
    context.event.references["keeper"] = request.keeper.value
    if request.keeper is Keeper.server:
        context.event.references["server"] = request.server
        context.event.references["thumbprint"] = request.thumbprint
    _tell(context, keys)
    return keys


def _tell(context: Context, keys: VolumeKeys) -> None:
    context.event.references["protected"] = "yes" if keys.protected else "no"
