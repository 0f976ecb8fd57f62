"""The machine's power: asked for at its own screen."""

from app.machine.calling import caller_of, power_for
from app.operations.context import Context
from app.operations.operation import NoRequest, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.power import GoingDown


def _restart(context: Context, _: NoRequest) -> GoingDown:
    with power_for(context) as power:
        return power.restart(caller_of(context))


@operation(
    "machine.restart",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(),
    ahead=_restart,
)
def restart_machine(context: Context, request: NoRequest) -> GoingDown:  # noqa: ARG001 - done ahead
    """Restart the machine in a moment."""
    going: GoingDown = context.ahead
    return going


def _power_off(context: Context, _: NoRequest) -> GoingDown:
    with power_for(context) as power:
        return power.power_off(caller_of(context))


@operation(
    "machine.power_off",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(),
    in_reserve=True,
    ahead=_power_off,
)
def power_off_machine(context: Context, request: NoRequest) -> GoingDown:  # noqa: ARG001
    """Switch the machine off in a moment."""
    going: GoingDown = context.ahead
    return going


def _factory_reset(context: Context, _: NoRequest) -> GoingDown:
    with power_for(context) as power:
        return power.factory_reset(caller_of(context))


@operation(
    "machine.factory_reset",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T3_IRREVERSIBLE,
    planes=(),
    in_reserve=True,
    ahead=_factory_reset,
)
def reset_machine(context: Context, request: NoRequest) -> GoingDown:  # noqa: ARG001 - done ahead
    """Destroy the key of all that the machine keeps, and restart it as a new one."""
    going: GoingDown = context.ahead
    return going
