"""Faults that the machine finds, on the console and in the history, by the agent's own action."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.core.errors import TenshuError
from app.machine.fault_watch import tell_faults
from app.operations.context import Appliance
from app.screen.standing import Watching
from appliance.agent.dispatch import Dispatch
from appliance.agent.handlers import Handlers
from appliance.agent.peer import doorman
from appliance.agent.server import Server
from appliance.contract.configuration.errors import MachineNotOwned
from appliance.contract.faults.state import FaultKind, MachineFault
from appliance.faults.keeping import Kept
from appliance.place import Place
from tests.faces import Browser
from tests.running import wait_until

pytestmark = pytest.mark.once

UNSET = MachineFault(
    kind=FaultKind.clock_unset, subject="1970-01-01T00:00:05Z", other="2026-11-30T05:00:00Z"
)


@pytest.fixture
def root(tmp_path: Path) -> Path | None:
    return tmp_path / "root"


@pytest.fixture
def kept(appliance: Appliance, root: Path | None) -> Iterator[Kept]:
    """What an agent keeps that answers."""
    settings, stop = appliance.settings, threading.Event()
    place = Place(
        data=settings.data,
        keys=settings.keys,
        database_url=settings.database_url,
        machine_root=root,
    )
    place.machine.mkdir(exist_ok=True)
    server = Server(
        place.socket, Dispatch(Handlers(place), stop), doorman(frozenset({0}), {}), stop
    )
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    wait_until(place.socket.exists, "the agent listens", 10)
    yield Kept(place.machine)
    stop.set()
    thread.join(20)


def told(appliance: Appliance) -> list[str]:
    with appliance.database.read() as session:
        contents = session.exec(select(OutboxEvent.content)).all()
    return [one for one in contents if '"verb":"faults.tell"' in one]


def test_a_wrong_clock_is_told_with_its_remedy_before_anybody_trusts_it_METI_46(
    admin: Browser, appliance: Appliance, kept: Kept
) -> None:
    assert "時計が正しくありません" not in admin.get("/").text
    kept.stand([UNSET])
    page = admin.get("/").text
    assert "起動時に時刻が失われていました（1970-01-01T00:00:05Z）" in page
    assert "時刻サーバーを指定し" in page
    assert admin.get("/network/settings/services").status_code == 200, "where it leads"
    assert "faults" in admin.get("/api/v1/machine/faults").url.path
    kept.stand([])
    assert "時計が正しくありません" not in admin.get("/").text


def test_the_machines_own_screen_says_it_with_its_remedy_METI_46(
    appliance: Appliance, kept: Kept, tmp_path: Path
) -> None:
    kept.stand([UNSET])
    watching = Watching(appliance, tmp_path / "claim-code")
    watching.start()
    try:
        wait_until(lambda: watching.told("ja").notices, "it has looked", 20)
        told = [one.text for one in watching.told("ja").notices]
    finally:
        watching.stop()
    assert any("1970-01-01T00:00:05Z）。時計が直るまで" in one for one in told), told
    assert any("時刻サーバーを指定し" in one for one in told)


def test_each_fault_is_told_to_the_history_once_at_its_begin_and_once_at_its_end_METI_46(
    appliance: Appliance, kept: Kept
) -> None:
    kept.stand([UNSET])
    assert tell_faults(appliance) == 1
    assert tell_faults(appliance) == 0
    kept.happened(MachineFault(kind=FaultKind.clock_jumped, subject="a", other="b"))
    kept.stand([])
    assert tell_faults(appliance) == 2
    begun, jumped, over = told(appliance)
    assert "faults.clock_unset" in begun
    assert '"outcome":"clock_jumped"' in jumped
    assert '"outcome":"over"' in over


@pytest.mark.parametrize("root", [None])
def test_where_the_machine_is_not_ours_its_host_sees_to_it(
    admin: Browser, appliance: Appliance, kept: Kept
) -> None:
    with pytest.raises(TenshuError) as refused:
        tell_faults(appliance)
    assert refused.value.code == MachineNotOwned.code
    assert "時計が正しくありません" not in admin.get("/").text
