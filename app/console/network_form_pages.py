"""Forms for the parts of the machine's document that are no lists of addresses (METI-42).

Each shows the document as it stands, and leads to the plan of what it would change. What is wrong
is told at its field, with everything that was typed.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.console.network_document_pages import plan_page
from app.console.network_form_words import choice_of, label_of
from app.console.network_words import entry_of, gathered, no_machine, said
from app.core.errors import NotFound
from app.core.messages import mark, translate
from app.machine.document_form import (
    changed_text,
    field_for,
    fields_of,
    parts,
    read_typed,
    with_values,
)
from app.machine.errors import MachineError
from app.machine.operations import reading
from app.operations.context import Context
from app.operations.operation import NoRequest
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.pages import Answer, need_sign_in, page
from app.web.routing import get, post
from app.web.shared_pages import Form
from appliance.contract.configuration.interface_problems import NoAddress, NoManagement
from appliance.contract.configuration.problem import Problem
from appliance.contract.configuration.reading import read_document


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """Some places of the document under one heading."""

    title: str
    icon: str
    places: tuple[str, ...]
    says: str = ""
    new: str = ""
    """What stands over the fields of a new entry."""


class FormPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the forms."""

    title: str
    cards: tuple[Card, ...]

    @property
    def places(self) -> tuple[str, ...]:
        """All places of the page."""
        return tuple(place for card in self.cards for place in card.places)


def _of(section: str, *keys: str) -> tuple[str, ...]:
    return tuple(f"{section}.{key}" for key in keys)


PAGES: Final = {
    "interfaces": FormPage(
        title=mark("Interfaces"),
        cards=(
            Card(
                title=mark("Names"),
                icon="server",
                places=_of("network", "hostname", "dns", "search_domains"),
            ),
            Card(
                title=mark("Interfaces"),
                icon="network",
                places=("network.interfaces",),
                says=mark(
                    "Without an interface here the machine's own network settings stay. Where two "
                    "interfaces have a default router, the one that stands first is used as long "
                    "as its cable carries; then the next one takes over."
                ),
                new=mark("Another interface"),
            ),
            Card(
                title=mark("Bonds"),
                icon="network",
                places=("network.bonds",),
                says=mark(
                    "Several cables as one interface: one may be pulled. A bond gets its addresses "
                    "above, as an interface by its name."
                ),
                new=mark("Another bond"),
            ),
            Card(
                title=mark("VLANs"),
                icon="network",
                places=("network.vlans",),
                says=mark("A VLAN gets its addresses above, as an interface by its name."),
                new=mark("Another VLAN"),
            ),
        ),
    ),
    "services": FormPage(
        title=mark("Time, proxy, SSH"),
        cards=(
            Card(
                title=mark("Time servers"),
                icon="clock",
                places=("time.servers",),
                new=mark("Another time server"),
            ),
            Card(title=mark("Clock"), icon="clock", places=("time.largest_step",)),
            Card(
                title=mark("Hours for upkeep"),
                icon="clock",
                places=_of("upkeep", "begins", "ends", "zone"),
                says=mark(
                    "Work that makes load, such as reading both disks through, is done in these "
                    "hours. Each machine begins at a time of its own in them."
                ),
            ),
            Card(
                title=mark("Proxy on the way out"),
                icon="globe",
                places=_of("network.proxy", "address", "exceptions"),
                says=mark(
                    "User and password at the proxy are kept apart, under What leaves this machine."
                ),
            ),
            Card(
                title=mark("SSH, while a maintenance window is open"),
                icon="terminal",
                places=("ssh.port",),
            ),
        ),
    ),
    "limits": FormPage(
        title=mark("Limits"),
        cards=(
            Card(
                title=mark("Ports"),
                icon="shield-check",
                places=_of("firewall", "http_redirect", "smtp", "ping"),
            ),
            Card(
                title=mark("Too many connections"),
                icon="shield-check",
                places=_of(
                    "firewall",
                    "connections_per_source",
                    "new_connections_per_minute",
                    "ban_minutes",
                    "never_banned",
                ),
            ),
            Card(
                title=mark("Proxies in front"),
                icon="network",
                places=("access.trusted_proxies",),
            ),
            Card(
                title=mark("Times and sizes at the edge"),
                icon="gauge",
                places=_of(
                    "edge",
                    "names",
                    "header_seconds",
                    "body_seconds",
                    "answer_seconds",
                    "idle_seconds",
                    "upload_mebibytes",
                    "requests_per_second",
                ),
            ),
            Card(
                title=mark("Also let out"),
                icon="globe",
                places=("firewall.out",),
                says=mark(
                    "What has a page of its own, such as the mail relay, opens its port by itself "
                    "and needs no entry here."
                ),
                new=mark("Another destination"),
            ),
        ),
    ),
}


HEADINGS: Final = {
    card.places[0]: card.title
    for form in PAGES.values()
    for card in form.cards
    if len(card.places) == 1
}
"""What a list of entries is called."""
OF_ENTRIES: Final = {NoAddress.code: "addresses", NoManagement.code: "zones"}
"""The field at which something is told that concerns an entry, or all of them."""


@get("/network/settings/{which:str}")
def show_form(request: AnyRequest, which: FromPath[str]) -> Answer:
    """Show a form with the document as it stands."""
    context = need_sign_in(request)
    form = _named(which)
    try:
        found = reading.read_configuration(context, NoRequest())
    except MachineError as error:
        return no_machine(request, context, error)
    tree = with_values(read_document(found.document), {})
    return _form_page(request, context, which, form, tree, {})


@post("/network/settings/{which:str}")
def plan_form(request: AnyRequest, which: FromPath[str], data: Form) -> Answer:
    """Show what a form would change before it does, or what is wrong with it."""
    context = need_sign_in(request)
    context.require(Permission.MACHINE_MANAGE)
    form = _named(which)
    found = reading.read_configuration(context, NoRequest())
    document = read_document(found.document)
    values = read_typed(data, form.places)

    def at_fields(problems: tuple[Problem, ...]) -> Answer:
        tree = with_values(document, values)
        fields = fields_of(parts(tree, form.places))
        told = [_told(context, one, fields) for one in problems]
        return _form_page(request, context, which, form, tree, gathered(told), 422)

    return plan_page(request, context, changed_text(found.document, document, values), at_fields)


def _told(context: Context, problem: Problem, fields: Sequence[str]) -> tuple[str, str]:
    """Return the field at which a problem is told, and the problem in words."""
    place = problem.parameters.get("place", "")
    if "." not in place:  # it is of the whole section: no field is to blame
        return "", said(context, problem)
    field = field_for(place, fields)
    if not field or not place.startswith(field):  # it is of more than the field
        asked = OF_ENTRIES.get(problem.code, "")
        inside = [one for one in fields if one.startswith(place) and one.endswith(f".{asked}")]
        heading, _, number = place.removesuffix("]").partition("[")
        words = translate(context.language, HEADINGS.get(heading, heading))
        told = entry_of(context, words, int(number)) if number.isdigit() else words
        return next(iter(inside), field), said(context, problem, told)
    label = translate(context.language, label_of(field))
    number = place.removeprefix(field).partition("]")[0].removeprefix("[")
    return field, said(
        context, problem, entry_of(context, label, int(number)) if number.isdigit() else label
    )


def _named(which: str) -> FormPage:
    if which not in PAGES:
        raise NotFound(kind=mark("page"), name=which)
    return PAGES[which]


def _form_page(
    request: AnyRequest,
    context: Context,
    which: str,
    form: FormPage,
    tree: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Answer:
    return page(
        request,
        "console/network_form.html",
        status=status,
        which=which,
        form=form,
        cards=[(card, parts(tree, card.places)) for card in form.cards],
        errors=errors,
        label_of=label_of,
        choice_of=choice_of,
        may_manage=context.actor.rights.allows(Permission.MACHINE_MANAGE),
    )


def form_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_form, plan_form]
