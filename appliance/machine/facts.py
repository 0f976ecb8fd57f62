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


class EdgePlace(msgspec.Struct, frozen=True, kw_only=True):
    """nginx as it is found on this machine, and where it listens."""

    version: tuple[int, int] = (1, 26)
    """Decides how HTTP/2 is asked for: as an option of `listen` before 1.25, by itself since."""
    user: str = "www-data"
    """Whose processes speak with the network; only the first one, which reads keys, is root's."""
    root: str = ""
    """The machine's root as an absolute path; empty for `/`."""
    addresses: tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104 - the firewall says who comes in
    """Addresses to listen on."""
    names: tuple[str, ...] = ()
    """Names by which this machine is called beside those of the document."""
    revoked: str = ""
    """Absolute path of the authority's revocation list, PEM; empty where there is none."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The machine as it is found."""

    run: str
    """Folder of the planes' sockets: `console.sock`, `workspace.sock`."""
    certificates: dict[str, Certificate]
    """By name; `own` is always there."""
    authority: str = ""
    """Absolute path of the appliance's own authority, PEM: what client certificates are checked
    against. Empty where none are asked for."""
    ssh_authority: str = ""
    """Absolute path of the public keys whose certificates open SSH; empty where there is none."""
    users: dict[str, int] = {}
    """Numbers of the appliance's users that this machine has, by name."""
    name_servers: tuple[str, ...] = ()
    """Addresses that the machine asks for names where the document names none."""
    gateways: tuple[str, ...] = ()
    """Default routers of the machine where the document names none."""
    console_port: int = CONSOLE_PORT
    workspace_port: int = WORKSPACE_PORT
    redirect_port: int = REDIRECT_PORT
    smtp_port: int = SMTP_PORT
    edge: EdgePlace = EdgePlace()
    generation: int = 0
    """Number of the document's version: the edge tells it with each request, so that a connection
    that was opened before an apply does not confirm it."""
