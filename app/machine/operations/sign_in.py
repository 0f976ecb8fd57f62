"""The sign-in at the proxy on the way out."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.secret import Secret
from app.machine.calling import caller_of, machine_for
from app.machine.operations.reading import ON_CONSOLE
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.configuration.sign_in import ProxySignIn, User
from appliance.contract.secret import Secret as MachineSecret


class NewProxySignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Another sign-in at the proxy."""

    user: User = ""
    password: Annotated[Secret, Meta(description="Password at the proxy; never shown again.")]


@operation(
    "machine.get_proxy_sign_in",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/proxy-sign-in"),
)
def get_proxy_sign_in(context: Context, request: NoRequest) -> ProxySignIn:  # noqa: ARG001
    """Show who signs in at the proxy on the way out; the password is never shown."""
    with machine_for(context) as machine:
        return machine.proxy_sign_in(caller_of(context))


def _set(context: Context, new: NewProxySignIn) -> ProxySignIn:
    with machine_for(context) as machine:
        password = MachineSecret(new.password.reveal())
        return machine.set_proxy_sign_in(caller_of(context), new.user, password)


@operation(
    "machine.set_proxy_sign_in",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/machine/proxy-sign-in"),
    ahead=_set,
)
def set_proxy_sign_in(context: Context, new: NewProxySignIn) -> ProxySignIn:
    """Sign in at the proxy on the way out by another user or password, or not at all."""
    found: ProxySignIn = context.ahead
    context.event.references["user"] = new.user
    context.event.references["password"] = "changed" if new.user else "removed"
    return found
