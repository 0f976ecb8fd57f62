"""V4: answers are what they say they are."""

import json
import re

import httpx

from app.operations.context import Appliance, Plane
from app.web.gate import Gate
from tests.faces import Browser
from tests.security.conftest import Seat
from tests.security.walk import addresses, make_table

FORM = re.compile(r"[a-z]+/[a-z0-9.+-]+(; charset=(utf-8|shift_jis|windows-31j))?")


def misnamed(answer: httpx.Response) -> str:
    """Return what is wrong with the content type of an answer; nothing where it fits."""
    kind, body = answer.headers.get("content-type", ""), answer.content
    if not body:
        return ""
    if not FORM.fullmatch(kind):
        return f"no content type: {kind}"
    if kind.startswith("text/") and "charset=" not in kind:
        return f"no character set: {kind}"
    if "json" in kind.partition(";")[0]:
        try:
            for line in body.splitlines() if "ndjson" in kind or "jsonl" in kind else [body]:
                json.loads(line)
        except ValueError:
            return "no JSON"
    is_page = body.lstrip()[:15].lower().startswith(b"<!doctype html>")
    if is_page != kind.startswith("text/html") and not body.startswith(b"<"):
        return f"a page as {kind}" if is_page else f"no page as {kind}"
    if kind.startswith("text/") or "json" in kind:
        body.decode("cp932" if "shift" in kind or "31j" in kind else "utf-8")
    return ""


def test_every_answer_is_of_the_type_that_it_names_ASVS_4_1_1(
    seat: Seat, planes: dict[Plane, Gate], appliance: Appliance
) -> None:
    assert misnamed(httpx.Response(200, content=b"x"))
    assert misnamed(httpx.Response(200, content=b"x", headers={"content-type": "text/plain"}))
    assert misnamed(httpx.Response(200, content=b"{", headers={"content-type": "application/json"}))
    page = {"content-type": "application/json"}
    assert misnamed(httpx.Response(200, content=b"<!doctype html>", headers=page))
    table = make_table(appliance)
    seen: set[str] = set()
    for plane, gate in planes.items():
        for person in (seat("owner", plane), Browser(gate, {})):
            for address in addresses(gate):
                answer = person.request(address.method, address.filled(str(table)))
                assert misnamed(answer) == "", str(address)
                seen.add(answer.headers.get("content-type", "").partition(";")[0])
    assert {"text/html", "application/json", "application/problem+json"} <= seen
