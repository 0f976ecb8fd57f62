"""Backups on the console, with a real agent behind it: what leaves, and who must agree."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyotp
import pytest
from sqlmodel import select

from app.audit.event import Content, Source
from app.audit.models import OutboxEvent
from app.backups.errors import NameDiffers
from app.backups.operations import removal, repositories, runs
from app.backups.watch import tell_ended_runs
from app.core import clock
from app.core.secret import Secret
from app.identity import factors, policies, session_rows
from app.identity.models import Account
from app.identity.operations import accounts, grants, requests
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.operation import NoRequest
from app.web.cookies import session_cookie_name
from app.web.gate import AsgiApplication
from appliance.contract.actions import Repository
from appliance.contract.runs import State
from appliance.place import Place
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm
from tests.integration.appliance.conftest import CALLER, RunningAgent, seal, wait_for


@pytest.fixture
def agent(appliance: Appliance) -> Iterator[RunningAgent]:
    """The machine of this appliance."""
    settings = appliance.settings
    place = Place(data=settings.data, keys=settings.keys, database_url=settings.database_url)
    seal(place, 7)
    running = RunningAgent(place)
    running.start()
    yield running
    for record in place.runs.glob("*/process"):
        if not (record.parent / "result.json").exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(record.read_text()), signal.SIGTERM)
            wait_for((record.parent / "result.json").exists)
    running.end()


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


@pytest.fixture
def repository(appliance: Appliance, agent: RunningAgent, tmp_path: Path) -> Repository:
    """A repository called NAS."""
    wanted = repositories.NewRepository(name="NAS", folder=str(tmp_path / "nas"))
    return repositories.create_repository(here(appliance), wanted)


@pytest.fixture
def archive(appliance: Appliance, agent: RunningAgent, repository: Repository) -> str:
    """An archive in it."""
    started = runs.run_backup(here(appliance), repositories.OneRepository(repository=repository.id))
    ended = agent.finished(started)
    assert ended.state is State.done, ended.error
    assert ended.backup
    return ended.backup.archive


@dataclass
class Second:
    """Another administrator, at a browser of their own, with an authenticator of their own."""

    browser: Browser
    account: str
    phone: pyotp.TOTP

    def code(self) -> str:
        return self.phone.at(time.time())


@pytest.fixture
def second(
    appliance: Appliance, console_application: AsgiApplication, owner: Owner
) -> Callable[[str], Second]:
    """Make a colleague with a role."""

    def make(role: str) -> Second:
        new = accounts.NewAccount(login_id=role, name=f"佐藤 {role}")
        account = accounts.create_account(here(appliance), new).account.id
        grants.give(here(appliance), grants.NewGrant(holder=account, role=role))
        phone = pyotp.TOTP(pyotp.random_base32())
        with appliance.database.write() as session:
            session.get_one(Account, account).may_enrol = False
            holder = factors.Holder(session, appliance.keyring, Plane.CONSOLE, account)
            factors.add_totp(
                holder, "phone", Secret(phone.secret), clock.now(), state=factors.ACTIVE
            )
            token, _ = session_rows.begin(
                session,
                policies.load(session),
                plane=Plane.CONSOLE,
                account=account,
                source=Source(peer="127.0.0.1"),
                factors="password totp",
                now=clock.now(),
            )
        cookie = {session_cookie_name(Plane.CONSOLE): token.reveal()}
        return Second(Browser(console_application, cookie), account, phone)

    return make


def listed(appliance: Appliance) -> list[str]:
    found = repositories.list_repositories(here(appliance), NoRequest())
    return [one.name for one in found.repositories]


def events(appliance: Appliance, verb: str) -> list[Content]:
    with appliance.database.read() as session:
        texts = session.exec(select(OutboxEvent.content)).all()
    found = [msgspec.json.decode(text, type=Content) for text in texts]
    return [each for each in found if each.verb == verb]


def ask_for_deletion(admin: Browser, owner: Owner, repository: Repository) -> str:
    """Ask and confirm; return the number of the request that waits now."""
    asked = admin.post(f"/backups/repositories/{repository.id}/delete", {"name": "NAS"})
    pending = asked.headers["location"].rpartition("/")[2]
    waiting = confirm(admin, owner, asked)
    assert waiting.headers["location"] == "/requests"
    return pending


def test_two_administrators_delete_a_repository_with_all_its_archives_METI_50(
    admin: Browser,
    owner: Owner,
    second: Callable[[str], Second],
    appliance: Appliance,
    agent: RunningAgent,
    repository: Repository,
    archive: str,
) -> None:
    told = admin.get(f"/backups/repositories/{repository.id}/remove").text
    for words in (
        "NAS",
        repository.folder,
        "誰にも元に戻せません",
        "すべて失われます",
        "別の管理者",
    ):
        assert words in told

    pending = ask_for_deletion(admin, owner, repository)

    assert Path(repository.folder).is_dir()
    assert "取り下げ" in admin.get("/requests").text
    refused = admin.post(f"/confirm/{pending}", {"code": owner.phone.at(time.time() + 30)})
    assert refused.status_code in (403, 404, 409), "nobody approves what they asked for"
    assert Path(repository.folder).is_dir()

    colleague = second("operator")
    shown = colleague.browser.get(f"/confirm/{pending}").text
    for words in ("NAS", archive, "すべてのアーカイブごと削除します"):
        assert words in shown
    wrong = colleague.browser.post(f"/confirm/{pending}", {"code": "000000"})
    assert wrong.status_code in (400, 401, 403, 422)
    assert Path(repository.folder).is_dir()
    approved = colleague.browser.post(f"/confirm/{pending}", {"code": colleague.code()})

    run = approved.headers["location"]
    assert run.startswith("/backups/runs/")
    ended = agent.finished(agent.client.runs(CALLER).runs[0])
    assert ended.state is State.done, ended.error
    assert not Path(repository.folder).exists()
    assert listed(appliance) == []
    assert "バックアップ先を削除しました" in colleague.browser.get(run).text
    tell_ended_runs(appliance)
    (deleted,) = events(appliance, "backups.delete_repository")
    assert (deleted.actor, deleted.references["approved_by"]) == (
        owner.account,
        colleague.account,
    )
    (*_, finished) = events(appliance, "backups.finish")
    assert finished.references["action"] == "DeleteRepository"
    assert finished.numbers["archives"] == 1


def test_a_name_that_is_not_the_repositorys_asks_for_nothing(
    admin: Browser, appliance: Appliance, repository: Repository
) -> None:
    for typed in ("", "nas", "NAS "):
        answer = admin.post(f"/backups/repositories/{repository.id}/delete", {"name": typed})
        assert answer.status_code == 422
        assert 'href="#field-name"' in answer.text
    assert requests.list_requests(here(appliance), NoRequest()).items == []


def test_a_request_is_withdrawn_by_its_asker_or_declined_by_a_colleague(
    admin: Browser,
    owner: Owner,
    second: Callable[[str], Second],
    appliance: Appliance,
    repository: Repository,
) -> None:
    pending = ask_for_deletion(admin, owner, repository)
    assert admin.post(f"/requests/{pending}/decline").status_code == 303
    colleague = second("operator")
    assert colleague.browser.get(f"/confirm/{pending}").status_code == 404

    asked = admin.post(f"/backups/repositories/{repository.id}/delete", {"name": "NAS"})
    confirm(admin, owner, asked, step=1)
    pending = asked.headers["location"].rpartition("/")[2]
    assert colleague.browser.post(f"/requests/{pending}/decline").status_code == 303
    (_, declined) = events(appliance, "requests.decline")
    assert (declined.actor, declined.target) == (colleague.account, pending)
    late = colleague.browser.post(f"/confirm/{pending}", {"code": colleague.code()})
    assert late.status_code == 404
    assert listed(appliance) == ["NAS"]


def test_an_approver_who_may_not_manage_backups_sees_what_it_is_about_and_may_approve(
    admin: Browser,
    owner: Owner,
    second: Callable[[str], Second],
    agent: RunningAgent,
    repository: Repository,
) -> None:
    pending = ask_for_deletion(admin, owner, repository)
    colleague = second("security_administrator")
    assert "NAS" in colleague.browser.get("/requests").text
    approved = colleague.browser.post(f"/confirm/{pending}", {"code": colleague.code()})
    assert approved.status_code == 303
    assert agent.finished(agent.client.runs(CALLER).runs[0]).state is State.done
    page = f"/backups/repositories/{repository.id}/remove"
    assert colleague.browser.get(page).status_code == 403


def test_a_repository_leaves_the_list_after_a_fresh_code_and_its_archives_stay(
    admin: Browser, owner: Owner, appliance: Appliance, repository: Repository, archive: str
) -> None:
    assert f"/backups/repositories/{repository.id}/remove" in admin.get("/backups").text
    gone = confirm(admin, owner, admin.post(f"/backups/repositories/{repository.id}/forget"))
    assert gone.headers["location"] == "/backups"
    assert listed(appliance) == []
    assert (Path(repository.folder) / "config").is_file()
    (told,) = events(appliance, "backups.forget_repository")
    assert told.target == repository.id
    assert admin.get(f"/backups/repositories/{repository.id}/remove").status_code == 404


def test_a_repository_that_got_another_name_meanwhile_is_not_deleted(
    appliance: Appliance, repository: Repository
) -> None:
    for operation, kind in (
        (removal.forget_repository, removal.NamedRepository),
        (removal.delete_repository, removal.DoomedRepository),
    ):
        with pytest.raises(NameDiffers):
            operation(here(appliance), kind(repository=repository.id, name="USB"))
    assert listed(appliance) == ["NAS"]


def test_what_nobody_can_read_is_told_so_and_can_be_asked_to_be_deleted(
    admin: Browser, repository: Repository
) -> None:
    (Path(repository.folder) / "config").rename(Path(repository.folder) / "config.old")
    page = f"/backups/repositories/{repository.id}"
    assert "現在読み取れません" in admin.get(f"{page}/remove").text
    asked = admin.post(f"{page}/delete", {"name": "NAS"})
    assert asked.headers["location"].startswith("/confirm/")
