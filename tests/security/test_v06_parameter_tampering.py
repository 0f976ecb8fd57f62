"""V6: what a page never offered is refused, and nobody reaches another's things by a number."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import app
from app.core.identifiers import new_identifier
from app.operations.context import Appliance, Plane
from app.operations.operation import NoRequest
from app.operations.registry import all_operations
from tests.faces import Browser, Owner
from tests.security.conftest import Seat, new_account
from tests.security.walk import make_table

ROOT = Path(app.__file__).parent
IMPORT = {
    "name": "t", "columns": "2", "name-0": "a", "name-1": "b", "header": "yes",
    "take-0": "yes", "take-1": "yes", "kind-0": "decimal",
}  # fmt: skip


@pytest.fixture
def staff(seat: Seat) -> Browser:
    return seat("staff", Plane.WORKSPACE)


@pytest.fixture
def preview(staff: Browser) -> str:
    """The address of an upload that waits for its import."""
    answer = staff.post("/uploads", files={"file": ("a.csv", b"a,b\n1,2\n", "text/csv")})
    assert answer.status_code == 303
    return str(answer.headers["location"])


@pytest.mark.parametrize(
    "tampered",
    [
        {"encoding": "zlib"},
        {"encoding": "rot13"},
        {"delimiter": "xx"},
        {"delimiter": "\n"},
        {"kind-0": "evil"},
        {"kind-0": "__class__"},
        {"scale-0": "99"},
        {"scale-0": "-1"},
        {"scale-0": "a"},
        {"name": "t" * 201},
        {"name": ""},
        {"name": "a\x00b"},
        {"name": "a\nb"},
        {"columns": "1"},
        {"take-0": "", "take-1": ""},
        {"skip": "-1"},
        {"skip": "1001"},
        {"columns": "-1", "name": ""},
        {"name-0": ""},
        {"name-0": "b"},
        {"name-0": "n" * 300},
    ],
    ids=str,
)
def test_an_import_that_the_page_did_not_offer_is_refused_V6(
    staff: Browser, preview: str, tampered: dict[str, str]
) -> None:
    answer = staff.post(preview, IMPORT | tampered)
    assert answer.status_code in (400, 409, 422), answer.status_code
    assert staff.get("/api/v1/tables").json()["tables"] == []


def test_the_import_itself_is_taken(staff: Browser, preview: str) -> None:
    """Else every refusal above would prove nothing."""
    assert staff.post(preview, IMPORT).status_code == 303


@pytest.mark.parametrize(
    "address",
    [
        "?encoding=zlib",
        "?encoding=rot13",
        "?delimiter=xx",
        "?delimiter=%0a",
        "?header=maybe",
    ],
)
def test_a_preview_is_read_only_in_ways_that_are_offered_V6(
    staff: Browser, preview: str, address: str
) -> None:
    assert staff.get(preview + address).status_code in (200, 422)


def test_numbers_beyond_every_limit_are_refused_V6(staff: Browser, appliance: Appliance) -> None:
    table = make_table(appliance)
    for number in ("0", "-1", str(2**63), str(2**64), "9" * 300):
        for path in (
            f"/tables/{number}",
            f"/api/v1/tables/{number}",
            f"/api/v1/tables/{table}/records/{number}",
        ):
            assert staff.get(path).status_code in (404, 422), path
        assert staff.post(f"/tables/{number}/export").status_code in (404, 422)
        body = {"rev": int(number[:20]), "values": {}}
        path = f"/api/v1/tables/{table}/records/1"
        assert staff.request("PATCH", path, json=body).status_code in (409, 422)


def test_an_upload_serves_only_who_sent_it_V6(seat: Seat, preview: str) -> None:
    other = seat("staff", Plane.WORKSPACE)
    assert other.get(preview).status_code == 404
    assert other.post(preview, IMPORT).status_code == 404
    body = {"upload": preview.rpartition("/")[2]}
    assert other.post("/api/v1/tables/import/preview", json=body).status_code == 404


def test_a_job_is_shown_to_its_owner_only_V6(seat: Seat, staff: Browser, preview: str) -> None:
    job = staff.post(preview, IMPORT).headers["location"]
    assert staff.get(job).status_code == 200
    other = seat("staff", Plane.WORKSPACE)
    for answer in (
        other.get(job),
        other.get(f"{job}/progress"),
        other.post(f"{job}/cancel"),
        other.get(f"/api/v1{job}"),
    ):
        assert answer.status_code == 403
    assert job.rpartition("/")[2] not in other.get("/jobs").text


def test_a_session_ends_only_by_its_own_person_V6(seat: Seat) -> None:
    mine, other = seat("viewer"), seat("viewer")
    session = mine.get("/api/v1/own/sessions").json()["items"][0]["id"]
    assert other.post(f"/account/sessions/{session}/end").status_code == 404
    assert mine.get("/account").status_code == 200


def test_an_address_and_a_body_that_disagree_are_refused_V6(admin: Browser, owner: Owner) -> None:
    body = {"account": new_identifier(), "rev": 0}
    answer = admin.post(f"/api/v1/accounts/{owner.account}/suspend", json=body)
    assert answer.status_code == 422


@pytest.mark.parametrize("field", ["rights", "is_owner", "state", "id", "rev", "__class__", ""])
def test_a_field_that_does_not_exist_is_refused_V6(admin: Browser, field: str) -> None:
    body = {"login_id": "mallory", "name": "Mallory", field: "1"}
    answer = admin.post("/api/v1/accounts", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    "body",
    [
        {"sorts": [{"descending": 0}]},
        {"sorts": [{"descending": "true"}]},
        {"limit": "5"},
        {"limit": 5.5},
        {"search": 5},
        {"where": {"filters": [{"field": "1", "test": "contains", "value": "a"}]}},
    ],
    ids=str,
)
def test_a_value_of_another_kind_is_not_taken_for_the_one_that_is_meant_V6(
    staff: Browser, appliance: Appliance, body: dict[str, object]
) -> None:
    """In JSON a number is no truth and a text no number; in an address all are texts."""
    path = f"/api/v1/tables/{make_table(appliance)}/records/search"
    answer = staff.post(path, json=body)
    assert answer.status_code == 422, answer.text
    right = {"sorts": [{"descending": True}], "limit": 5, "search": "山"}
    found = staff.post(path, json=right)
    assert len(found.json()["records"]) == 1, found.text


def test_parameters_sent_twice_are_not_taken_for_lists_V6(admin: Browser) -> None:
    for address in (
        "/accounts?q=a&q=b",
        "/history?verb=a&verb=b",
        "/jobs?after=1&after=2",
        "/api/v1/accounts?search=a&search=b",
        "/api/v1/accounts?limit=1&limit=2",
    ):
        assert admin.get(address).status_code in (200, 422), address
    twice = b"name=a&name=b&login_id=c&login_id=d&role=owner&role=staff"
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert admin.post("/accounts/new", content=twice, headers=form).status_code == 422


def test_the_limit_of_a_list_cannot_be_lifted_V6(admin: Browser, appliance: Appliance) -> None:
    new_account(appliance, "viewer")
    for limit in ("0", "-1", "501", "1000000", "NaN", "1e9", "null"):
        assert admin.get(f"/api/v1/accounts?limit={limit}").status_code == 422, limit


def _requests() -> set[str]:
    return {each.request_type.__name__ for each in all_operations()} - {NoRequest.__name__}


def _is_fixed(value: ast.expr) -> bool:
    """Tell whether a value stands in the source itself: written out, or a constant's name."""
    return (
        isinstance(value, ast.Constant)
        or (isinstance(value, ast.Name) and value.id.isupper())
        or (isinstance(value, ast.Attribute) and value.attr.isupper())
    )


def unchecked(source: str) -> list[str]:
    """Return the requests of operations that a page builds by itself, past all their limits."""
    names = _requests()
    return [
        f"{node.lineno}: {ast.unparse(node)[:60]}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and not all(_is_fixed(each) for each in [*node.args, *(k.value for k in node.keywords)])
        and ast.unparse(node.func).rpartition(".")[2] in names
    ]


def reaching_past_operations(source: str) -> list[str]:
    """Return the imports by which a page would read or write data without an operation."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names: Iterator[tuple[str, str]] = iter(())
        if isinstance(node, ast.ImportFrom):
            names = ((node.module or "", each.name) for each in node.names)
        elif isinstance(node, ast.Import):
            names = ((each.name, "") for each in node.names)
        for module, name in names:
            is_table = module.endswith(".models") and name not in ENUMS
            if module.partition(".")[0] in ("sqlalchemy", "sqlmodel", "sqlite3") or is_table:
                found.append(f"from {module} import {name}")
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("database.write"):
            found.append(ast.unparse(node))
    return found


ENUMS = {"FieldKind", "TableState", "JobState"}
"""Words of a model that a page may show; no tables."""
LOOKS_UP_NAMES = {"confirm_pages.py"}
"""Shows the name behind an identifier to the person who asked to change just that."""
PAGES = [
    *(path for folder in ("console", "workspace") for path in (ROOT / folder).glob("*.py")),
    *(path for path in (ROOT / "web").glob("*_pages.py") if path.name not in LOOKS_UP_NAMES),
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_asks_operations_within_their_limits_and_nothing_else_V6(path: Any) -> None:
    source = path.read_text()
    assert reaching_past_operations(source) == []
    assert unchecked(source) == []


def test_a_page_that_reaches_past_operations_is_found_by_this_check() -> None:
    assert reaching_past_operations("from sqlmodel import select")
    assert reaching_past_operations("from app.identity.models import Account")
    assert reaching_past_operations("with context.appliance.database.write() as session: ...")
    assert unchecked("records.ListRecords(table=table, search=q)")
    assert unchecked("tables.ListTables(deleted=True)") == []
    assert unchecked("ask(records.ListRecords, table=table)") == []
    assert len(PAGES) >= 13
