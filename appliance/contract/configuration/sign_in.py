"""The sign-in at the proxy on the way out: beside the document, because it is a secret."""

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.contract.actions import Request
from appliance.contract.secret import Secret

User = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f:]{0,128}$(?!\n)",
        description="User at the proxy, without a colon (RFC 7617); empty for no sign-in",
    ),
]


class SetProxySignIn(Request, frozen=True, kw_only=True):
    """Sign in at the proxy by another user or password."""

    user: User
    password: Annotated[Secret, Meta(description="Password of the user at the proxy")]


class ProxySignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs in at the proxy. The password is told to nobody."""

    user: User
