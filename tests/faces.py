"""Both planes as ASGI applications in this process, and people who are signed in to them.

A conftest imports the fixtures that its tests use.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx
import pyotp
import pytest

from app.audit.event import Source
from app.console import search as console_search
from app.console.health import health_of
from app.console.pages import console_pages
from app.core.database import Database
from app.core.secret import Secret
from app.identity.operations import setup
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.operation import NoRequest
from app.web.cookies import session_cookie_name
from app.web.gate import AsgiApplication, Gate
from app.web.plane import create_plane, hosts_of
from app.web.standing import make_memories
from app.workspace import search as workspace_search
from app.workspace.side import side
from app.workspace.table_pages import table_pages
from tests.apart import run_apart
from tests.haste import hasten
from tests.integration.postgresql import ROLES
from tests.running import wait_until

PASSWORD = "hiroi sora ni shiroi kumo"
ORIGIN = "https://localhost"


@dataclass
class Browser:
    """A browser without a face, in one plane."""

    application: AsgiApplication
    cookies: dict[str, str]
    peer: str = "127.0.0.1"

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request as a page of the same origin would."""
        headers = {"accept-language": "ja", **options.pop("headers", {})}
        if method != "GET":
            headers = {"sec-fetch-site": "same-origin", "origin": ORIGIN, **headers}
        return self.raw(method, path, headers=headers, **options)

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request with these headers and no others."""

        headers = dict(options.pop("headers", {}))
        if self.cookies and "cookie" not in headers:
            headers["cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.application, client=(self.peer, 4711))  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
                return await client.request(method, path, headers=headers, **options)

        answer = run_apart(send())
        for given in answer.headers.get_list("set-cookie"):
            self.keep(given)
        return answer

    def keep(self, given: str) -> None:
        """Keep or forget one cookie, as its Set-Cookie header says."""
        name, _, text = given.partition(";")[0].partition("=")
        self.cookies = {each: kept for each, kept in self.cookies.items() if each != name}
        if "max-age=0" not in given.lower():
            self.cookies[name] = text.strip('"')

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, data: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        if not {"content", "json", "files"} & options.keys():
            options["data"] = data or {}
        return self.request("POST", path, **options)


ASKED_BY_A_PAGE: Final = {"hx-request": "true"}
"""How htmx asks for a part of a page that stands already."""


@dataclass
class Owner:
    """The first administrator, with their authenticator."""

    session: str
    account: str
    phone: pyotp.TOTP
    recovery_codes: list[str]


@contextlib.contextmanager
def in_its_role(appliance: Appliance, plane: Plane) -> Iterator[Appliance]:
    """Give an appliance as the plane's process holds it: on PostgreSQL with its own role."""
    if appliance.database.is_sqlite:
        yield appliance
        return
    url = appliance.database.engine.url.set(username=ROLES[plane.value])
    database = hasten(Database(url.render_as_string(hide_password=False)))
    try:
        yield replace(appliance, database=database)
    finally:
        database.close()


_planes: dict[Plane, Gate] = {}
"""Each is made once a run, which costs half a second, and holds the appliance of one test."""


def plane_of(appliance: Appliance, plane: Plane, make: Callable[[], Gate]) -> AsgiApplication:
    """Return a plane as a process with this appliance has it at its start."""
    gate = _planes.get(plane) or _planes.setdefault(plane, make())
    gate.hosts = frozenset(hosts_of(appliance))
    gate.application.state.update(
        {"appliance": appliance, "name": appliance.machine, "memories": make_memories()}
    )
    return gate


@pytest.fixture
def console_application(appliance: Appliance) -> Iterator[AsgiApplication]:
    with in_its_role(appliance, Plane.CONSOLE) as held:
        yield plane_of(
            held,
            Plane.CONSOLE,
            lambda: create_plane(
                held, Plane.CONSOLE, console_pages(), health_of=health_of, find=console_search.find
            ),
        )


@pytest.fixture
def workspace_application(appliance: Appliance) -> Iterator[AsgiApplication]:
    with in_its_role(appliance, Plane.WORKSPACE) as held:
        yield plane_of(
            held,
            Plane.WORKSPACE,
            lambda: create_plane(
                held, Plane.WORKSPACE, table_pages(), side=side, find=workspace_search.find
            ),
        )


@pytest.fixture
def owner(appliance: Appliance) -> Owner:
    """Claim the appliance as a person would, a little while ago: their next code is fresh."""
    return claim_appliance(appliance)


def code_of_before(phone: pyotp.TOTP) -> str:
    """Return the code of one step ago: it is accepted, and the present one stays fresh.

    Not in the last second of a step, where it would be two steps old when it arrives.
    """
    wait_until(lambda: time.time() % phone.interval < phone.interval - 1, "a new code", 3)
    return phone.at(time.time() - phone.interval)


def claim_appliance(appliance: Appliance) -> Owner:
    """Make the first administrator of an appliance that is new."""
    local = Context(appliance, actor=SYSTEM)
    code = setup.new_claim_code(local, NoRequest()).code
    console = Context(appliance, plane=Plane.CONSOLE, source=Source(peer="127.0.0.1"))
    ticket = setup.claim(console, setup.Claim(code=code)).ticket
    progress = setup.describe(
        console,
        setup.Person(
            ticket=ticket,
            login_id="hanako",
            name="山田 花子",
            password=Secret(PASSWORD),
            language="ja",
            time_zone="Asia/Tokyo",
        ),
    )
    assert progress.enrolment is not None
    phone = pyotp.TOTP(progress.enrolment.secret.reveal())
    first = code_of_before(phone)
    session = setup.finish(console, setup.FirstCode(ticket=progress.ticket, code=Secret(first)))
    return Owner(
        session.token.reveal(),
        session.account,
        phone,
        [code.reveal() for code in session.recovery_codes],
    )


@pytest.fixture
def stranger(console_application: AsgiApplication) -> Browser:
    """Nobody, at the console."""
    return Browser(console_application, {})


@pytest.fixture
def admin(console_application: AsgiApplication, owner: Owner) -> Browser:
    """The owner at the console."""
    return Browser(console_application, {session_cookie_name(Plane.CONSOLE): owner.session})


@pytest.fixture
def at_workspace(workspace_application: AsgiApplication) -> Callable[[str], Browser]:
    """Somebody at the workspace, by session token."""
    return lambda token: Browser(
        workspace_application, {session_cookie_name(Plane.WORKSPACE): token} if token else {}
    )
