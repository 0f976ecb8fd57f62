"""V8: what was stored as a name stays a name wherever it turns up later, exports included."""

import csv
import io
import json
import re

import pytest

from app.operations.context import Appliance, Plane
from app.web.api import content_disposition
from tests.faces import Browser
from tests.security.conftest import Seat, new_account
from tests.security.walk import MARKUP, PAYLOADS, make_table, scripts_in

FORMULAS = (
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '  =HYPERLINK("https://example.org")',
    "＝cmd|' /C calc'!A0",
    "\t=1+1",
)
TEMPLATES = (
    "{{ 7*7 }}",
    "{% for x in ().__class__ %}x{% endfor %}",
    "${7*7}",
    "{0.__class__}",
    "{name.__class__}",
    "%(password)s",
    "{",
    "}",
    "%s%n%n",
)
BAD = (*MARKUP, *PAYLOADS, *(text.strip() for text in FORMULAS), *TEMPLATES)


def run_by_spreadsheets(body: bytes) -> list[str]:
    """Return the cells of a CSV file that a spreadsheet would take for formulas (CWE-1236)."""
    rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    return [
        cell
        for row in rows
        for cell in row
        if re.match(r"[\s\0]*[=+\-@＝＋－＠]", cell) and not re.fullmatch(r"[+-]?[\d.]+", cell)
    ]


@pytest.fixture
def named_badly(appliance: Appliance) -> list[str]:
    """Accounts with every bad name. Return their identifiers."""
    return [
        new_account(
            appliance, "viewer" if number % 2 else "", name=name, login_id=f"bad{number:02}"
        )
        for number, name in enumerate(BAD)
    ]


def test_bad_names_are_shown_as_they_are_in_every_list_of_the_console_V8(
    admin: Browser, named_badly: list[str]
) -> None:
    pages = ["/accounts", "/accounts?q=bad", "/history", "/history?q=bad", "/jobs", "/requests"]
    shown = "".join(admin.get(path).text for path in pages)
    assert scripts_in(shown) == []
    assert "&lt;xss-probe&gt;" in shown, "it is there, as text"
    assert "49" not in re.findall(r">\s*(\d+)\s*<", shown), "no template ran"
    for account, name in zip(named_badly, BAD, strict=True):
        answer = admin.get(f"/accounts/{account}")
        assert answer.status_code == 200, name
        assert scripts_in(answer.text) == [], name
        answer = admin.post(f"/accounts/{account}/update", {"name": "", "rev": "0"})
        assert scripts_in(answer.text) == [], "the error's page too"


def test_bad_names_are_texts_in_the_history_and_its_events_V8(
    admin: Browser, named_badly: list[str]
) -> None:
    found = admin.get("/api/v1/events?verb=accounts.create&limit=200").json()
    assert len(found["rows"]) == len(BAD)
    names = {row["target_name"] for row in found["rows"]}
    assert names == set(BAD), "told as they were, not altered"
    for row in found["rows"]:
        answer = admin.get(f"/history/{row['id']}")
        assert answer.status_code == 200
        assert scripts_in(answer.text) == []


def test_bad_names_are_texts_in_what_is_confirmed_V8(admin: Browser) -> None:
    for name in BAD:
        answer = admin.post(
            "/accounts/new", {"name": name, "login_id": "mallory", "role": "viewer"}
        )
        assert answer.status_code == 303, name
        shown = admin.get(answer.headers["location"])
        assert shown.status_code == 200
        assert scripts_in(shown.text) == [], name
    assert scripts_in(admin.get("/requests").text) == []


def test_a_spreadsheet_runs_nothing_of_the_exported_history_V8(
    admin: Browser, named_badly: list[str]
) -> None:
    assert run_by_spreadsheets(b"a,=1+1\r\n") == ["=1+1"]
    assert run_by_spreadsheets("a,＝1\r\n".encode()) == ["＝1"]
    answer = admin.post("/history/export", {"form": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert run_by_spreadsheets(answer.content) == []
    assert "cmd|" in answer.text, "the formulas are among them, as texts"
    lines = admin.post("/history/export", {"form": "jsonl"}).text.splitlines()
    told = {json.loads(line)["target_name"] for line in lines}
    assert set(BAD) <= told


def test_tables_fields_and_cells_with_bad_texts_are_shown_as_texts_V8(
    seat: Seat, appliance: Appliance
) -> None:
    staff = seat("staff", Plane.WORKSPACE)
    for name in (MARKUP[1], MARKUP[-1], PAYLOADS[0], FORMULAS[0], *TEMPLATES[:2]):
        table = make_table(appliance, name=name, fields=BAD, rows=(BAD,))
        for path in ("/", f"/tables/{table}", f"/tables/{table}?q=x", "/tables/new"):
            answer = staff.get(path)
            assert answer.status_code == 200, (name, path)
            assert scripts_in(answer.text) == [], (name, path)
        body = staff.post(f"/tables/{table}/export")
        assert body.status_code == 200, name
        assert run_by_spreadsheets(body.content) == [], name


@pytest.mark.parametrize(
    "name",
    [*MARKUP[:3], 'a"; filename="evil.exe', "a/../../etc/passwd", "日本 \u202efdp.exe", "a;b,c"],
)
def test_a_name_becomes_one_file_name_and_no_header_V8(
    seat: Seat, appliance: Appliance, name: str
) -> None:
    table = make_table(appliance, name=name)
    answer = seat("staff", Plane.WORKSPACE).post(f"/tables/{table}/export")
    header = answer.headers["content-disposition"]
    pattern = r"attachment; filename=\"[\w.-]*\.csv\"; filename\*=UTF-8''[\w.~%-]*\.csv"
    assert re.fullmatch(pattern, header, re.ASCII), header


def test_a_line_break_in_a_file_name_makes_no_header_V8() -> None:
    header = content_disposition("a\r\nset-cookie: x=1\r\n\r\n<script>.csv")
    assert not set("\r\n") & set(header)
    assert "<" not in header


def test_names_with_line_breaks_are_refused_V8(seat: Seat, admin: Browser) -> None:
    staff = seat("staff", Plane.WORKSPACE)
    for name in ("a\r\nb", "a\nb", "a\x00b", "\x1b[31mred", "\x7f"):
        body = {"name": name, "columns": [{"name": "a"}]}
        assert staff.post("/api/v1/tables", json=body).status_code == 422, repr(name)
        body = {"name": "a", "columns": [{"name": name}]}
        assert staff.post("/api/v1/tables", json=body).status_code == 422, repr(name)
        answer = admin.post("/api/v1/accounts", json={"name": name, "login_id": "x"})
        assert answer.status_code in (403, 422)
        assert admin.post("/accounts/new", {"name": name, "login_id": "x"}).status_code == 422


def test_a_bad_file_is_previewed_as_text_V8(seat: Seat) -> None:
    staff = seat("staff", Plane.WORKSPACE)
    head = ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in MARKUP)
    body = f"{head}\r\n{head}\r\n".encode()
    for name in (*MARKUP, 'a"b.csv', "../../x.csv"):
        sent = staff.post("/uploads", files={"file": (name, body, "text/csv")})
        assert sent.status_code == 303, name
        shown = staff.get(sent.headers["location"])
        assert shown.status_code == 200
        assert scripts_in(shown.text) == [], name


def test_the_device_of_a_session_is_shown_as_text_V8(seat: Seat, admin: Browser) -> None:
    account = new_account(admin.application.application.state.appliance, "staff", login_id="dev")  # type: ignore[attr-defined]
    for payload in MARKUP:
        headers = {"user-agent": payload, "x-forwarded-for": payload}
        admin.get("/nothing", headers=headers)
        visitor = Browser(admin.application, {})
        visitor.post("/sign-in", {"login_id": "dev", "password": "wrong"}, headers=headers)
    assert account
    shown = admin.get("/history").text
    assert scripts_in(shown) == []
    assert scripts_in(admin.get("/account").text) == []


def test_the_api_gives_bad_names_back_as_they_are_V8(
    admin: Browser, named_badly: list[str]
) -> None:
    listed = admin.get("/api/v1/accounts?limit=500").json()["items"]
    assert set(BAD) <= {account["name"] for account in listed}
