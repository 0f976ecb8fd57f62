"""Every address of a plane, and the things that attacks are tried on."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from litestar.routes import HTTPRoute

from app.operations.context import Actor, Appliance, Context, Plane
from app.operations.permissions import UNGRANTED, Permission, Rights
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from app.web.gate import Gate

PAYLOADS = (
    "' OR '1'='1",
    '" OR "1"="1',
    "') OR 1=1 --",
    "'; DROP TABLE identity_account; --",
    "x' UNION SELECT token_hash FROM identity_console_session --",
    "1; SELECT pg_sleep(5)",
    "' || (SELECT 1/0) || '",
    "\\'; --",
    "%' AND '1'='1",
)
MARKUP = (
    "<xss-probe>",
    '"><xss-probe x="',
    "'><xss-probe x='",
    "</script><xss-probe>",
    "</title><xss-probe>",
    "--><xss-probe>",
    '" onfocus=probe() autofocus x="',
    "' onfocus=probe() autofocus x='",
)
EVERYTHING = Rights([(permission, "") for permission in set(Permission) - UNGRANTED])


@dataclass(frozen=True)
class Address:
    """One method at one path; parameters stand in braces."""

    method: str
    path: str

    def filled(self, value: str = "1", **values: str) -> str:
        """Return the path with something in the place of each parameter."""
        return re.sub(r"\{(\w+):(\w+)\}", lambda found: values.get(found[1], value), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def addresses(gate: Gate) -> list[Address]:
    """Return what a plane offers, by its own table of routes."""
    application: Any = gate.application
    return sorted(
        {
            Address(method, route.path)
            for route in application.routes
            if isinstance(route, HTTPRoute)
            for method in route.methods
            if method not in ("OPTIONS", "HEAD")
        },
        key=str,
    )


def is_api(address: Address) -> bool:
    return address.path.startswith("/api/")


def staff_context(appliance: Appliance) -> Context:
    """A person with every right, in the workspace."""
    return Context(
        appliance, actor=Actor(account="a1", name="Staff", rights=EVERYTHING), plane=Plane.WORKSPACE
    )


def make_table(
    appliance: Appliance,
    name: str = "顧客",
    fields: tuple[str, ...] = ("名前", "メモ"),
    rows: tuple[tuple[str, ...], ...] = (("山田", "一"), ("佐藤", "二")),
) -> int:
    """Make a table of texts with rows in it. Return its number."""
    context = staff_context(appliance)
    made = tables.create_table(
        context,
        tables.CreateTable(
            name=name, columns=[ColumnPlan(name=each, kind=FieldKind.TEXT) for each in fields]
        ),
    )
    for row in rows:
        values = {field.id: text for field, text in zip(made.fields, row, strict=True)}
        records.create_record(context, records.CreateRecord(table=made.id, values=values))
    return made.id


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inline: list[str] = []
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and data.strip():
            self.inline.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def scripts_in(html: str) -> list[str]:
    """Return what in a page would run, or is an element that somebody smuggled in."""
    page = Page(html)
    found = [f"inline: {text[:80]}" for text in page.inline]
    for tag, attributes in page.elements:
        if tag == "xss-probe":
            found.append("element xss-probe")
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "srcdoc"):
                found.append(f"{tag} {name}={value[:60]}")
            if name in ("href", "src", "action", "formaction") and re.match(
                r"\s*(javascript|vbscript|data:text)", value, re.IGNORECASE
            ):
                found.append(f"{tag} {name}={value[:60]}")
    return found
