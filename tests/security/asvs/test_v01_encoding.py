"""V1: encoding, sanitising, injection, memory, deserialisation."""

import ast
import json
import re
from pathlib import Path

import msgspec.inspect
import pytest

from app.operations.context import Plane
from app.operations.registry import all_operations
from app.web.design.assets import collect_assets
from app.web.gate import Gate
from tests.faces import Browser
from tests.running import ROOT
from tests.security.asvs import written
from tests.security.conftest import Seat
from tests.security.walk import MARKUP, Page, addresses, make_table

SAFE = {("link", "data:,")}
"""Says that there is no icon; pictures of codes are `<img src=data:…>`, which run nothing."""
RUNNING = r"\b(?:eval|Function)\(|innerHTML|outerHTML|document\.write|insertAdjacentHTML"
RUNNING_LATER = r"set(?:Timeout|Interval)\(\s*[\"'`]"


def test_an_address_is_decoded_once_and_checked_after_that_ASVS_1_1_1(
    admin: Browser, stranger: Browser
) -> None:
    """What is encoded twice stays encoded once; what is forbidden is seen behind its encoding."""
    shown = Page(admin.get("/accounts?q=%2541%2527").text)
    assert "%41%27" in [each.get("value") for each in shown.all("input")]
    assert stranger.get("/%2561ccounts").status_code == 404, "not the page of accounts"
    assert stranger.get("/accounts%2500").status_code == 404, "a text of %00, and no such page"
    assert stranger.get("/accounts%00").status_code == 400
    body = {"name": "%41&#65;\\u0041", "login_id": "once"}
    asked = admin.post("/accounts/new", body)
    assert "%41&amp;#65;\\u0041" in admin.get(asked.headers["location"]).text


def test_no_page_links_a_protocol_that_runs_something_ASVS_1_2_2(
    admin: Browser, seat: Seat, planes: dict[Plane, Gate]
) -> None:
    linked = 0
    for plane, person in (
        (Plane.CONSOLE, admin),
        (Plane.WORKSPACE, seat("owner", Plane.WORKSPACE)),
    ):
        for address in addresses(planes[plane]):
            if address.method != "GET":
                continue
            for back in ("javascript:alert(1)", "data:text/html,x"):
                for tag, attributes in Page(
                    person.get(f"{address.filled()}?q={back}").text
                ).elements:
                    for name in {"href", "src", "action", "formaction"} & attributes.keys():
                        linked += 1
                        kind = re.match(r"\s*([\w+.-]+):", attributes[name])
                        is_picture = tag == "img" and attributes[name].startswith("data:image/")
                        assert not kind or is_picture or (tag, attributes[name]) in SAFE
    assert linked > 500


def test_values_in_json_cannot_end_their_text_ASVS_1_2_3(seat: Seat) -> None:
    staff = seat("staff", Plane.WORKSPACE)
    evil = ('"},{"id":"x', "\\", '\\"', "</script>", "\u2028", "'")
    table = make_table(
        staff.application.application.state.appliance,  # type: ignore[attr-defined]
        fields=("a",),
        rows=tuple((each,) for each in evil),
    )
    answer = staff.post(f"/api/v1/tables/{table}/records/search", json={})
    found = json.loads(answer.content)["records"]
    assert [record["cells"][0] for record in found] == list(evil)
    for each in MARKUP:
        refused = staff.get("/api/v1/tables", params={each: "1"})
        assert json.loads(refused.content)["code"] == "invalid_input"


def patterns_made_of_values(source: str) -> list[str]:
    """Return the regular expressions that are not written out in the source."""
    fixed = {
        node.targets[0].id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    } | {
        node.target.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }

    def is_fixed(value: ast.expr) -> bool:
        if isinstance(value, ast.Constant):
            return True
        if isinstance(value, ast.JoinedStr):
            parts = [part.value for part in value.values if isinstance(part, ast.FormattedValue)]
            return all(is_fixed(part) for part in parts)
        if isinstance(value, ast.Call):
            return ast.unparse(value.func) == "re.escape"
        return isinstance(value, ast.Name) and value.id in fixed and value.id.isupper()

    functions = ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall")
    return [
        ast.unparse(node)
        for name, node in written.calls(source)
        if name in {f"re.{each}" for each in functions} and node.args and not is_fixed(node.args[0])
    ]


DECLARED = (
    "appliance/contract/configuration/fitting.py",
    "re.search(shape.pattern, value)",
)
"""A value of the document against the pattern that its own type declares in the source."""


def test_no_pattern_is_made_of_what_somebody_typed_ASVS_1_2_9(admin: Browser) -> None:
    assert patterns_made_of_values("re.search(wanted, text)")
    assert patterns_made_of_values("re.compile(f'^{name}$')")
    assert patterns_made_of_values("A = 'x'\nre.compile(rf'^{A}{re.escape(name)}$')") == []
    assert [
        (path, found)
        for path, source in written.sources()
        for found in patterns_made_of_values(source)
    ] == [DECLARED]
    for sign in (".*", "hanako|x", "h.nako", "(", "[", "hanak?", "^hanako$", "\\w"):
        found = admin.get("/api/v1/accounts", params={"search": sign})
        assert found.json()["items"] == [], sign


def test_no_script_that_is_served_makes_code_or_markup_of_a_text_ASVS_1_3_2_ASVS_3_2_2(
    admin: Browser,
) -> None:
    """Ours; the packages' own are held by the policy, which lets no text become a script."""
    for planted in ("eval(x)", "a.innerHTML = x", "setTimeout('x()')", "new Function(x)"):
        assert re.search(RUNNING, planted) or re.search(RUNNING_LATER, planted)
    assets, ours = collect_assets(), 0
    for name in ("tenshu.js", "theme.js"):
        script = assets.named(name).body.decode()
        ours += len(script)
        assert not re.search(RUNNING, script), name
        assert not re.search(RUNNING_LATER, script), name
    assert ours > 5_000
    policy = admin.get("/").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert '"allowEval":false' in admin.get("/").text.replace("&#34;", '"').replace(" ", "")


VALUES = {
    "records.create.values{}",
    "records.update.values{}",
    "records.change_cells.added[]{}",
    "records.change_cells.changes[].values{}",
}
"""Each is measured by the kind of its field."""


def texts_without_end(kind: msgspec.inspect.Type, place: str = "") -> list[str]:
    """Return the places of a type where a text, list or table of any length would fit."""
    match kind:
        case msgspec.inspect.StrType(max_length=None, pattern=None):
            return [place]
        case msgspec.inspect.StructType() | msgspec.inspect.DataclassType():
            return [
                found
                for field in kind.fields
                for found in texts_without_end(field.type, f"{place}.{field.name}")
            ]
        case msgspec.inspect.ListType():
            own = [f"{place}[]"] if kind.max_length is None else []
            return own + texts_without_end(kind.item_type, f"{place}[]")
        case msgspec.inspect.DictType():
            own = [f"{place}{{}}"] if kind.max_length is None else []
            return own + texts_without_end(kind.value_type, f"{place}{{}}")
        case msgspec.inspect.UnionType():
            return [found for each in kind.types for found in texts_without_end(each, place)]
        case msgspec.inspect.Metadata():
            return texts_without_end(kind.type, place)
        case _:
            return []


@pytest.mark.parametrize(
    "operation",
    [each for each in all_operations() if each.planes - {Plane.LOCAL}],
    ids=lambda each: each.name,
)
def test_every_text_of_a_request_has_an_end_ASVS_1_3_3_ASVS_2_1_1(operation) -> None:
    kind = msgspec.inspect.type_info(operation.request_type)
    assert set(texts_without_end(kind, operation.name)) <= VALUES


def test_templates_are_files_and_never_made_of_texts_ASVS_1_3_7() -> None:
    makers = {"jinja2.Template", "string.Template"}

    def made(source: str) -> list[str]:
        taken = {name for name in written.imports(source) if name in makers}
        return [
            name
            for name, _ in written.calls(source)
            if name in makers or name.endswith(".from_string") or (taken and name == "Template")
        ]

    assert made("environment.from_string(text)")
    assert made("jinja2.Template(text)")
    assert made("from string import Template\nTemplate(text)")
    assert [(path, made(source)) for path, source in written.sources() if made(source)] == []


def test_nothing_of_ours_is_written_in_a_language_with_pointers_ASVS_1_4_1() -> None:
    suffixes = {".c", ".cc", ".cpp", ".h", ".pyx", ".pxd", ".so", ".rs", ".go", ".o", ".a"}
    found = [
        path
        for folder in written.OURS
        for path in Path(ROOT / folder).rglob("*")
        if path.suffix in suffixes
    ]
    assert found == []
    unsafe = {
        path
        for path, source in written.sources()
        if {"ctypes", "cffi", "mmap"} & {name.partition(".")[0] for name in written.imports(source)}
    }
    assert unsafe <= {"app/core/lifeline.py"}, "it asks the kernel for a signal, with numbers only"


def test_hundreds_of_requests_and_broken_uploads_leave_no_open_file_ASVS_1_4_3(
    seat: Seat, admin: Browser
) -> None:
    staff = seat("staff", Plane.WORKSPACE)
    open_files = Path("/proc/self/fd")
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b'
    form = {"content-type": "multipart/form-data; boundary=x"}

    def work(times: int) -> None:
        for _ in range(times):
            admin.get("/accounts")
            admin.post("/history/export", {"form": "csv"})
            assert staff.post("/uploads", content=head, headers=form).status_code == 400
            staff.post("/uploads", files={"file": ("a.csv", b"a,b\n1,2\n", "text/csv")})

    work(5)
    before = len(list(open_files.iterdir()))
    work(75)
    assert len(list(open_files.iterdir())) <= before + 2
