"""The machine's power: asked for at its own screen."""

from collections.abc import Callable

from app.machine.calling import caller_of, power_for
from app.operations.context import Context
from app.operations.operation import NoRequest, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.actions import Caller
from appliance.contract.power import GoingDown
from appliance.contract.power_client import PowerClient


def _tell(
    action: Callable[[PowerClient, Caller], GoingDown],
) -> Callable[[Context, NoRequest], GoingDown]:
    """Return what asks the machine for it, before the database is written."""

    def ask(context: Context, _: NoRequest) -> GoingDown:
        with power_for(context) as power:
            return action(power, caller_of(context))

    return ask


@operation(
    "machine.restart",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(),
    ahead=_tell(PowerClient.restart),
)
def restart_machine(context: Context, request: NoRequest) -> GoingDown:  # noqa: ARG001 - done ahead
    """Restart the machine in a moment."""
    going: GoingDown = context.ahead
    return going


@operation(
    "machine.power_off",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(),
    in_reserve=True,
    ahead=_tell(PowerClient.power_off),
)
def power_off_machine(context: Context, request: NoRequest) -> GoingDown:  # noqa: ARG001
    """Switch the machine off in a moment."""
    going: GoingDown = context.ahead
    return going


@operation(
    "machine.factory_reset",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T3_IRREVERSIBLE,
    planes=(),
    in_reserve=True,
    ahead=_tell(PowerClient.factory_reset),
)
def reset_machine(context: Context, request: NoRequest) -> GoingDown:  # noqa: ARG001 - done ahead
    """Destroy the key of all that the machine keeps, and restart it as a new one."""
    going: GoingDown = context.ahead
    return going
