"""Maintenance access on the console: opened, approved by another, read, closed (S11)."""

import shutil
from collections.abc import Callable, Iterator

import msgspec
import pytest
from sqlalchemy import select
from sqlmodel import col

from app.audit.models import OutboxEvent
from app.core import clock
from app.machine.maintenance_watch import tell_happenings
from app.machine.operations.checking import last_check
from app.machine.recording_check import Condition
from app.machine.recording_watch import check_all_recordings
from app.operations.context import Appliance, Context
from app.operations.operation import NoRequest
from app.privacy.operations.keeping import (
    PreviewRetention,
    SetRetention,
    preview_retention,
    set_retention,
)
from app.privacy.watch import keep_no_longer
from app.start.local import local_context
from appliance.maintenance.recording import digest_of
from tests.faces import Browser, Owner
from tests.hosts import network
from tests.integration.app.web.colleagues import Second
from tests.integration.app.web.confirming import confirm
from tests.integration.appliance.machine.conftest import LOCAL
from tests.integration.appliance.machine.maintaining import Maintained, maintained

FORM = {
    "who": "山田 太郎 (Example Systems)",
    "why": "ディスクの警告の確認",
    "level": "look",
    "networks": "10.77.1.2",
    "minutes": "30",
    "key": "",
}


@pytest.fixture(scope="module")
def site() -> Iterator[Maintained]:
    with network() as net, maintained(net) as found:
        yield found


@pytest.fixture
def machine(site: Maintained, appliance: Appliance) -> Maintained:
    """The machine of this console: its agent is asked where the console looks for it."""
    appliance.settings.agent_socket.parent.mkdir(parents=True, exist_ok=True)
    appliance.settings.agent_socket.symlink_to(site.place.socket)
    return site


@pytest.fixture
def local(appliance: Appliance) -> Context:
    return local_context(appliance)


def verbs(appliance: Appliance, verb: str = "maintenance.") -> list[str]:
    with appliance.database.read() as session:
        asked = select(col(OutboxEvent.content))
        every = [str(one) for one in session.connection().scalars(asked)]
    return [one for one in every if f'"{verb}' in one]


def test_a_window_is_opened_seen_on_the_overview_read_and_closed_S11(
    machine: Maintained, admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    assert "保守を受け入れたことはありません" in admin.get("/maintenance").text
    wrong = admin.post("/maintenance/new", FORM | {"networks": "192.0.2.7"})
    assert "192.0.2.7" in wrong.text
    assert "SSHのどのリストにも" in wrong.text
    assert FORM["who"] in wrong.text, "nothing typed is lost"
    opened = confirm(admin, owner, admin.post("/maintenance/new", FORM))
    assert "BEGIN OPENSSH PRIVATE KEY" in opened.text
    assert "ssh-ed25519-cert-v01" in opened.text
    assert "保守を受け入れています: 山田 太郎" in admin.get("/").text
    private = opened.text.split("-----BEGIN")[1].split("-----END")[0]
    (machine.keys / "made").write_text(f"-----BEGIN{private}-----END OPENSSH PRIVATE KEY-----\n")
    (machine.keys / "made").chmod(0o600)
    machine.certify("made", machine.rooms.book.read(1).certificate)
    come = machine.enter("disk", name="made")
    assert "Filesystem" in come.stdout, come.stderr
    assert tell_happenings(appliance) == 3
    assert tell_happenings(appliance) == 0, "each is told once"
    (session,) = machine.rooms.book.sessions(1)
    shown = admin.get("/maintenance/1").text
    assert f"/maintenance/1/sessions/{session.id}" in shown
    assert "BEGIN OPENSSH" not in shown
    assert "Filesystem" in admin.get(f"/maintenance/1/sessions/{session.id}").text
    cast = admin.get(f"/maintenance/1/sessions/{session.id}/recording").content
    assert cast == machine.rooms.book.recording(1, session.id).read_bytes()
    closed = admin.post("/maintenance/1/close")
    assert "時間枠を閉じました" in admin.get(closed.headers["location"]).text
    for query, found in (
        ("q=山田", True), ("q=nobody", False), ("status=click", True), ("status=none", False),
        ("level=look", True), ("level=repair", False), ("sort=-who&status=nonsense", True),
    ):  # fmt: skip
        listed = admin.get(f"/maintenance?{query}").text
        assert ('href="/maintenance/1"' in listed) is found, query
        assert ("条件に合う時間枠はありません" in listed) is not found, query
    told = "".join(verbs(appliance))
    for verb in ("open", "session_begin", "command", "session_end", "close", "read_recording"):
        assert f'"maintenance.{verb}"' in told, verb
    assert session.digest in told


def test_to_repair_is_asked_for_and_opened_by_somebody_else_S11(
    machine: Maintained, admin: Browser, owner: Owner, second: Callable[[str], Second]
) -> None:
    form = FORM | {"level": "repair", "key": machine.generate("vendor")}
    without = admin.post("/maintenance/new", form | {"key": ""})
    assert without.status_code in (400, 422)
    asked = admin.post("/maintenance/new", form)
    place = asked.headers["location"]
    confirm(admin, owner, asked)
    assert machine.rooms.book.opened() is None, "nothing is open before it is approved"
    again = admin.post(place, {"code": owner.phone.now()})
    assert again.status_code != 200 or machine.rooms.book.opened() is None
    assert machine.rooms.book.opened() is None, "who asks does not approve"
    colleague = second("operator")
    assert FORM["why"] in colleague.browser.get(place).text
    approved = colleague.browser.post(place, {"code": colleague.code()})
    assert approved.status_code in (200, 303), approved.text
    opened = machine.rooms.book.opened()
    assert opened is not None
    told = admin.get("/").text
    assert "maintenance.open_repair" not in told, "what was approved is told in words"
    assert "保守担当者が修復するための時間枠を、承認のうえで開きます。</span>" in told
    assert admin.post(f"/maintenance/{opened.number}/close").status_code == 303
    assert machine.rooms.book.opened() is None


def test_a_recording_that_was_changed_or_deleted_is_found_by_itself_S11(
    machine: Maintained,
    admin: Browser,
    appliance: Appliance,
    local: Context,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book, paths = machine.rooms.book, []
    for _ in range(3):
        machine.open()
        assert machine.enter("disk").returncode == 0
        window = machine.windows.close(LOCAL, book.newest())
        (session,) = book.sessions(window.number)
        paths.append(book.recording(window.number, session.id))
    tell_happenings(appliance)
    assert check_all_recordings(appliance) == 0
    assert "一致しない保守の記録" not in admin.get("/").text
    assert verbs(appliance, "maintenance.recording_wrong") == []

    changed, deleted, vanished = paths
    whole = changed.read_bytes()
    changed.write_bytes(whole.replace(b"Filesystem", b"Nothing to"))
    deleted.unlink()
    shutil.rmtree(vanished.parent)  # with all that the machine knew of the window
    assert check_all_recordings(appliance) == 0, "once a day"
    monkeypatch.setattr("app.machine.recording_watch.EVERY", 0)
    assert check_all_recordings(appliance) == 3
    assert check_all_recordings(appliance) == 3
    told = verbs(appliance, "maintenance.recording_wrong")
    assert len(told) == 3, "each is told once"
    assert sum("maintenance.recording_changed" in one for one in told) == 1
    assert sum("maintenance.recording_missing" in one for one in told) == 2
    assert "操作履歴と一致しない保守の記録: 3件" in admin.get("/").text
    page = f"/maintenance/{int(changed.parent.name)}"
    assert f'href="{page}"' in admin.get("/").text
    assert "記録が履歴と一致しません" in admin.get(page).text
    found = last_check(local, NoRequest())
    assert {one.condition for one in found.wrong} == {Condition.changed, Condition.missing}

    changed.write_bytes(whole)
    assert check_all_recordings(appliance) == 2, "what is whole again is shown no more"
    changed.write_bytes(whole[:-1])
    assert check_all_recordings(appliance) == 3
    assert len(verbs(appliance, "maintenance.recording_wrong")) == 4, "and is news again"
    changed.write_bytes(whole)


def test_a_changed_recording_is_found_and_an_old_one_goes_when_its_days_are_over_S11(
    machine: Maintained, admin: Browser, appliance: Appliance, local: Context
) -> None:
    machine.open()
    assert machine.enter("disk").returncode == 0
    book = machine.rooms.book
    window = machine.windows.close(LOCAL, book.newest())
    (session,) = book.sessions(window.number)
    page = f"/maintenance/{window.number}"
    assert "履歴に未記録" in admin.get(page).text
    tell_happenings(appliance)
    assert "履歴と一致" in admin.get(page).text
    path = book.recording(window.number, session.id)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"Filesystem", b"Nothing to"))
    shown = admin.get(page).text
    assert "履歴と不一致" in shown
    assert "記録が履歴と一致しません" in shown
    book.keep_session(msgspec.structs.replace(session, digest=digest_of(path)[0]))
    assert "履歴と不一致" in admin.get(page).text, "what lies beside it proves nothing"
    path.unlink()
    assert "ファイルなし" in admin.get(page).text
    path.write_bytes(whole)

    long_ago = clock.now() - 40 * clock.DAY
    book.replace(msgspec.structs.replace(window, opened_at=long_ago))
    book.keep_session(msgspec.structs.replace(session, ended_at=long_ago))

    def due(days: int) -> int:
        wanted = PreviewRetention(kind="recordings", days=days)
        return preview_retention(local, wanted).count

    assert (due(41), due(39), due(0)) == (0, 1, 0)
    assert keep_no_longer(appliance) == 0, "nothing goes unless somebody chose so"
    set_retention(local, SetRetention(kind="recordings", days=30, rev=0))
    assert keep_no_longer(appliance) == 1
    assert not path.exists()
    assert "保存期間を過ぎて削除" in admin.get(page).text
    gone = admin.get(f"{page}/sessions/{session.id}")
    assert gone.status_code == 410
    assert "履歴に残っています" in gone.text
    assert keep_no_longer(appliance) == 0
