"""Searches for people as the commands show them."""

from collections.abc import Iterator
from typing import Final

import msgspec

from app.core.messages import mark
from app.operations.context import Context
from app.privacy.operations.disclosing import (
    DisclosureRef,
    DisclosureView,
    FindingFilter,
    FindingView,
    get_disclosure,
    list_findings,
)
from cli.invocation import Invocation
from cli.request import request
from cli.table import columns

AT_ONCE: Final = 500


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A search with what it has found."""

    search: DisclosureView
    findings: list[FindingView]


def look_up(context: Context, search: str) -> Search:
    """Return a search with all that it has found. Raise NotFound."""
    found = get_disclosure(context, request(DisclosureRef, disclosure=search))
    return Search(search=found, findings=list(findings_of(context, search)))


def name_of(found: DisclosureView) -> str:
    """Return whom a search is about."""
    return found.name or "、".join(found.texts)


def describe(invocation: Invocation, found: Search) -> str:
    """Return a search for people."""
    one = found.search
    lines = [f"{one.id}  {name_of(one)}  {one.state}"]
    if one.skipped:
        text = mark("Not looked into: {tables}")
        lines.append(invocation.words(text, tables="、".join(one.skipped)))
    return "\n".join([*lines, table_of(invocation, found.findings)])


def table_of(invocation: Invocation, findings: list[FindingView]) -> str:
    """Return findings as columns."""
    marked = (mark("Finding"), mark("Place"), mark("Name"), mark("Reason"))
    heads = [invocation.words(head) for head in marked]
    rows = [(one.id, one.place, one.title, invocation.words(one.why)) for one in findings]
    return columns(heads, rows)


def findings_of(context: Context, search: str) -> Iterator[FindingView]:
    """Give all that a search has found, in the order of their numbers."""
    after = "0"
    while after:
        wanted = request(FindingFilter, disclosure=search, after=int(after), limit=AT_ONCE)
        page = list_findings(context, wanted)
        yield from page.items
        after = page.after
