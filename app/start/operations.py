"""The key ring as operations."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from app.backups import kit
from app.core.signing import new_key
from app.identity import client_authority, revoking
from app.operations.context import Context, Plane
from app.operations.operation import NoRequest, Route, Tier, operation
from app.operations.permissions import Permission
from app.start import certificates


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


class Which(enum.StrEnum):
    """The appliance's authorities."""

    planes = "planes"
    """Whose certificate both planes show."""
    devices = "devices"
    """Which vouches for the devices of people."""


class NewAuthority(msgspec.Struct, frozen=True, kw_only=True):
    """Which authority gets another key."""

    authority: Annotated[Which, Meta(description="Which one")]


class MadeAuthority(msgspec.Struct, frozen=True, kw_only=True):
    """The authority that vouches from now on."""

    authority: Annotated[Which, Meta(description="Which one")]


def _make(context: Context, wanted: NewAuthority) -> None:
    appliance = context.appliance
    if wanted.authority is Which.planes:
        new_key(appliance.keyring, certificates.KEPT_AS)
        certificates.ensure_certificates(appliance.settings, appliance.keyring)
    else:
        new_key(appliance.keyring, client_authority.KEPT_AS)
        revoking.write_list(appliance)


@operation("keys.new_authority", permission=Permission.KEYS_MANAGE, planes=(), ahead=_make)
def new_authority(context: Context, wanted: NewAuthority) -> MadeAuthority:
    """Give an authority another key, at the machine: all that the old one has signed ends."""
    context.event.about("authority", wanted.authority.value)
    return MadeAuthority(authority=wanted.authority)
