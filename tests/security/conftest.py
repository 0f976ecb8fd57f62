"""What the eighteen classes of the diagnosis (promises V3–V20) are tried on.

The planes are made once; each test puts an appliance of its own into them, so that hundreds of
requests cost seconds.
"""

from collections.abc import Callable, Iterator

import pytest
from argon2 import PasswordHasher

from app.audit.event import Source
from app.console.pages import console_pages
from app.core import clock
from app.core.database import Database
from app.core.identifiers import new_identifier
from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.core.settings import load_settings
from app.identity import account_rows, passwords, policies, session_rows
from app.identity.operations import accounts, grants
from app.jobs.handlers import load_handlers
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.web.cookies import session_cookie_name
from app.web.gate import AsgiApplication, Gate
from app.web.plane import create_plane
from app.workspace.table_pages import table_pages
from tests.faces import PASSWORD, Browser, Owner, admin, at_workspace, owner, stranger
from tests.running import Copy, start_copy

__all__ = ["Owner", "admin", "at_workspace", "owner", "stranger"]

Seat = Callable[..., Browser]


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real argon2id, with the smallest parameters."""
    monkeypatch.setattr(
        passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


@pytest.fixture(scope="session")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Plane, Gate]]:
    """Both planes, without an appliance that counts."""
    folder = tmp_path_factory.mktemp("planes")
    settings = load_settings({"TENSHU_DATA": str(folder / "data"), "TENSHU_RESERVE": "0"})
    database = Database(f"sqlite:///{folder / 'empty.sqlite'}")
    nothing = Appliance(settings, database, KeyRing.create(folder / "keys"), machine="test")
    yield {
        Plane.CONSOLE: create_plane(nothing, Plane.CONSOLE, console_pages()),
        Plane.WORKSPACE: create_plane(nothing, Plane.WORKSPACE, table_pages()),
    }
    database.close()


def _with(gate: Gate, appliance: Appliance) -> AsgiApplication:
    gate.application.state.appliance = appliance
    return gate


@pytest.fixture
def console_application(planes: dict[Plane, Gate], appliance: Appliance) -> AsgiApplication:
    return _with(planes[Plane.CONSOLE], appliance)


@pytest.fixture
def workspace_application(planes: dict[Plane, Gate], appliance: Appliance) -> AsgiApplication:
    return _with(planes[Plane.WORKSPACE], appliance)


@pytest.fixture
def seat(
    appliance: Appliance,
    console_application: AsgiApplication,
    workspace_application: AsgiApplication,
) -> Seat:
    """Make somebody with a role and a session on a plane: `seat("auditor")`, `seat("")`."""

    def make(
        role: str, plane: Plane = Plane.CONSOLE, *, name: str = "", peer: str = "127.0.0.1"
    ) -> Browser:
        account = new_account(appliance, role, name=name)
        with appliance.database.write() as session:
            token, _ = session_rows.begin(
                session,
                policies.load(session),
                plane=plane,
                account=account,
                source=Source(peer=peer),
                factors="password",
                now=clock.now(),
            )
        application = {
            Plane.CONSOLE: console_application,
            Plane.WORKSPACE: workspace_application,
        }[plane]
        made = Browser(application, {session_cookie_name(plane): token.reveal()}, peer)
        made.account = account  # type: ignore[attr-defined]
        return made

    return make


@pytest.fixture(scope="session", autouse=True)
def job_kinds() -> None:
    """Know every kind of job, as each plane does from its start."""
    load_handlers()


def new_account(appliance: Appliance, role: str, *, name: str = "", login_id: str = "") -> str:
    """Make an account with a password of its own. Return its identifier."""
    local = Context(appliance, actor=SYSTEM)
    login = login_id or f"{role or 'nothing'}-{new_identifier()[-8:]}"
    made = accounts.create_account(
        local, accounts.NewAccount(login_id=login, name=name or f"{role or 'No'} person")
    )
    if role:
        grants.give(local, grants.NewGrant(holder=made.account.id, role=role))
    with appliance.database.write() as session:
        account_rows.put_password(
            session,
            made.account.id,
            Secret(PASSWORD),
            policies.load(session).password,
            now=clock.now(),
        )
    return made.account.id


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """One copy that really runs, for what only the wire shows."""
    with start_copy(tmp_path_factory.mktemp("copy")) as running:
        yield running
