"""The key ring as operations."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.backups import kit
from app.operations.context import Context, Plane
from app.operations.operation import NoRequest, Route, Tier, operation
from app.operations.permissions import Permission


class RotatedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What seals from now on."""

    key: Annotated[str, Meta(description="Identifier of the new key; opens nothing.")]


def _rotate(context: Context, _: NoRequest) -> str:
    appliance = context.appliance
    key = appliance.keyring.rotate()
    kit.wrap(appliance.settings, appliance.keyring)  # the next archive opens with the same kit
    return key


@operation(
    "keys.rotate",
    permission=Permission.KEYS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=(Plane.CONSOLE,),
    route=Route("POST", "/keys/rotate"),
    ahead=_rotate,
)
def rotate_keys(context: Context, _: NoRequest) -> RotatedKeys:
    """Seal with a new key from now on; what older keys sealed still opens."""
    key: str = context.ahead
    context.event.about("key", key)
    return RotatedKeys(key=key)
