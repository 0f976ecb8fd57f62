"""Where passkeys work: on a host name, never on an IP address (WebAuthn level 3, section 5.1.2).

A passkey is bound to one *RP ID*: the host name itself, or a name above it. It is a setting,
because changing it makes every passkey worthless. Where none is set it is the first host name that
the appliance knows. Whether the browser trusts the certificate is known to the page alone.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from app.core.settings import Settings
from app.identity.errors import PasskeysNotHere
from app.identity.policies import IdentityPolicy
from app.operations.context import Context

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
"""A name with a dot: browsers refuse a bare top-level name."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks for a passkey: bound to what, from which page."""

    rp_id: str
    origin: str


def rp_id(rules: IdentityPolicy, settings: Settings) -> str:
    """Return the RP ID in force; empty where the appliance has no host name."""
    return rules.rp_id or next(iter(host_names(settings)), "")


def host_names(settings: Settings) -> list[str]:
    """Return the names by which this appliance is called, without addresses."""
    return [name.lower() for name in settings.host_names if is_host_name(name.lower())]


def is_host_name(name: str) -> bool:
    """Tell whether passkeys may be bound to this name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return _NAME.fullmatch(name) is not None
    return False


def covers(rp_id: str, host: str) -> bool:
    """Tell whether passkeys of `rp_id` work on the page of `host`."""
    return host == rp_id or host.endswith(f".{rp_id}")


def here(context: Context, rules: IdentityPolicy) -> RelyingParty | None:
    """Return who asks where the person is now; None where passkeys cannot work."""
    wanted = rp_id(rules, context.appliance.settings)
    name = context.host.rpartition(":")[0] if ":" in context.host else context.host
    if not wanted or not is_host_name(name) or not covers(wanted, name):
        return None
    return RelyingParty(wanted, f"https://{context.host}")


def require_here(context: Context, rules: IdentityPolicy) -> RelyingParty:
    """Return who asks where the person is now. Raise PasskeysNotHere."""
    found = here(context, rules)
    if found is None:
        raise PasskeysNotHere(name=rp_id(rules, context.appliance.settings) or "…")
    return found
