"""What leaves this machine: where to, for what, by whom, how much; and what was kept from it."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from litestar.handlers import HTTPRouteHandler

from app.console.network_words import no_machine
from app.core.errors import TenshuError
from app.core.messages import mark, translate
from app.machine.errors import MachineError
from app.machine.operations import outgoing, sign_in
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.design.address import one_of
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, perform, result_of
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.configuration.firewall import Purpose
from appliance.contract.configuration.outgoing import Way
from appliance.contract.configuration.sign_in import ProxySignIn
from appliance.contract.configuration.traffic import Drop

PLACE: Final = "/network/outgoing"
PURPOSES: Final = {
    "dns": mark("Name servers"),
    "time": mark("Time servers"),
    "dhcp": mark("Asking for an address (DHCP)"),
    "proxy": mark("Proxy on the way out"),
    "keys": mark("Key server of the disks"),
    "mail": mark("Mail relay"),
    "syslog": mark("Syslog receiver"),
    "backup": mark("Backups and shares"),
    "updates": mark("Updates"),
    "webhook": mark("Webhooks"),
    "directory": mark("Directory of people"),
    "certificates": mark("Authority that renews certificates"),
}
SET_AT: Final = {
    "mail": "/settings/mail",
    "syslog": "/settings/off-the-machine",
    "certificates": "/network/certificates/authority",
    "keys": "/storage/encryption",
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
def show_outgoing(request: AnyRequest) -> Answer:
    """Show every way out, and what was kept from leaving."""
    return _page(request, {})


def _page(
    request: AnyRequest, errors: dict[str, str], user: str | None = None, status: int = 200
) -> Answer:
    context = need_sign_in(request)
    try:
        found = outgoing.read_outgoing(context, NoRequest())
        known = sign_in.get_proxy_sign_in(context, NoRequest())
    except MachineError as error:
        return no_machine(request, context, error)
    order = one_of(request.query_params.get("sort", ""), Order)
    words = request.query_params.get("q", "")[:128].strip()
    return page(
        request,
        "console/outgoing.html",
        status=status,
        ways=_wanted(context, found.ways, words, order),
        drops=found.drops,
        dropped=found.dropped,
        since=found.since,
        purposes=PURPOSES,
        origins=ORIGINS,
        set_at=SET_AT,
        q=words,
        sort=order,
        asked_for=_asked_for(found.drops),
        proxy=next((one for one in found.ways if one.purpose == "proxy"), None),
        known_user=known.user,
        user=known.user if user is None else user,
        errors=errors,
        notice=request.query_params.get("notice", ""),
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


@post(f"{PLACE}/proxy")
def set_sign_in(request: AnyRequest, data: Form) -> Answer:
    """Sign in at the proxy by another user or password, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    user = str(data.get("user", "")).strip()
    try:
        wanted = ask(sign_in.NewProxySignIn, user=user, password=str(data.get("password", "")))
        return perform(request, sign_in.set_proxy_sign_in, wanted)
    except TenshuError as error:
        return _page(request, field_errors(context.language, error), user, error.status)


@result_of(sign_in.set_proxy_sign_in)
def signed_in(_request: AnyRequest, _result: ProxySignIn) -> Answer:
    """Go back to the page."""
    return go(f"{PLACE}?notice=sign-in")


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
    return [show_outgoing, set_sign_in]
