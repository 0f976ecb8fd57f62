"""What leaves this machine: where to, for what, by whom, how much; and what was kept from it."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.console.network_words import no_machine
from app.core.messages import mark, translate
from app.machine.errors import MachineError
from app.machine.operations import outgoing
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.web.asking import AnyRequest
from app.web.design.address import one_of
from app.web.pages import Answer, need_sign_in, page
from app.web.routing import get
from appliance.contract.configuration.firewall import Purpose
from appliance.contract.configuration.outgoing import Way
from appliance.contract.configuration.traffic import Drop

PLACE: Final = "/network/outgoing"
PURPOSES: Final = {
    "dns": mark("Name servers"),
    "time": mark("Time servers"),
    "dhcp": mark("Asking for an address (DHCP)"),
    "proxy": mark("Proxy on the way out"),
    "mail": mark("Mail relay"),
    "syslog": mark("Syslog receiver"),
    "backup": mark("Backups and shares"),
    "updates": mark("Updates"),
    "webhook": mark("Webhooks"),
    "directory": mark("Directory of people"),
}
SET_AT: Final = {
    "mail": "/settings/mail",
    "syslog": "/settings/off-the-machine",
}
"""Page on which a function of the appliance is set up."""
ORIGINS: Final = {
    "settings": mark("Settings of the appliance"),
    "document": mark("Document of the machine"),
    "machine": mark("As found on the machine"),
}
MEANT_FOR: Final = {
    22: Purpose.BACKUP, 25: Purpose.MAIL, 389: Purpose.DIRECTORY, 445: Purpose.BACKUP,
    465: Purpose.MAIL, 514: Purpose.SYSLOG, 587: Purpose.MAIL, 636: Purpose.DIRECTORY,
    2049: Purpose.BACKUP, 6514: Purpose.SYSLOG,
}  # fmt: skip
"""What a port is usually reached for."""
Order = Literal["", "purpose", "-purpose", "host", "-host", "amount", "-amount", "used", "-used"]


@get(PLACE)
def show_outgoing(request: AnyRequest, q: FromQuery[str] = "", sort: FromQuery[str] = "") -> Answer:
    """Show every way out, and what was kept from leaving."""
    context = need_sign_in(request)
    try:
        found = outgoing.read_outgoing(context, NoRequest())
    except MachineError as error:
        return no_machine(request, context, error)
    order = one_of(sort, Order)
    words = q[:128].strip()
    return page(
        request,
        "console/outgoing.html",
        ways=_wanted(context, found.ways, words, order),
        drops=found.drops,
        dropped=found.dropped,
        purposes=PURPOSES,
        origins=ORIGINS,
        set_at=SET_AT,
        q=words,
        sort=order,
        asked_for=_asked_for(found.drops),
    )


def _wanted(context: Context, ways: Sequence[Way], words: str, order: str) -> list[Way]:
    """Return the ways that are asked for, in their order."""

    def purpose(one: Way) -> str:
        return translate(context.language, PURPOSES[one.purpose])

    keys: dict[str, Callable[[Way], Any]] = {
        "purpose": purpose,
        "host": lambda one: (one.host, one.port),
        "amount": lambda one: one.sent + one.received,
        "used": lambda one: one.used_at or 0,
    }
    found = [
        one
        for one in ways
        if words.lower() in f"{purpose(one)} {one.host} {one.port} {' '.join(one.users)}".lower()
    ]
    if not order:
        return found
    return sorted(found, key=keys[order.lstrip("-")], reverse=order.startswith("-"))


def _asked_for(drops: Sequence[Drop]) -> str:
    """Return the entry of the document that would let the newest of the drops out."""
    if not drops:
        return ""
    newest = drops[0]
    return "\n".join(
        [
            "[[firewall.out]]",
            f'purpose = "{MEANT_FOR.get(newest.port, Purpose.WEBHOOK)}"',
            f'host = "{newest.destination}"',
            f"port = {newest.port}",
            f'protocol = "{newest.protocol}"',
        ]
    )


def outgoing_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_outgoing]
