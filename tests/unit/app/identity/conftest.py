"""An appliance with people in it, and hashing that costs little."""

import pytest
from argon2 import PasswordHasher

from app.core import clock
from app.identity import passwords
from tests.unit.app.identity.house import House, Time

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real argon2id, with the smallest parameters. One test asks for the real ones."""
    monkeypatch.setattr(passwords, "HASHER", CHEAP)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """A clock that the test moves."""
    stopped = Time()
    monkeypatch.setattr(clock, "now", stopped)
    return stopped


@pytest.fixture
def house(appliance, time: Time) -> House:
    """An appliance with nobody in it yet."""
    return House(appliance, time)
