"""Disks on the console, over the real agent's actions; md and lsblk are what a guest recorded (S1).

The kernel that tests run on may have no md: what it does is seen in guests alone.
"""

import json
import threading
from collections.abc import Iterator

import pytest
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.machine.disk_watch import tell_happenings
from app.operations.context import Appliance
from appliance.agent import disks
from appliance.agent.dispatch import Dispatch
from appliance.agent.handlers import Handlers
from appliance.agent.peer import doorman
from appliance.agent.server import Server
from appliance.contract.disks.errors import CopyDiffers, NotRead
from appliance.contract.disks.system import Damage, Reading, Slot
from appliance.contract.volume.state import Keeper, Opened
from appliance.place import Place
from appliance.slots.keeping import KeptSlots
from appliance.slots.telling import tell_start
from appliance.storage.facts import Facts
from appliance.storage.taking import failed
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm
from tests.integration.appliance.conftest import RunningAgent
from tests.running import wait_until
from tests.unit.appliance.storage.recorded_facts import (
    OTHER,
    arrays,
    changed,
    copy_of,
    facts,
    from_copy,
    recorded,
    with_copy,
)

pytestmark = pytest.mark.once

PLACE = "/storage/disks"
SDA, SDB = recorded()
SINGLE = facts((SDA, SDB))
MIRRORED = facts((SDA, copy_of(SDA, "sdb")), arrays(sda="in_sync", sdb="in_sync"))
PULLED = facts((SDA,), arrays(sda="in_sync", sdb="faulty!"))


COPIED = with_copy(MIRRORED)
FROM_COPY = from_copy(COPIED)


class Machine:
    """What the kernel says; a test changes it as hands would."""

    def __init__(self, kept: KeptSlots) -> None:
        self.kept, self.facts, self.started = kept, SINGLE, 0

    def gather(self) -> Facts:
        return self.facts

    def start(self, _place: Place) -> None:
        self.started += 1


@pytest.fixture
def machine(appliance: Appliance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    settings = appliance.settings
    place = Place(data=settings.data, keys=settings.keys, database_url=settings.database_url)
    found, stop = Machine(KeptSlots(place)), threading.Event()
    monkeypatch.setattr(disks, "gather", found.gather)
    monkeypatch.setattr(disks, "start_work", found.start)
    dispatch = Dispatch(Handlers(place), stop)
    server = Server(place.socket, dispatch, doorman(frozenset({0}), {}), stop)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    wait_until(place.socket.exists, "the agent listens", 10)
    yield found
    stop.set()
    thread.join(20)


def told(appliance: Appliance, verb: str) -> list[str]:
    with appliance.database.read() as session:
        contents = session.exec(select(OutboxEvent.content)).all()
    return [one for one in contents if f'"verb":"{verb}"' in one]


def test_where_the_host_looks_after_the_disks_the_page_says_why_S1(
    admin: Browser, appliance: Appliance
) -> None:
    settings = appliance.settings
    agent = RunningAgent(
        Place(data=settings.data, keys=settings.keys, database_url=settings.database_url)
    )
    agent.start()
    try:
        assert "専用のディスクから起動していない" in admin.get(PLACE).text
        assert "ディスクが1台だけ" not in admin.get("/").text
    finally:
        agent.end()


def test_one_disk_is_warned_of_until_somebody_declares_it_enough_S1(
    admin: Browser, appliance: Appliance, machine: Machine
) -> None:
    assert "ディスクが1台だけです" in admin.get("/").text
    page = admin.get(PLACE).text
    assert "serial0" in page
    assert "このディスクから起動" in page
    assert "2台目のディスクなし" in page
    assert admin.post(f"{PLACE}/redundancy", data={"redundant": "yes"}).status_code == 303
    assert "ディスクが1台だけです" not in admin.get("/").text
    assert "冗長だと申告されています" in admin.get(PLACE).text
    assert len(told(appliance, "disks.declare")) == 1
    admin.post(f"{PLACE}/redundancy", data={})
    assert "ディスクが1台だけです" in admin.get("/").text


def test_an_empty_disk_is_taken_in_and_the_page_follows_S1(
    admin: Browser, appliance: Appliance, machine: Machine
) -> None:
    disk = admin.get(PLACE).text.partition(f"{PLACE}/")[2].partition("/take")[0][-16:]
    assert admin.post(f"{PLACE}/{disk}/take", data={}).status_code == 303
    assert machine.started == 1
    wish = machine.kept.wish()
    assert wish
    assert (wish.disk, wish.serial, wish.erase) == (disk, "serial1", False)
    assert "every 2s" in admin.get(PLACE).text
    part = admin.request("GET", f"{PLACE}/progress", headers={"hx-request": "true"})
    assert "serial1" in part.text
    assert admin.get(f"{PLACE}/progress").headers["location"] == PLACE
    again = admin.post(f"{PLACE}/{disk}/take", data={})
    assert again.status_code == 409
    assert "すでにディスクを組み込み中です" in again.text
    machine.kept.fail(failed(wish, CopyDiffers(disk="serial1")))
    assert "正しく読み出せません" in admin.get(PLACE).text
    assert "ディスクを組み込めませんでした" in admin.get("/").text
    assert len(told(appliance, "disks.take")) == 2, "the refusal too"


def test_what_holds_something_is_erased_only_after_a_fresh_second_factor_S1(
    admin: Browser, owner: Owner, machine: Machine
) -> None:
    machine.facts = facts((SDA, changed(SDB, fstype="ext4", label="photos")))
    page = admin.get(PLACE).text
    assert "photos" in page
    disk = page.partition("/erase")[0][-16:]
    assert admin.post(f"{PLACE}/{disk}/take", data={}).status_code == 409
    asked = admin.post(f"{PLACE}/{disk}/erase", data={})
    assert machine.kept.wish() is None, "not before it is confirmed"
    confirm(admin, owner, asked)
    wish = machine.kept.wish()
    assert wish
    assert wish.erase


def test_a_disk_of_another_appliance_is_named_and_offered_nothing_S1(
    admin: Browser, machine: Machine
) -> None:
    machine.facts = facts((SDA, copy_of(SDA, "sdb", OTHER)))
    page = admin.get(PLACE).text
    assert "別のアプライアンスのもの" in page
    assert "/erase" not in page
    assert "/take" not in page
    assert "of-sdb" in admin.get("/").text


def test_a_lost_disk_is_on_the_overview_and_in_the_history_once_S1(
    admin: Browser, appliance: Appliance, machine: Machine
) -> None:
    machine.facts = MIRRORED
    assert "どちらか1台が故障しても動作は続きます" in admin.get(PLACE).text
    machine.facts = PULLED
    page = admin.get(PLACE).text
    assert "ディスクが1台失われました" in page
    assert "ディスクが1台失われました" in admin.get("/").text
    assert tell_happenings(appliance) == 2
    assert tell_happenings(appliance) == 0
    assert any("disks.lost" in one for one in told(appliance, "disks.tell"))


def test_which_system_runs_and_whether_it_has_a_copy_stands_on_the_page_V11(
    admin: Browser, machine: Machine
) -> None:
    machine.facts = MIRRORED
    page = admin.get(PLACE).text
    assert "A（本体）" in page
    assert "正常に起動した後に作ります" in page
    machine.kept.whole()
    machine.facts = COPIED
    assert "検証済み" in admin.get(PLACE).text
    told = json.loads(admin.get("/api/v1/machine/disks").text)["system"]
    assert (told["slot"], told["copy"], told["state"]) == ("a", False, "whole")
    assert "システムの控え" not in admin.get("/").text


def test_a_copy_that_could_not_be_made_is_warned_of_with_why_and_remedy_V11(
    admin: Browser, appliance: Appliance, machine: Machine
) -> None:
    machine.facts = MIRRORED
    machine.kept.fail_copy(CopyDiffers(disk="serial0"))
    page = admin.get(PLACE).text
    assert "正しく読み出せません" in page
    assert "システムの控えがありません" in admin.get("/").text
    assert tell_happenings(appliance) == 2
    assert any("disks.copy_differs" in one for one in told(appliance, "disks.tell"))


def test_when_all_slots_were_last_read_through_and_what_was_found_stands_on_the_page_V11(
    admin: Browser, appliance: Appliance, machine: Machine
) -> None:
    machine.facts = COPIED
    machine.kept.whole()
    assert "4週ごとに読み出します" in admin.get(PLACE).text
    machine.kept.read_through(Reading(at=1_796_000_000_000))
    page = admin.get(PLACE).text
    assert "異常なし" in page
    assert "2026年11月30日(月)" in page
    mended = Damage(disk="serial0", slot=Slot.b, bad=3, mended=3)
    machine.kept.read_through(Reading(at=1, damages=(mended,)))
    assert "破損した3ブロックを修復済み" in admin.get(PLACE).text
    assert "ディスク上のシステムが破損" not in admin.get("/").text
    left = Damage(disk="of-sdb", slot=Slot.a, bad=3, mended=1)
    machine.kept.read_through(Reading(at=1, damages=(left,)))
    page = admin.get(PLACE).text
    assert "of-sdbの2ブロックが破損" in page
    assert "ディスクを交換してください" in page
    assert "ディスク上のシステムが破損しています" in admin.get("/").text
    unread = Reading(at=1, error_code=NotRead.code, error_parameters={"said": "sdb4"})
    machine.kept.read_through(unread)
    assert "読み出せませんでした：sdb4" in admin.get(PLACE).text
    tell_happenings(appliance)
    events = "".join(told(appliance, "disks.tell"))
    assert "disks.damaged" in events
    assert "disks.not_read" in events
    assert '"outcome":"mended"' in events


def test_a_machine_that_runs_from_its_copy_is_warned_of_and_in_the_history_V11(
    admin: Browser, appliance: Appliance, machine: Machine
) -> None:
    machine.facts = FROM_COPY
    machine.kept.started(FROM_COPY.boot, 3)
    machine.kept.making()
    page = admin.get(PLACE).text
    assert "B（控え）" in page
    assert "動作を続けながら本体を修復します" in page
    machine.kept.whole()
    assert "都合のよいときに再起動すると" in admin.get(PLACE).text
    assert "システムの控えで動作しています" in admin.get("/").text
    tell_start(machine.kept, FROM_COPY, Opened.asked, Keeper.tpm)
    tell_happenings(appliance)
    events = "".join(told(appliance, "disks.tell"))
    assert "disks.from_copy" in events
    assert "disks.asked_instead" in events
