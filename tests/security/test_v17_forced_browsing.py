"""V17: whoever knows an address but has no right gets nothing from it, on pages and API alike."""

import json

import pytest

from app.identity.roles import PERMISSIONS, Role
from app.operations.context import Appliance, Plane
from app.operations.operation import Tier
from app.operations.permissions import Permission, Rights
from app.operations.registry import all_operations
from app.web.api import PREFIX, offered
from app.web.gate import Gate
from app.web.schema import encode
from tests.faces import Browser, Owner
from tests.security.conftest import Seat
from tests.security.walk import Address, addresses, is_api, make_table
from tests.unit.test_operations_declared import request_of

OPEN_TO_ALL = {
    "GET /health",
    "GET /assets/{name:str}",
    "GET /sign-in",
    "GET /setup",
    "GET /api/v1/openapi.json",
    "POST /language",
    "POST /sign-in",
    "POST /sign-in/cancel",
    "POST /sign-in/step",
    "POST /sign-in/passkey",
    "POST /sign-in/by-passkey",
    "POST /sign-out",
    "POST /setup/claim",
    "POST /setup/person",
    "POST /setup/factor",
}
"""What a person needs who is not signed in yet; nothing of it shows data."""
OWN = {
    "GET /",
    "GET /account",
    "GET /jobs",
    "GET /requests",
    "GET /reviews/mine",
    "GET /confirm/{pending:str}",
    "POST /confirm/{pending:str}",
    "POST /session",
}
"""What everybody has who is signed in: their own things."""
EXPORTS = ("/history/export", "/people/export")
"""What an auditor may take away."""
AUDITORS_QUESTIONS = (
    "/history/verify",
    "/access-report/export",
    "/leavers/export",
    "/client-certificates/export",
)
"""Whether the history is whole, who has what, who leaves, whose devices come in."""
REFUSED = {401, 403, 404}


def is_kept_out(address: Address, status: int, location: str) -> bool:
    """Tell whether an answer gave nothing: a refusal, or the way to the sign-in page."""
    if status in REFUSED:
        return True
    return not is_api(address) and status == 303 and location.startswith("/sign-in")


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_nobody_gets_anything_but_the_sign_in_V17(
    planes: dict[Plane, Gate],
    owner: Owner,
    appliance: Appliance,
    console_application: Gate,
    workspace_application: Gate,
    plane: Plane,
) -> None:
    table = make_table(appliance)
    walked, let_in = 0, []
    for address in addresses(planes[plane]):
        if str(address) in OPEN_TO_ALL:
            continue
        walked += 1
        path = address.filled(str(table), account=owner.account)
        answer = Browser(planes[plane], {}).request(address.method, path)
        if not is_kept_out(address, answer.status_code, answer.headers.get("location", "")):
            let_in.append(f"{address}: {answer.status_code}")
        assert "山田" not in answer.text, str(address)
    assert let_in == []
    assert walked >= 40


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
@pytest.mark.parametrize("role", ["", "staff", "viewer", "auditor", "operator"])
def test_each_role_reaches_what_its_rights_say_and_nothing_else_V17(
    planes: dict[Plane, Gate],
    seat: Seat,
    owner: Owner,
    appliance: Appliance,
    role: str,
    plane: Plane,
) -> None:
    """Through the API, where each address is one operation with one permission."""
    make_table(appliance)
    person = seat(role, plane)
    held = PERMISSIONS[Role(role)] if role else frozenset()
    wrong, refused = [], 0
    for operation in offered(plane):
        assert operation.route
        if operation.permission in held or operation.permission in (
            Permission.SIGNED_IN,
            Permission.ANYBODY,
        ):
            continue
        asked = encode(request_of(operation))
        fields = json.loads(asked)
        template = PREFIX + operation.route.path.replace("}", ":str}")
        path = Address("", template).filled(**{name: str(value) for name, value in fields.items()})
        body = {
            name: value
            for name, value in fields.items()
            if f"{{{name}}}" not in operation.route.path
        }
        is_get = operation.route.method in ("GET", "DELETE")
        answer = person.request(operation.route.method, path, json=None if is_get else body)
        refused += answer.status_code == 403
        if (answer.status_code, answer.json()["code"]) != (403, "refused.permission"):
            wrong.append(f"{operation.name}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert refused >= 3 or (role == "staff" and plane is Plane.WORKSPACE)


@pytest.mark.parametrize("role", ["", "staff", "viewer", "auditor"])
def test_pages_of_the_console_are_refused_without_the_right_V17(
    planes: dict[Plane, Gate], seat: Seat, owner: Owner, role: str
) -> None:
    person = seat(role)
    held = Rights((each, "") for each in PERMISSIONS[Role(role)]) if role else Rights()
    needed = {
        "GET /accounts": Permission.ACCOUNTS_VIEW,
        "GET /accounts/new": Permission.ACCOUNTS_MANAGE,
        "GET /accounts/{account:str}": Permission.ACCOUNTS_VIEW,
        "GET /history": Permission.AUDIT_VIEW,
        "GET /history/{event:str}": Permission.AUDIT_VIEW,
        "POST /history/export": Permission.AUDIT_EXPORT,
        "GET /backups": Permission.BACKUPS_VIEW,
        "GET /backups/new": Permission.BACKUPS_MANAGE,
        "POST /backups/new": Permission.BACKUPS_MANAGE,
        "GET /backups/kit": Permission.BACKUPS_MANAGE,
        "POST /backups/kit": Permission.BACKUPS_MANAGE,
        "GET /settings": Permission.SETTINGS_VIEW,
        "GET /settings/permissions": Permission.SETTINGS_VIEW,
        "GET /settings/events": Permission.SETTINGS_VIEW,
    }
    offered_here = {str(each): each for each in addresses(planes[Plane.CONSOLE])}
    assert needed.keys() <= offered_here.keys()
    for name, permission in needed.items():
        address = offered_here[name]
        form = {"name": "n", "folder": "/x", "end": "AAAA"}
        path = address.filled(account=owner.account)
        answer = person.request(
            address.method, path, data=form if address.method == "POST" else None
        )
        if held.allows(permission):
            assert answer.status_code != 403, name
        else:
            assert answer.status_code == 403, (name, answer.status_code)


@pytest.mark.parametrize("role", ["", "staff", "viewer", "auditor"])
def test_no_change_of_the_console_is_begun_without_the_right_V17(
    planes: dict[Plane, Gate], seat: Seat, owner: Owner, role: str
) -> None:
    """Each form of somebody else's things: refused at once, not only after the second factor."""
    person = seat(role)
    mine = (
        "/account",
        "/session",
        "/sign",
        "/setup",
        "/language",
        "/requests",
        "/confirm",
        "/jobs",
    )
    tried = refused = 0
    for address in addresses(planes[Plane.CONSOLE]):
        own = address.path.startswith(mine) and not address.path.startswith("/accounts")
        if address.method != "POST" or is_api(address) or own or address.path in EXPORTS:
            continue
        if role == "auditor" and address.path in AUDITORS_QUESTIONS:
            continue
        tried += 1
        form = {
            "rev": "0",
            "name": "n",
            "login_id": "l",
            "role": "staff",
            "folder": "/x",
            "end": "AAAA",
        }
        path = address.filled("0" * 28, account=owner.account)
        answer = person.post(path, form)
        # 422: a form that this test cannot fill; its own tests try it filled
        assert answer.status_code in REFUSED | {422}, (str(address), answer.status_code)
        refused += answer.status_code == 403
    assert tried >= 10
    assert refused >= 10


def test_the_auditor_changes_nothing_and_the_owner_would_V17(
    seat: Seat, admin: Browser, appliance: Appliance
) -> None:
    form = {"name": "Jiro", "login_id": "jiro", "role": "viewer"}
    assert seat("auditor").post("/accounts/new", form).status_code == 403
    assert admin.post("/accounts/new", form).status_code == 303
    writing = {each.permission for each in all_operations() if each.tier >= Tier.T1_REVERSIBLE}
    assert not writing & PERMISSIONS[Role.AUDITOR] - {Permission.SIGNED_IN}


@pytest.mark.parametrize("role", ["", "viewer", "auditor"])
def test_pages_of_the_workspace_are_refused_without_the_right_V17(
    seat: Seat, appliance: Appliance, role: str
) -> None:
    table = make_table(appliance)
    person = seat(role, Plane.WORKSPACE)
    assert "顧客" not in person.get("/").text, "not even its name"
    for answer in (
        person.get(f"/tables/{table}"),
        person.get("/tables/new"),
        person.post(f"/tables/{table}/export"),
        person.post(f"/tables/{table}/import/errors"),
        person.post("/uploads", files={"file": ("a.csv", b"a\n1\n")}),
        person.get(f"/api/v1/tables/{table}/records/1"),
    ):
        assert answer.status_code == 403, str(answer.request.url)


def test_the_machine_s_own_operations_have_no_address_V17(
    admin: Browser, planes: dict[Plane, Gate]
) -> None:
    inner = [each for each in all_operations() if not each.planes - {Plane.LOCAL}]
    assert len(inner) >= 5
    assert all(each.route is None for each in inner)
    paths = {address.path for plane in planes for address in addresses(planes[plane])}
    for each in inner:
        guessed = "/api/v1/" + each.name.replace(".", "/").replace("_", "-")
        assert guessed not in paths
        assert admin.post(guessed, json={}).status_code in (404, 405)


def test_the_other_plane_s_pages_do_not_exist_V17(seat: Seat) -> None:
    console, workspace = seat("owner"), seat("owner", Plane.WORKSPACE)
    for path in ("/tables/1", "/tables/new", "/api/v1/tables"):
        assert console.get(path).status_code == 404, path
    for path in (
        "/accounts",
        "/history",
        "/settings",
        "/backups",
        "/setup",
        "/api/v1/accounts",
        "/api/v1/events",
        "/api/v1/backups/repositories",
    ):
        assert workspace.get(path).status_code == 404, path


@pytest.mark.parametrize(
    "path",
    [
        "//accounts",
        "/accounts/",
        "/accounts//",
        "/./accounts",
        "/x/../accounts",
        "/ACCOUNTS",
        "/accounts;x=1",
        "/accounts%2f",
        "/%61ccounts",
        "/accounts.json",
        "/accounts%20",
        "/api/v1/../v1/accounts",
        "/api//v1/accounts",
        "/api/v1/accounts/",
        "/accounts?",
        "/accounts#",
    ],
)
def test_no_other_spelling_of_an_address_goes_around_the_sign_in_V17(
    stranger: Browser, owner: Owner, path: str
) -> None:
    answer = stranger.get(path)
    assert answer.status_code in (303, 401, 404), answer.status_code
    assert "hanako" not in answer.text


def test_a_page_without_a_right_would_be_found_by_this_walk(
    owner: Owner, console_application: Gate
) -> None:
    from litestar import Litestar, get

    @get("/planted")
    async def planted() -> str:
        return "everything"

    application = Litestar([planted], openapi_config=None)
    answer = Browser(application, {}).get("/planted")  # type: ignore[arg-type]
    assert not is_kept_out(Address("GET", "/planted"), answer.status_code, "")
