"""Both planes in this process: see tests/faces.py."""

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from app.audit.event import Source
from app.core import clock
from app.identity import passwords, policies, session_rows
from app.jobs.handlers import load_handlers
from app.operations.context import Appliance, Plane
from tests.faces import (
    ORIGIN,
    PASSWORD,
    Browser,
    Owner,
    admin,
    at_workspace,
    console_application,
    owner,
    stranger,
    workspace_application,
)
from tests.integration.app.web.colleagues import second

__all__ = [
    "ORIGIN",
    "PASSWORD",
    "Browser",
    "Owner",
    "admin",
    "at_workspace",
    "console_application",
    "owner",
    "second",
    "stranger",
    "workspace_application",
]


load_handlers()  # each plane knows every kind of job from its start


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real argon2id, with the smallest parameters."""
    monkeypatch.setattr(
        passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


@pytest.fixture
def worker(appliance: Appliance, owner: Owner, at_workspace: Callable[[str], Browser]) -> Browser:
    """The owner at the workspace."""
    with appliance.database.write() as session:
        token, _ = session_rows.begin(
            session,
            policies.load(session),
            plane=Plane.WORKSPACE,
            account=owner.account,
            source=Source(peer="127.0.0.1"),
            factors="password",
            now=clock.now(),
        )
    return at_workspace(token.reveal())
