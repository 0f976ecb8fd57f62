"""What a plan must know of the machine beside the document. Read once, then passed on."""

from typing import Final

import msgspec

from appliance.contract.configuration import ports

CONSOLE_PORT: Final = ports.CONSOLE_PORT
WORKSPACE_PORT: Final = ports.WORKSPACE_PORT
REDIRECT_PORT: Final = ports.REDIRECT_PORT
SMTP_PORT: Final = ports.SMTP_PORT


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """Files of a certificate that stand on the machine."""

    chain: str
    """Absolute path of the chain, the server's own certificate first."""
    key: str
    """Absolute path of its key, PKCS#8."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The machine as it is found."""

    run: str
    """Folder of the planes' sockets: `console.sock`, `workspace.sock`."""
    certificates: dict[str, Certificate]
    """By name; `own` is always there."""
    authority: str = ""
    """The appliance's own authority, PEM: what client certificates are checked against."""
    users: dict[str, int] = {}
    """Numbers of the appliance's users that this machine has, by name."""
    generation: int = 0
    """Number of the document's version: the edge tells it with each request, so that a connection
    that was opened before an apply does not confirm it."""
