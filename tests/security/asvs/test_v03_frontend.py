"""V3: what a browser is told, and what the pages are made of."""

import re

from app.operations.context import Appliance, Plane
from app.web.design.assets import collect_assets
from app.web.gate import Gate
from tests.faces import Browser
from tests.security.conftest import Seat
from tests.security.walk import Page, addresses, make_table

POLICY = (
    "default-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
ENDED = {"object", "embed", "applet", "param", "frame", "frameset", "marquee", "keygen", "font"}


def test_every_download_is_saved_and_not_shown_ASVS_3_2_1(
    seat: Seat, admin: Browser, appliance: Appliance
) -> None:
    table = make_table(appliance, name="<script>", fields=("<script>",), rows=(("<script>",),))
    staff = seat("staff", Plane.WORKSPACE)
    for answer in (
        admin.post("/history/export", {"form": "csv"}),
        admin.post("/history/export", {"form": "jsonl"}),
        staff.post(f"/tables/{table}/export"),
        staff.post(f"/tables/{table}/export", {"encoding": "cp932"}),
    ):
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "html" not in answer.headers["content-type"]
        assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_every_answer_bears_the_whole_policy_ASVS_3_4_3_ASVS_3_4_6(
    seat: Seat, planes: dict[Plane, Gate]
) -> None:
    seen: set[int] = set()
    for plane, gate in planes.items():
        for person in (seat("owner", plane), Browser(gate, {})):
            answers = [
                person.get("/nothing"),
                person.raw("TRACE", "/"),
                person.get("/", headers={"host": "evil.example"}),
                person.get("/?" + "x" * 5000),
                *(person.request(address.method, address.filled()) for address in addresses(gate)),
            ]
            for answer in answers:
                seen.add(answer.status_code)
                assert answer.headers.get_list("content-security-policy") == [
                    answer.headers["content-security-policy"]
                ]
                told = answer.headers["content-security-policy"].split("; ")
                assert set(POLICY) <= set(told), str(answer.request.url)
                assert not {"*", "'unsafe-inline'", "'unsafe-eval'"} & set(" ".join(told).split())
    assert {200, 303, 401, 403, 404, 405, 421, 422, 431} <= seen


def test_pages_are_made_of_what_every_browser_supports_ASVS_3_7_1(
    seat: Seat, planes: dict[Plane, Gate]
) -> None:
    assert {path.rpartition(".")[2] for path in collect_assets().paths()} == {"css", "js", "txt"}
    elements: set[str] = set()
    for plane, gate in planes.items():
        person = seat("owner", plane)
        for address in addresses(gate):
            if address.method == "GET":
                elements |= {tag for tag, _ in Page(person.get(address.filled()).text).elements}
    assert {"form", "table", "dialog"} <= elements
    assert not elements & ENDED


MERGES = (
    r"__proto__|\bfor\s*\(\s*\w+\s+\w+\s+in\b"
    r"|Object\.assign\((?![^;{]*, \{ \w+:)"
)
"""What could carry such a name along; what is written out is no danger."""


def writes_by_name(script: str) -> list[str]:
    """Return where a script sets a property whose name is a value: `x[name] = …`."""
    found = re.findall(r"[\w)\]]\[(?![\"'`\d])[^\]\n]+\]\s*(?:=(?![=>])|\+=|\?\?=|\|\|=)", script)
    return [*found, *re.findall(MERGES, script)]


def test_no_script_writes_to_a_name_that_it_was_given_ASVS_15_3_6() -> None:
    """So no name reaches a prototype; the packages' scripts are given no data of anybody."""
    for planted in ("a[key] = 1", "all[i][j] = x", "Object.assign({}, x)", "x.__proto__"):
        assert writes_by_name(planted), planted
    for harmless in ("a[0] = 1", "const x = all[key]", "if (a[key] === 1)", 'a["b"] = 1'):
        assert writes_by_name(harmless) == [], harmless
    assets = collect_assets()
    for name in ("tenshu.js", "theme.js"):
        assert writes_by_name(assets.named(name).body.decode()) == [], name
