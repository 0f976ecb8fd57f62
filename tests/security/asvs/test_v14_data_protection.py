"""V14: data is classified in docs/security/data-protection.md, and protected as its class says."""

import re

import msgspec
import pytest
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from app.core.secret import Secret
from app.migrations import tables
from app.operations.context import Appliance, Plane
from app.operations.registry import all_operations
from app.web.gate import Gate
from tests.faces import PASSWORD, Browser, Owner
from tests.security.asvs import written
from tests.security.conftest import Seat
from tests.security.walk import Page, addresses

PAGE = "data-protection.md"
CLASSES = {"secret", "personal", "business", "operational"}
KEPT = (
    r"\$argon2id\$.*",
    r"[0-9a-f]{64}",
    r"[0-9a-f]{8}\.[A-Za-z0-9+/=]+",
    r"",
)
"""A slow hash, a hash, a sealed text, nothing."""


def classified() -> dict[str, tuple[str, set[str]]]:
    """Return table → class and the columns that are secret."""
    found = {}
    for name, kind, higher in written.rows(written.section(PAGE, "Tables")):
        assert kind in CLASSES, name
        secret = set(re.findall(r"`(\w+)`", higher)) if higher.startswith("secret:") else set()
        found[name.strip("`")] = kind, secret
    return found


def test_every_column_is_classified_ASVS_14_1_1() -> None:
    assert tables
    known = SQLModel.metadata.tables
    told = classified()
    assert set(told) == {name for name in known if not name.startswith("tables_data")}
    suspicious = re.compile(r"hash$|^hash|secret|password|^notes$|^arguments$|token")
    for name, (_, secret) in told.items():
        columns = {column.name for column in known[name].columns}
        assert secret <= columns, name
        sealed = {column.name for column in known[name].columns if column.info.get("sealed")}
        assert sealed <= secret, name
        doubtful = {column for column in columns if suspicious.search(column)}
        if name != "jobs":  # what a job was asked for holds no secret: it is shown to its owner
            assert doubtful <= secret, name


def test_each_class_says_what_protects_it_ASVS_14_1_2() -> None:
    rows = written.rows(written.section(PAGE, "Classes"))
    assert {re.match(r"\*\*(\w+)\*\*", row[0])[1] for row in rows} == CLASSES  # type: ignore[index]
    for row in rows:
        assert len(row) == 6
        assert all(len(cell) > 2 for cell in row), row
    text = written.section(PAGE, "Classes")
    for word in ("Integrity:", "Privacy:", "encrypted in every backup"):
        assert word in text
    assert "個人情報保護法" in written.read(PAGE)


def test_no_secret_is_ever_asked_for_in_an_address(seat: Seat, planes: dict[Plane, Gate]) -> None:
    """Neither in the query of a GET, nor in a path, nor by a form that is sent as one."""
    for operation in all_operations():
        if operation.route is None:
            continue
        secret = {
            field.name
            for field in msgspec.structs.fields(operation.request_type)
            if Secret in (field.type, *getattr(field.type, "__args__", ()))
            or getattr(field.type, "__origin__", None) is Secret
        }
        in_path = set(re.findall(r"\{(\w+)\}", operation.route.path))
        assert not secret & in_path, operation.name
        assert not secret or operation.route.method not in ("GET", "DELETE"), operation.name
    forms = 0
    for plane, gate in planes.items():
        for person in (seat("owner", plane), Browser(gate, {})):
            for address in addresses(gate):
                if address.method != "GET":
                    continue
                body = person.get(address.filled()).text
                for form in re.findall(r"<form\b.*?</form>", body, re.DOTALL):
                    page = Page(form)
                    forms += 1
                    if page.all("form")[0].get("method", "get").lower() == "get":
                        kinds = {field.get("type") for field in page.all("input")}
                        assert "password" not in kinds, str(address)
    assert forms > 30


def test_no_page_loads_or_sends_anything_elsewhere_ASVS_14_2_3(
    seat: Seat, planes: dict[Plane, Gate]
) -> None:
    looked = 0
    for plane, gate in planes.items():
        for person in (seat("owner", plane), Browser(gate, {})):
            for address in addresses(gate):
                if address.method != "GET":
                    continue
                answer = person.get(address.filled())
                for tag, attributes in Page(answer.text).elements:
                    for name in ("src", "href", "action", "srcset", "ping", "poster", "data-src"):
                        value = attributes.get(name, "")
                        looked += bool(value)
                        assert not re.match(r"\s*(https?:|wss?:|//)", value), (tag, value)
                policy = answer.headers["content-security-policy"]
                assert not re.search(r"https?:|\*", policy)
                assert "report-uri" not in policy
                assert "refresh" not in answer.headers
    assert looked > 300


@pytest.mark.parametrize("plane", [Plane.CONSOLE])
def test_what_is_secret_is_kept_sealed_or_hashed_and_shown_nowhere_ASVS_14_2_4(
    admin: Browser, stranger: Browser, owner: Owner, appliance: Appliance, plane: Plane
) -> None:
    """After a life with each kind of secret in it, every cell of the database is looked at."""
    asked = admin.post("/accounts/new", {"name": "Jiro", "login_id": "jiro", "role": "viewer"})
    done = admin.post(asked.headers["location"], {"code": owner.phone.now()})
    given = re.search(r"([0-9a-z]{4}-){5}[0-9a-z]{4}", done.text)
    assert given, "an initial password"
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    token = admin.post("/account/tokens", {"name": "t", "days": "30", "permission": "jobs.view"})
    shown = re.search(r"tenshu_[\w-]{43}", token.text)
    secrets = {
        PASSWORD,
        owner.session,
        admin.cookies["__Host-tenshu-console"],
        owner.phone.secret,
        given[0],
        *owner.recovery_codes,
        *stranger.cookies.values(),
        *([shown[0]] if shown else ()),
    }
    assert len(secrets) >= 15
    rows = 0
    with appliance.database.read() as session:
        connection = session.connection()
        for name, (_, secret) in classified().items():
            for row in connection.execute(sql(f'SELECT * FROM "{name}"')).mappings():
                rows += 1
                told = repr(dict(row))
                assert not [each for each in secrets if each in told], name
                for column in secret:
                    kept = str(row[column] or "")
                    assert any(re.fullmatch(form, kept) for form in KEPT), (name, column)
    assert rows > 20
    for path in ("/", "/accounts", f"/accounts/{owner.account}", "/account", "/history"):
        page = admin.get(path).text
        assert not [each for each in secrets if each in page], path
