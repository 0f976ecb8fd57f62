"""Who opens the encrypted volume, on the console and by command; the keys are a real volume's."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.operations.context import Appliance
from appliance.agent import volume
from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.volume.state import Keeper, Opened
from appliance.place import Place
from appliance.volume import tang
from appliance.volume.keeping import ServerWish
from appliance.volume.report import Report
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm
from tests.integration.appliance.conftest import RunningAgent
from tests.ports import free_port
from tests.tang import key_server
from tests.volume import LAID, Machine, served

pytestmark = pytest.mark.once

PLACE = "/storage/encryption"


def place_of(appliance: Appliance) -> Place:
    settings = appliance.settings
    return Place(data=settings.data, keys=settings.keys, database_url=settings.database_url)


@pytest.fixture
def machine(
    appliance: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    with served(monkeypatch, tmp_path / "machine", place_of(appliance)) as found:
        yield found


def told(appliance: Appliance, verb: str) -> list[str]:
    with appliance.database.read() as session:
        contents = session.exec(select(OutboxEvent.content)).all()
    return [one for one in contents if f'"verb":"{verb}"' in one]


def test_where_the_host_encrypts_the_page_says_why(admin: Browser, appliance: Appliance) -> None:
    agent = RunningAgent(place_of(appliance))
    agent.start()
    try:
        assert "専用のディスクから起動していない" in admin.get(PLACE).text
        assert "ディスクが保護されていません" not in admin.get("/").text
    finally:
        agent.end()


def test_before_the_first_look_the_page_says_that_it_is_not_known(
    admin: Browser, machine: Machine
) -> None:
    assert "まだ確認できていません" in admin.get(PLACE).text


def test_a_recovery_key_is_shown_once_after_a_second_factor_and_closes_the_disks_S1(
    admin: Browser, owner: Owner, appliance: Appliance, machine: Machine
) -> None:
    machine.work()
    assert "ディスクが保護されていません" in admin.get("/").text
    assert "鍵が同じディスクの中にあります" in admin.get(PLACE).text
    shown = confirm(admin, owner, admin.post(f"{PLACE}/recovery-key", data={})).text
    groups = re.findall(r"<code>([cbdefghijklnrtuv]{8}-[cbdefghijklnrtuv]{8})</code>", shown)
    key = "-".join(groups)
    assert len(key) == 71
    assert machine.opens(key)
    assert not machine.opens(LAID)
    page = admin.get(PLACE).text
    assert key not in page
    assert "ディスクだけでは何も開けません" in page
    assert "ディスクが保護されていません" not in admin.get("/").text
    (event,) = told(appliance, "volume.make_recovery_key")
    assert groups[0] not in event, "the history has no key"
    assert '"protected":"yes"' in event


def test_a_passphrase_is_chosen_after_a_second_factor_S1(
    admin: Browser, owner: Owner, appliance: Appliance, machine: Machine
) -> None:
    machine.work()
    form = {"keeper": "passphrase", "passphrase": "long-enough-7", "again": "long-enough-7"}
    refused = admin.post(f"{PLACE}/keeper", data=form)
    assert refused.status_code == 409
    assert "回復キーをだれも持っていません" in refused.text
    confirm(admin, owner, admin.post(f"{PLACE}/recovery-key", data={}))
    for wrong, why in (
        ({"passphrase": "short", "again": "short"}, "文字にしてください"),
        ({"again": "long-enough-8"}, "2つの入力が一致しません"),
    ):
        page = admin.post(f"{PLACE}/keeper", data=form | wrong)
        assert page.status_code == 422
        assert why in page.text
    assert "無人での再起動はできません" in admin.get(PLACE).text
    confirm(admin, owner, admin.post(f"{PLACE}/keeper", data=form), 1)
    assert machine.opens("long-enough-7")
    (event,) = told(appliance, "volume.choose_keeper")
    assert "long-enough-7" not in event
    assert '"keeper":"passphrase"' in event


def confirmed(browser: Browser, owner: Owner, step: int) -> httpx.Response:
    """Ask for a recovery key, type the code, and return what comes of it."""
    place = browser.post(f"{PLACE}/recovery-key", data={}).headers["location"]
    return browser.post(place, {"code": owner.phone.at(time.time() + 30 * step)})


def test_a_keeper_that_cannot_be_had_is_refused_with_what_to_do(
    admin: Browser, owner: Owner, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.work()

    def fails() -> None:
        raise ProgramRefused(program="tenshu-keeper.service", said="masked")

    monkeypatch.setattr(volume, "start_unit", fails)
    answer = confirmed(admin, owner, 0)
    assert answer.status_code == 500
    assert "masked" in answer.text
    assert machine.kept.wish() is None, "no key is left behind"
    monkeypatch.setattr(volume, "start_unit", lambda: None)
    assert "did not answer" in confirmed(admin, owner, 1).text


def test_a_key_server_is_chosen_once_somebody_compared_its_thumbprint_S1(
    admin: Browser, owner: Owner, appliance: Appliance, machine: Machine, tmp_path: Path
) -> None:
    machine.work()
    with key_server(tmp_path / "server", free_port()) as server:
        form = {"keeper": "server", "server": server.url}
        refused = admin.post(f"{PLACE}/keeper", data=form)
        assert refused.status_code == 409
        assert "回復キーをだれも持っていません" in refused.text
        confirm(admin, owner, admin.post(f"{PLACE}/recovery-key", data={}))
        shown = admin.post(f"{PLACE}/keeper", data=form)
        assert shown.status_code == 200
        assert server.thumbprint in shown.text
        assert machine.head().servers == (), "nothing is changed before it was compared"
        known = form | {"thumbprint": server.thumbprint}
        confirm(admin, owner, admin.post(f"{PLACE}/keeper", data=known), 1)
        assert len(machine.head().servers) == 1
        page = admin.get(PLACE).text
        assert server.url in page
        assert "一度再起動してください" in page
    (event,) = told(appliance, "volume.choose_keeper")
    assert server.thumbprint in event
    (look,) = told(appliance, "volume.look_at_server")
    assert server.url in look


def test_a_key_server_that_cannot_be_asked_is_refused_with_what_to_do_S1(
    admin: Browser, owner: Owner, machine: Machine
) -> None:
    machine.work()
    confirm(admin, owner, admin.post(f"{PLACE}/recovery-key", data={}))
    silent = f"http://127.0.0.1:{free_port()}"
    answer = admin.post(f"{PLACE}/keeper", data={"keeper": "server", "server": silent})
    assert answer.status_code == 502
    assert f"{silent}/adv" in answer.text
    assert f'value="{silent}"' in answer.text, "what was typed is still there"
    for wrong in ("ftp://tang", "tang", "http://a b", ""):
        answer = admin.post(f"{PLACE}/keeper", data={"keeper": "server", "server": wrong})
        assert answer.status_code == 422, wrong


def test_what_is_wrong_with_the_key_server_is_said_on_the_page_S1(
    admin: Browser, machine: Machine, tmp_path: Path
) -> None:
    machine.work()
    with key_server(tmp_path / "server", free_port()) as server:
        seen = tang.fetch(server.url)
        wish = ServerWish(address=server.url, thumbprint=server.thumbprint, advertised=seen.text)
        machine.wish(keeper=Keeper.server, server=wish)
    newest = machine.head().newest
    assert newest
    for report, words in (
        (Report(tried=(newest.made,), said="curl: (7)"), "応答がなく"),
        (Report(tried=(newest.made,), advertised=("another",)), "サーバーから失われて"),
    ):
        (machine.told / "server.json").write_bytes(msgspec.json.encode(report))
        machine.start(Opened.asked)
        machine.work()
        assert words in admin.get(PLACE).text
        assert "鍵サーバーの確認が必要です" in admin.get("/").text
    report = Report(tried=(newest.made,), opened=newest.made, advertised=("another",))
    (machine.told / "server.json").write_bytes(msgspec.json.encode(report))
    machine.start(Opened.server)
    machine.work()
    assert "鍵サーバーの鍵が新しくなっています" in admin.get(PLACE).text
