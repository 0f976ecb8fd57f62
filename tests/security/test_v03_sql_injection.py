"""V3: what people type is a value and never a statement."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

import app
from app.identity.secrets_at_rest import hash_token
from app.operations.context import Appliance, Plane
from tests.faces import Browser, Owner
from tests.security.conftest import Seat, new_account
from tests.security.walk import PAYLOADS, make_table

ROOT = Path(app.__file__).parent
JSON = {"accept": "application/json"}


def tells(count: Callable[[str], int]) -> list[str]:
    """Return the payloads by which a search finds something: they can only act as SQL."""
    return [payload for payload in PAYLOADS if count(payload)]


def test_a_search_made_of_strings_is_found_by_this_check(appliance: Appliance) -> None:
    new_account(appliance, "viewer")

    def leaky(wanted: str) -> int:
        with appliance.database.read() as session:
            question = f"SELECT count(*) FROM identity_account WHERE name = '{wanted}' OR ''='x'"
            try:
                return int(session.connection().execute(text(question)).scalar_one())
            except Exception:  # noqa: BLE001 - a broken statement shows an injection too
                return 1

    assert tells(leaky)


def test_the_search_of_accounts_takes_statements_for_names_V3(admin: Browser) -> None:
    def count(wanted: str) -> int:
        answer = admin.get("/api/v1/accounts", params={"search": wanted})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert count("hanako") == 1
    assert tells(count) == []
    assert count("%") == 0, "a sign of LIKE is a sign like others"
    assert count("_") == 0


@pytest.mark.parametrize(
    "address",
    [
        "/accounts?q={}",
        "/accounts?status={}",
        "/accounts?after={}",
        "/history?q={}",
        "/history?verb={}",
        "/history?actor={}",
        "/history?target={}",
        "/history?outcome={}",
        "/history?after={}",
        "/history?from={}",
        "/history/activity?from={}",
        "/history/activity?reason={}",
        "/jobs?after={}",
        "/jobs/{}",
        "/accounts/{}",
        "/history/{}",
        "/confirm/{}",
        "/backups/runs/{}",
    ],
)
def test_no_address_of_the_console_makes_sql_of_its_parameters_V3(
    admin: Browser, owner: Owner, address: str
) -> None:
    for payload in PAYLOADS:
        answer = admin.get(address.format(quote(payload, safe="")))
        assert answer.status_code < 500, (address, payload)
        assert hash_token(owner.session) not in answer.text
    assert admin.get("/accounts").status_code == 200, "the table of accounts still stands"


def test_the_search_of_records_takes_statements_for_words_V3(
    seat: Seat, appliance: Appliance
) -> None:
    table = make_table(appliance)
    staff = seat("staff", Plane.WORKSPACE)

    def count(wanted: str) -> int:
        body = {"search": wanted}
        answer = staff.post(f"/api/v1/tables/{table}/records/search", json=body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total"])

    assert count("山田") == 1
    assert tells(count) == []


def test_filters_sorts_and_marks_of_pages_are_no_statements_V3(
    seat: Seat, appliance: Appliance
) -> None:
    table = make_table(appliance)
    staff = seat("staff", Plane.WORKSPACE)
    search = f"/api/v1/tables/{table}/records/search"
    field = staff.get(f"/api/v1/tables/{table}").json()["fields"][0]["id"]
    for payload in PAYLOADS:
        for test in ("equals", "contains"):
            body = {"where": {"filters": [{"field": field, "test": test, "value": payload}]}}
            answer = staff.post(search, json=body)
            assert (answer.status_code, answer.json()["total"]) == (200, 0), payload
        for body in (
            {"where": {"filters": [{"field": payload, "test": "equals"}]}},
            {"where": {"filters": [{"field": field, "test": payload}]}},
            {"sorts": [{"field": payload}]},
            {"sorts": [{"field": field, "descending": payload}]},
            {"after": payload},
            {"limit": payload},
            {"count": payload},
        ):
            assert staff.post(search, json=body).status_code == 422, body
        page = staff.get(f"/tables/{table}", params={"sort": payload, "q": payload})
        assert page.status_code == 200
    assert staff.post(search, json={}).json()["total"] == 2, "nothing is gone"


def test_signing_in_with_a_statement_signs_nobody_in_V3(admin: Browser) -> None:
    admin.cookies = {}
    for payload in PAYLOADS[:4]:
        answer = admin.post("/sign-in", {"login_id": payload, "password": payload})
        assert answer.status_code in (401, 429)
    assert admin.get("/accounts").status_code == 303


def test_stored_statements_stay_texts_V3(seat: Seat, appliance: Appliance) -> None:
    rows = tuple((payload, payload) for payload in PAYLOADS)
    table = make_table(appliance, name=PAYLOADS[3], fields=(PAYLOADS[0], PAYLOADS[2]), rows=rows)
    staff = seat("staff", Plane.WORKSPACE)
    found = staff.post(f"/api/v1/tables/{table}/records/search", json={}).json()
    assert [tuple(record["cells"]) for record in found["records"]] == list(rows)
    assert found["table"]["name"] == PAYLOADS[3]


def test_a_table_number_is_a_number_V3(seat: Seat, appliance: Appliance) -> None:
    make_table(appliance)
    staff = seat("staff", Plane.WORKSPACE)
    for number in ("1 OR 1=1", "1;--", "0x1", "1e3", "-1", "9" * 30, "1 UNION SELECT 1"):
        assert staff.get(f"/tables/{number}").status_code in (404, 422), number
        api = staff.get(f"/api/v1/tables/{number}")
        assert api.status_code in (404, 422), number
        json.loads(api.text)


def statements_made_of_strings(source: str) -> list[int]:
    """Return the lines where SQL is built of pieces: f-strings, `%`, `+` or `format` in a call."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = name or (node.func.id if isinstance(node.func, ast.Name) else "")
        if name not in ("text", "exec_driver_sql", "executescript"):
            continue
        if not isinstance(node.args[0], ast.Constant | ast.Name | ast.Attribute):
            found.append(node.lineno)
    return found


def test_faces_and_services_write_no_sql_of_pieces_V3() -> None:
    assert statements_made_of_strings('c.execute(text(f"SELECT {x}"))') == [1]
    assert statements_made_of_strings('c.exec_driver_sql("SELECT " + x)') == [1]
    walked = 0
    for area in ("web", "console", "workspace", "identity", "history", "backups", "jobs"):
        for path in (ROOT / area).rglob("*.py"):
            walked += 1
            assert statements_made_of_strings(path.read_text()) == [], path
    assert walked > 60
