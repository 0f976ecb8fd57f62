"""Addresses of pages as a mail gives them: whole, and under a name that others reach too."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from app.core.settings import Settings
from app.operations.context import Context, Plane

NEAR: Final = ("", "localhost")


def link_to(context: Context, plane: Plane, path: str) -> str:
    """Return the address of a page of `plane`.

    Its host is the one by which the person called, unless only this machine knows that name: then,
    and where nobody called, the first of TENSHU_HOST_NAMES, the address, or the machine's name.
    """
    settings = context.appliance.settings
    port = settings.console_port if plane is Plane.CONSOLE else settings.workspace_port
    called = urlsplit(f"//{context.host}").hostname or ""
    host = called if _is_reached(called) else _own_name(settings) or context.appliance.machine
    return f"https://{f'[{host}]' if ':' in host else host}:{port}{path}"


def _own_name(settings: Settings) -> str:
    names = (*settings.host_names, settings.address)
    return next((name for name in names if "*" not in name and _is_reached(name)), "")


def _is_reached(host: str) -> bool:
    """Tell whether other machines may know this host."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host not in NEAR
    return not (address.is_loopback or address.is_unspecified)
