"""Backups on the console, with a real agent behind it: what leaves, and who must agree."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlmodel import select

from app.audit.event import Content, Outcome
from app.audit.models import OutboxEvent
from app.backups.errors import NameDiffers, NoKitYet
from app.backups.operations import kit as kits
from app.backups.operations import removal, repositories, runs
from app.backups.watch import tell_ended_runs
from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.identity.operations import requests
from app.machine.errors import MachineError
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest
from appliance.backup.restore import restore
from appliance.contract.actions import Repository
from appliance.contract.backup_errors import WrongKit
from appliance.contract.kit import KeyKit
from appliance.contract.runs import State
from appliance.contract.secret import Secret as MachineSecret
from appliance.place import Place
from tests.faces import ASKED_BY_A_PAGE, Browser, Owner
from tests.integration.app.web.colleagues import Second
from tests.integration.app.web.confirming import confirm
from tests.integration.appliance.conftest import CALLER, RunningAgent, seal, stall, wait_for


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
    assert repository.id not in shown
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


def test_the_page_answers_at_once_whatever_hangs_and_reads_the_archives_afterwards(
    admin: Browser, appliance: Appliance, repository: Repository, archive: str
) -> None:
    part = f"/backups/repositories/{repository.id}/archives"
    told = admin.get(part, headers=ASKED_BY_A_PAGE).text
    assert archive in told
    assert "ディスク上で" in told
    Path(repository.folder).rename(Path(repository.folder).with_name("away"))
    assert 'class="banner danger"' in admin.get(part, headers=ASKED_BY_A_PAGE).text
    Path(repository.folder).with_name("away").rename(repository.folder)
    stall(repository)
    page = admin.get("/backups").text  # it would never come if it read the repository
    assert f'hx-get="{part}"' in page
    assert archive not in page


def test_a_new_key_kit_takes_the_place_of_the_old_one_after_a_fresh_code_F13(
    admin: Browser,
    owner: Owner,
    appliance: Appliance,
    agent: RunningAgent,
    repository: Repository,
    archive: str,
    empty_database_url: str,
    tmp_path: Path,
) -> None:
    local = here(appliance)
    old = kits.show_kit(local, NoRequest())
    kits.keep_kit(local, kits.KitEnd(end=Secret(old.text.reveal().rpartition(" ")[2])))
    assert "/backups/kit/new" in admin.get("/backups").text
    told = admin.get("/backups/kit/new").text
    assert old.number in told
    assert "以前のアーカイブも含みます" in told

    shown = confirm(admin, owner, admin.post("/backups/kit/new"))

    assert shown.headers["location"] == "/backups/kit"
    new = kits.show_kit(local, NoRequest())
    assert new.number != old.number
    assert new.number in admin.get("/backups/kit").text
    (event,) = events(appliance, "backups.renew_kit")
    assert (event.target, event.numbers["repositories"]) == (new.number, 1)
    assert old.text.reveal() not in event.__repr__() + msgspec.json.encode(event).decode()
    typed = KeyKit.from_text(MachineSecret(new.text.reveal()))
    folder = Path(repository.folder)
    restore(
        folder,
        typed,
        tmp_path / "d",
        tmp_path / "k",
        archive=archive,
        database_url=None if appliance.database.is_sqlite else empty_database_url,
    )
    ring = KeyRing.load(tmp_path / "k")
    assert ring.named("key-kit-public") == appliance.keyring.named("key-kit-public")
    assert ring.named("key-kit-unkept") is None, "no kit travels in what it opens"
    assert ring.named("key-kit-next") is None
    assert appliance.keyring.named("key-kit-next") is None
    with pytest.raises(WrongKit):
        restore(
            folder,
            KeyKit.from_text(MachineSecret(old.text.reveal())),
            tmp_path / "d2",
            tmp_path / "k2",
        )
    ended = agent.finished(
        runs.run_backup(local, repositories.OneRepository(repository=repository.id))
    )
    assert ended.state is State.done, ended.error


def test_a_new_kit_that_not_every_repository_takes_is_the_same_at_the_next_attempt(
    appliance: Appliance, agent: RunningAgent, repository: Repository
) -> None:
    local = here(appliance)
    before = kits.kit_state(local, NoRequest()).number
    away = Path(repository.folder).rename(Path(repository.folder).with_name("away"))
    with pytest.raises(MachineError):
        kits.renew_kit(local, NoRequest())
    assert kits.kit_state(local, NoRequest()).number == before
    waiting = appliance.keyring.named("key-kit-next")
    assert waiting is not None
    away.rename(repository.folder)
    kits.renew_kit(local, NoRequest())
    assert kits.show_kit(local, NoRequest()).text.reveal() == waiting.reveal()


def test_there_is_no_new_kit_where_there_was_none(admin: Browser, appliance: Appliance) -> None:
    with pytest.raises(NoKitYet):
        kits.renew_kit(here(appliance), NoRequest())
    assert admin.get("/backups/kit/new").headers["location"] == "/backups/new"


def test_no_repository_is_connected_where_there_is_no_key_kit_yet(
    admin: Browser, agent: RunningAgent
) -> None:
    answer = admin.post("/api/v1/backups/repositories/0123456789ab/connect", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "backups.no_kit_yet")


def test_a_repository_of_before_the_restore_is_connected_on_its_page(
    admin: Browser, appliance: Appliance, agent: RunningAgent, repository: Repository
) -> None:
    # what a restore leaves: the list without what opens them, and the ring
    agent.place.repositories.unlink()
    agent.place.known_repositories.write_bytes(msgspec.json.encode([repository]))
    page = f"/backups/repositories/{repository.id}"
    told = admin.get("/backups").text
    assert "復元前の記録があります" in told
    assert f"{page}/connect" in told
    assert f"{page}/run" not in told
    assert repository.folder in admin.get(f"{page}/connect").text
    assert "すべてのアーカイブごと削除する" not in admin.get(f"{page}/remove").text
    wrong = admin.post(f"{page}/connect", {"folder": f"{repository.folder}-elsewhere"})
    assert wrong.status_code == 409
    assert 'href="#field-folder"' in wrong.text
    done = admin.post(f"{page}/connect", {"folder": repository.folder})
    assert done.headers["location"] == "/backups"
    assert f"{page}/run" in admin.get("/backups").text
    failed, event = events(appliance, "backups.connect_repository")
    assert (failed.outcome, failed.error) == (Outcome.FAILED, "repository.gone")
    assert (event.outcome, event.target) == (Outcome.DONE, repository.id)
