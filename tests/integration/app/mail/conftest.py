"""A real Postfix, once a session; and a way to set the relay."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.secret import Secret
from app.mail.operations.relay import RelayChange, update_relay
from app.mail.relay import Relay
from app.operations.context import SYSTEM, Appliance, Context
from tests.integration.authority import Authority
from tests.integration.postfix import Postfix, running_postfix


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def postfix_server(authority: Authority) -> Iterator[Postfix]:
    with running_postfix(authority) as running:
        yield running


@pytest.fixture
def postfix(postfix_server: Postfix) -> Postfix:
    """The server with an empty box."""
    for path in postfix_server.box.glob("*"):
        path.unlink()
    return postfix_server


@pytest.fixture
def system(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM, language="ja")


class Desk:
    """Sets the relay, as an administrator does."""

    def __init__(self, system: Context) -> None:
        self.system = system
        self.rev = 0

    def set(self, password: str | None = None, **relay: object) -> None:
        told = {
            "host": "127.0.0.1",
            "sender": "tenshu@example.test",
            "sender_name": "天守",
            **relay,
        }
        change = RelayChange(
            relay=Relay(**told),
            password=None if password is None else Secret(password),
            rev=self.rev,
        )
        self.rev = update_relay(self.system, change).rev


@pytest.fixture
def desk(system: Context) -> Desk:
    return Desk(system)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Authority:
    """Another authority, that nobody trusts."""
    return Authority(tmp_path / "elsewhere", "Somebody else")
