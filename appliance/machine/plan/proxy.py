"""The way out over HTTP, as environment of the appliance's units (`EnvironmentFile=-…`)."""

import ipaddress
from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.document import Document
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern, File
from appliance.machine.plan.heading import HEADING

PATH: Final = "etc/tenshu/proxy.env"
OWN: Final = ("localhost", "127.0.0.0/8", "::1")
"""The appliance itself is never asked for by way of the proxy."""


def files(document: Document, facts: Facts) -> Iterator[File]:  # noqa: ARG001 - as every planner
    """Yield the file, where there is a proxy. Its sign-in is a secret and no part of it."""
    told = environment(document)
    if not told:
        return
    content = HEADING + "".join(f"{name}={value}\n" for name, value in told.items())
    yield File(path=PATH, content=content, concern=Concern.OUTGOING)


def environment(document: Document) -> dict[str, str]:
    """Return the variables that lead programs to the proxy; none where there is no proxy."""
    proxy = document.network.proxy
    if not proxy.address:
        return {}
    told = {
        "HTTP_PROXY": proxy.address,
        "HTTPS_PROXY": proxy.address,
        "NO_PROXY": ",".join([*OWN, *proxy.exceptions]),
    }
    # some programs look for the one spelling, some for the other; curl for `http_proxy` only
    return {spelt: value for name, value in told.items() for spelt in (name, name.lower())}


def goes_by_proxy(document: Document, host: str) -> bool:
    """Tell whether a server is reached by way of the proxy: there is one, and no exception."""
    proxy = document.network.proxy
    return bool(proxy.address) and not any(_excepts(one, host) for one in proxy.exceptions)


def _excepts(exception: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(exception, strict=False)
    except ValueError:  # one of them is a name
        name = exception.lstrip(".").lower()
        return host.lower() == name or host.lower().endswith(f".{name}")
