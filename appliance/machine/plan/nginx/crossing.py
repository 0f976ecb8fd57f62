"""What crosses to a plane: its own cookies, and who asks in headers that only the edge writes."""

import re
from collections.abc import Iterator
from typing import Final

from appliance.contract.edge import CLEARED, OWN_COOKIES, Told
from appliance.machine.facts import Facts
from appliance.machine.plan.nginx.syntax import table

VALUES: Final = {
    Told.CLIENT: "$remote_addr",
    Told.CLAIMED: "$claimed",
    Told.VERIFIED: "$ssl_client_verify",
    Told.SERIAL: "$ssl_client_serial",
    Told.CERTIFICATE: "$ssl_client_escaped_cert",
}


def cookies() -> Iterator[str]:
    """Yield a variable for each cookie that somebody may see: `name=value; `, or nothing."""
    for name in sorted({name for names in OWN_COOKIES.values() for name in names}):
        found = rf'"~(?:^|;[ ]*){re.escape(name)}=([^;]*)"'
        yield table("$http_cookie", _variable(name), [("default", '""'), (found, f'"{name}=$1; "')])


def _variable(cookie: str) -> str:
    return "$cookie_of_" + cookie.removeprefix("__Host-").replace("-", "_")


def headers(facts: Facts) -> Iterator[str]:
    """Yield every header that the edge sets or clears on the way to a plane."""
    kept = {plane: "".join(map(_variable, names)) for plane, names in OWN_COOKIES.items()}
    rows = [("default", '""'), *((plane, f'"{cookies}"') for plane, cookies in kept.items())]
    yield table("$plane", "$kept_cookies", rows)
    yield "proxy_set_header Host $http_host;"
    yield 'proxy_set_header Connection "";'
    yield "proxy_set_header Cookie $kept_cookies;"
    values = {**VALUES, Told.GENERATION: str(facts.generation)}
    for told in Told:
        yield f"proxy_set_header {told} {values[told]};"
    for cleared in CLEARED:
        yield f'proxy_set_header {cleared} "";'
