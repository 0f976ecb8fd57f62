"""Who confirms or takes back waits for a moment for whoever follows the machine (V12)."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.actions import Caller
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.errors import ApplyUnderWay
from appliance.contract.configuration.state import ConfirmConfiguration, Outcome, Version
from appliance.contract.configuration.trust import Trust, TrustedRoot
from appliance.contract.configuration.writing import write_document
from appliance.machine import applying as module
from appliance.machine.applying import Applying, applying_at
from appliance.machine.telling import plan
from appliance.machine.versions import Armed, boot_identifier, boot_time
from appliance.place import Place
from tests.integration.authority import HOUR, Authority

LOCAL = Caller(account="root", plane="machine")


@pytest.fixture
def waiting(tmp_path: Path) -> Applying:
    """A machine on which version 1 waits to be confirmed."""
    place = Place(
        data=tmp_path / "data",
        keys=tmp_path / "keys",
        database_url="",
        machine_root=tmp_path / "root",
    )
    found = applying_at(place)
    assert found
    keep(found, 1, "")
    found.versions.arm(
        Armed(
            version=1,
            before=0,
            account="root",
            seconds=60,
            boot=boot_identifier(),
            deadline=boot_time() + 60,
        )
    )
    return found


def keep(applying: Applying, number: int, text: str) -> None:
    version = Version(number=number, at=1, account="root", source="", why="", based_on=number - 1)
    applying.versions.keep(version, text)


@contextlib.contextmanager
def held(applying: Applying, seconds: float) -> Iterator[None]:
    """Somebody else has the lock, and gives it back then."""
    taken, pause = threading.Event(), threading.Event()

    def hold() -> None:
        with applying.versions.locked():
            taken.set()
            pause.wait(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    try:
        yield
    finally:
        pause.set()
        thread.join()


def test_a_confirmation_waits_for_whoever_follows_the_machine_V12(waiting: Applying) -> None:
    with held(waiting, 0.2):
        assert waiting.confirm(LOCAL, ConfirmConfiguration(version=1)).outcome is Outcome.confirmed
    assert waiting.versions.current() == 1


def test_it_does_not_wait_for_ever_and_says_who_is_at_it_V12(
    waiting: Applying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BRIEF", 0.05)
    with held(waiting, 30), pytest.raises(ApplyUnderWay):
        waiting.confirm(LOCAL, ConfirmConfiguration(version=1))
    assert waiting.versions.current() == 0
    waiting.confirm(LOCAL, ConfirmConfiguration(version=1))  # it still waits


def test_a_root_whose_time_is_over_warns_and_keeps_nobody_from_other_changes_METI_42(
    waiting: Applying, tmp_path: Path
) -> None:
    ended = Authority(tmp_path / "company", "Company root", begins=-2 * HOUR, ends=-HOUR)
    root = TrustedRoot(name="company", pem=ended.pem)
    text = write_document(Document(trust=Trust(roots=(root,))))
    new = plan(waiting, LOCAL, text)
    assert [one.code for one in new.problems] == ["configuration.authority_not_valid"]
    keep(waiting, 2, text)
    waiting.versions.hold(2)
    proxy = '\n[network.proxy]\naddress = "http://192.0.2.8:3128"\n'
    other = plan(waiting, LOCAL, text + proxy)
    assert (other.problems, other.warnings) == ((), ()), "nothing has to be meant expressly"
    (told,) = other.notices
    assert told.code == "configuration.authority_not_valid"
    assert other.differences
