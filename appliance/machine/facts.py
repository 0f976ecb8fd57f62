"""What a plan must know of the machine beside the document. Read once, then passed on."""

import contextlib
import datetime as dt
import functools
import ipaddress
import os
import pwd
import re
import socket
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from appliance.contract.certificates.folder import Condition, Folder, Pair
from appliance.contract.configuration import ports
from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.configuration.outgoing import Needed
from appliance.contract.configuration.services import OWN
from appliance.machine.needed import read_needed
from appliance.machine.programs import ask
from appliance.machine.shares import Share, shares
from appliance.place import Place
from appliance.volume.keeping import KeptKeys

CONSOLE_PORT: Final = ports.CONSOLE_PORT
WORKSPACE_PORT: Final = ports.WORKSPACE_PORT
REDIRECT_PORT: Final = ports.REDIRECT_PORT
SMTP_PORT: Final = ports.SMTP_PORT
USERS: Final = (
    "root",
    "tenshu-console",
    "tenshu-workspace",
    "tenshu-audit",
    "tenshu-updates",
    "_chrony",
)
WEB_PORTS: Final = {"http": 80, "https": 443}
SYSTEMD: Final = Path("/run/systemd/system")
CLIENTS_FOLDER: Final = "clients"
CLIENTS: Final = "clients.pem"
"""Certificate of the authority for clients, in that folder, which the console writes."""
REVOKED: Final = "clients.crl"
"""What that authority has revoked."""
RESOLVERS: Final = Path("/etc/resolv.conf")
INTERFACES: Final = Path("/sys/class/net")
ROUTES: Final = Path("/proc/net/route")
ROUTES_6: Final = Path("/proc/net/ipv6_route")


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """Files of a certificate that stand on the machine."""

    chain: str
    """Absolute path of the chain, the server's own certificate first."""
    key: str
    """Absolute path of its key, PKCS#8."""
    private: bool = False
    """Browsers do not know its authority by themselves: somebody has to tell them."""


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
    """By name, those that can be shown now; `own` is always there."""
    authority: str = ""
    """Absolute path of the appliance's authority for clients, PEM: what their certificates are
    checked against. Empty where none are asked for."""
    ssh_authority: str = ""
    """Absolute path of the public keys whose certificates open SSH; empty where there is none."""
    ssh_revoked: str = ""
    """Absolute path of the list of certificates that open SSH no more; empty for none."""
    users: dict[str, int] = {}
    """Numbers of the appliance's users that this machine has, by name."""
    name_servers: tuple[str, ...] = ()
    """Addresses that the machine asks for names where the document names none."""
    gateways: tuple[str, ...] = ()
    """Default routers of the machine where the document names none."""
    needed: tuple[Needed, ...] = ()
    """What the functions of the appliance reach, as the console has told."""
    shares: tuple[Share, ...] = ()
    """What is mounted from other machines, or is to be."""
    key_servers: tuple[tuple[str, int], ...] = ()
    """Host and port of the key servers of the disks: the one that is used, one looked at."""
    console_port: int = CONSOLE_PORT
    workspace_port: int = WORKSPACE_PORT
    redirect_port: int = REDIRECT_PORT
    smtp_port: int = SMTP_PORT
    edge: EdgePlace = EdgePlace()
    generation: int = 0
    """Number of the document's version: the edge tells it with each request, so that a connection
    that was opened before an apply does not confirm it."""


def gather_facts(place: Place, generation: int) -> Facts:
    """Read the machine of a place."""
    clients, ssh = place.data / CLIENTS_FOLDER / CLIENTS, place.machine / "ssh"
    has_ssh = (ssh / "authority.pub").exists()
    return Facts(
        run=str(place.run),
        certificates=_certificates(Folder(place.data), dt.datetime.now(dt.UTC)),
        authority=str(clients) if clients.exists() else "",
        ssh_authority=str(ssh / "authority.pub") if has_ssh else "",
        ssh_revoked=str(ssh / "revoked") if has_ssh else "",
        users=_users(),
        name_servers=_name_servers(RESOLVERS),
        gateways=_gateways(),
        needed=read_needed(place.machine),
        shares=shares(),
        key_servers=_key_servers(place),
        edge=_edge(place),
        generation=generation,
    )


def _key_servers(place: Place) -> tuple[tuple[str, int], ...]:
    """Return where key servers are; one whose address cannot be read is none."""
    found = []
    for server in KeptKeys(place).servers():
        with contextlib.suppress(ValueError):
            parts = urlsplit(server)
            if parts.hostname:
                found.append((parts.hostname, parts.port or WEB_PORTS[parts.scheme]))
    return tuple(found)


def _certificates(folder: Folder, now: dt.datetime) -> dict[str, Certificate]:
    """Return what can be shown now: what is expired or broken is not there, and so not shown."""
    found = {OWN: _files(folder.own, private=True)}
    for name in folder.names():
        one = folder.examine(name, now)
        if one.condition is Condition.good and one.pair and one.chain:
            found[name] = _files(one.pair, private=not one.chain.trusted)
    return found


def _files(pair: Pair, *, private: bool) -> Certificate:
    return Certificate(chain=str(pair.chain), key=str(pair.key), private=private)


@functools.cache
def _nginx_version() -> tuple[int, int]:
    """Return the version of the installed nginx; what the product has where there is none."""
    with contextlib.suppress(ProgramRefused):
        found = re.search(r"nginx/(\d+)\.(\d+)", ask("nginx", "-v"))
        if found:
            return int(found[1]), int(found[2])
    return EdgePlace().version


def _edge(place: Place) -> EdgePlace:
    root = "" if place.machine_root in (None, Path("/")) else str(place.machine_root)
    revoked = place.data / CLIENTS_FOLDER / REVOKED
    found = EdgePlace(
        version=_nginx_version(),
        root=root,
        names=(socket.gethostname().lower(), "localhost"),
        revoked=str(revoked) if revoked.exists() else "",
    )
    if SYSTEMD.is_dir():
        return found
    # without units there are no users of their own either: all processes trust each other
    return msgspec.structs.replace(found, user=pwd.getpwuid(os.geteuid()).pw_name)


def _users() -> dict[str, int]:
    found = {}
    for name in USERS:
        with contextlib.suppress(KeyError):  # this machine has no such user
            found[name] = pwd.getpwnam(name).pw_uid
    return found


def _name_servers(path: Path) -> tuple[str, ...]:
    """Return the servers of a resolv.conf; what is none there is passed over, as libc does."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text("utf-8", "replace").splitlines():
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                with contextlib.suppress(ValueError):
                    found.append(str(ipaddress.ip_address(words[1].partition("%")[0])))
    return tuple(found)


def cables(interfaces: Path = INTERFACES) -> frozenset[str]:
    """Return the interfaces that the machine has of itself: no VLAN, bond or bridge is one."""
    return frozenset(one.name for one in interfaces.iterdir() if (one / "device").exists())


def _gateways() -> tuple[str, ...]:
    """Return the default routers (proc(5))."""
    found = set()
    with contextlib.suppress(FileNotFoundError):
        for line in ROUTES.read_text("ascii").splitlines()[1:]:
            words = line.split()
            if words[1] == words[7] == "00000000" and words[2] != "00000000":
                found.add(str(ipaddress.IPv4Address(bytes.fromhex(words[2])[::-1])))
    with contextlib.suppress(FileNotFoundError):
        for line in ROUTES_6.read_text("ascii").splitlines():
            words = line.split()
            if words[0] == "0" * 32 and words[1] == "00" and words[4] != "0" * 32:
                found.add(str(ipaddress.IPv6Address(bytes.fromhex(words[4]))))
    return tuple(sorted(found))
