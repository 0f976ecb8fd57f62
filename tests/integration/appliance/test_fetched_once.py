"""A certificate that a person and the agent fetch at the same moment is asked for once (V11)."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.certificates.fetching import Came, start_fetching
from appliance.certificates.renewing import State, asked_by, lock_of, state_of, write_state
from appliance.certificates.telling import by_document
from appliance.contract.certificates.folder import Folder
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.state import Version
from appliance.holding import alone
from appliance.machine.versions import Versions
from appliance.place import Place
from tests.ports import free_port
from tests.running import ROOT, wait_until


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = Place(
        data=tmp_path / "data",
        keys=tmp_path / "keys",
        database_url="",
        machine_root=tmp_path / "root",
    )
    found.keys.mkdir()
    return found


@pytest.fixture
def folder(place: Place) -> Folder:
    return Folder(place.data)


@pytest.fixture
def document(place: Place) -> Document:
    """What asks an authority that nobody reaches."""
    text = (
        '[edge]\nnames = ["tenshu.example.test"]\n[firewall]\nhttp_redirect = true\n'
        f'[certificates.acme]\ndirectory = "https://127.0.0.1:{free_port()}/directory"\n'
    )
    versions = Versions(place.machine)
    version = Version(number=1, at=1, account="root", source="", why="", based_on=0)
    versions.keep(version, text)
    versions.hold(1)
    return read_document(text)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as found:
        yield found


def second(pool: ThreadPoolExecutor, place: Place, document: Document) -> Future[Came]:
    """Ask, while somebody else is asking; return when that waits."""
    asked = pool.submit(start_fetching, place, document)
    wait_until(lambda: waits(lock_of(Folder(place.data))), "the second waits", 30)
    assert not asked.done()
    return asked


def waits(lock: Path) -> bool:
    """Tell whether somebody waits for a file that is held, by the kernel's own list."""
    number = f":{lock.stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return any("-> FLOCK" in line and number in line for line in lines)


def test_the_second_waits_and_what_came_of_the_first_answers_both_V11(
    place: Place, folder: Folder, document: Document, pool: ThreadPoolExecutor
) -> None:
    with alone(lock_of(folder)) as ours:
        assert ours
        write_state(folder, State(failures=1, reason="it was interrupted", at=1))
        asked = second(pool, place, document)
        done = State(directory="here", at=2, asked=asked_by(document))
        write_state(folder, done)
    came = asked.result(30)
    assert came == Came(done, shared=True)
    assert state_of(folder) == done, "nobody was asked again"


def test_the_second_asks_itself_where_the_first_was_killed_or_wanted_something_else_V11(
    place: Place, folder: Folder, document: Document, pool: ThreadPoolExecutor
) -> None:
    for asked_before in ("", asked_by(Document())):
        with alone(lock_of(folder)):
            write_state(folder, State(failures=1, reason="it was", at=1, asked=asked_before))
            asked = second(pool, place, document)
        came = asked.result(60)
        assert not came.shared
        assert came.state.failures == 2
        assert "refused" in came.state.reason
        assert came.state.asked == asked_by(document)


@pytest.mark.parametrize(("failures", "reason"), [(0, ""), (3, "refused")])
def test_while_it_is_asked_for_nothing_is_said_to_have_failed_V11(
    folder: Folder, document: Document, failures: int, reason: str
) -> None:
    """The overview would warn of each renewal, for as long as it takes."""
    with alone(lock_of(folder)):
        first = by_document(folder, document, (), dt.datetime.now(dt.UTC)).acme
    assert first is not None
    assert first.failures == 0, "nothing is written down yet"
    write_state(
        folder, State(failures=failures + 1, reason="it was interrupted", at=1, earlier=reason)
    )
    with alone(lock_of(folder)):
        told = by_document(folder, document, (), dt.datetime.now(dt.UTC)).acme
    assert told is not None
    assert (told.failures, told.reason) == (failures, reason)
    killed = by_document(folder, document, (), dt.datetime.now(dt.UTC)).acme
    assert killed is not None
    assert (killed.failures, killed.reason) == (failures + 1, "it was interrupted")


def test_who_asks_alone_waits_for_nobody_V11(
    place: Place, folder: Folder, document: Document
) -> None:
    write_state(folder, State(failures=1, reason="it was", at=1, asked=asked_by(document)))
    came = start_fetching(place, document)
    assert not came.shared, "what has ended before is no answer"
    assert came.state.failures == 2
