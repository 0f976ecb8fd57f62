"""Everything about a person is told, and erased in every place, also where a restore was."""

import contextlib
import csv
import io
import json
import sqlite3
import zipfile

import duckdb
import pytest
from sqlalchemy import delete
from sqlmodel import select

from app.audit.event import Source
from app.audit.sealer import Sealer
from app.audit.segment_writer import make_due
from app.audit.segmenting import Segmenter
from app.audit.segments import FOLDER
from app.audit.signing import load_or_make_signer
from app.audit.verdict import State
from app.audit.verify import verify
from app.core import clock
from app.core.errors import NotFound
from app.files import spool
from app.identity.errors import BeyondYourRights
from app.identity.models import Account, ConsoleSession
from app.identity.operations import accounts, grants
from app.identity.personal import all_searched
from app.jobs.models import Job, JobState
from app.jobs.queue import claim
from app.operations.context import Plane
from app.operations.errors import NotAllowed
from app.privacy.errors import (
    AlreadyErased,
    NobodyNamed,
    NotFinished,
    PlaceUnknown,
    StillActive,
)
from app.privacy.models import Applied, Disclosure, Finding
from app.privacy.operations.disclosing import (
    DisclosureFilter,
    DisclosureRef,
    FindingFilter,
    NewDisclosure,
    delete_disclosure,
    disclose,
    get_disclosure,
    list_disclosures,
    list_findings,
)
from app.privacy.operations.downloading import DownloadDisclosure, download_disclosure
from app.privacy.operations.erasing import ErasePerson, erase_person
from app.privacy.operations.searching import Checkpoint, SearchStep, search_step
from app.privacy.watch import missing, reapply_missing
from app.services.tables.operations import records
from tests.unit.app.privacy.conftest import DEVICE, MAIL, NAME, confirmed, everything_with

HOME = Source(peer="203.0.113.77", device=DEVICE)
BASIS = "個人情報保護法 第35条"
IN_TABLES = Checkpoint(kind=[one.kind for one in all_searched()].index("tables"))
"""A search that has come to the tables."""


@pytest.fixture
def worked(office):
    """The person has signed in, is named in records, and their mail is known."""
    with office.appliance.database.write() as session:
        session.get(Account, office.person.id).mail = MAIL
    office.house.sign_in(office.person, Plane.WORKSPACE, HOME)
    office.record(f"{NAME}様")
    office.record("鈴木様")
    changed = office.record(NAME)
    wanted = records.UpdateRecord(
        table=office.table, record=changed, rev=1, values={office.name_field: "佐藤様"}
    )
    records.update_record(office.at_workspace(), wanted)
    office.seal()
    return office


def read(office, disclosure, language="ja"):
    wanted = DownloadDisclosure(disclosure=disclosure, language=language)
    download = download_disclosure(office.local, wanted)
    return zipfile.ZipFile(io.BytesIO(b"".join(download.chunks)))


def lines(file, kind):
    return [json.loads(line) for line in file.read(f"json/{kind}.jsonl").splitlines()]


def findings(office, disclosure):
    return list_findings(office.local, FindingFilter(disclosure=disclosure)).items


def test_everything_about_a_person_comes_in_one_file_METI_31(worked):
    disclosure = worked.search(account=worked.person.id)
    file = read(worked, disclosure)
    assert file.testzip() is None
    (account,) = lines(file, "account")
    assert (account["name"], account["mail"]) == (NAME, MAIL)
    (session,) = lines(file, "sessions")
    assert (session["peer"], session["device"]) == (HOME.peer, DEVICE)
    assert [one["role"] for one in lines(file, "grants")] == ["staff"]
    assert any(one["verb"] == "sign_in.start" for one in lines(file, "history-by"))
    assert any(one["verb"] == "accounts.update" for one in lines(file, "history-about"))
    (named, former) = lines(file, "records")
    assert named["氏名"] == f"{NAME}様"
    assert (former["氏名"], former["why"]) == (NAME, "A former state of the record held it.")
    page = file.read("index.html").decode()
    assert NAME in page
    assert "セッション (1)" in page
    assert "Sessions (1)" in read(worked, disclosure, "en").read("index.html").decode()


def test_no_secret_stands_in_the_file_F12(worked):
    file = read(worked, worked.search(account=worked.person.id))
    everything = b"".join(file.read(name) for name in file.namelist()).decode()
    with worked.appliance.database.read() as session:
        for table, column in (
            ("identity_password", "hash"),
            ("identity_console_credential", "secret"),
            ("identity_workspace_session", "token_hash"),
        ):
            found = session.connection().exec_driver_sql(f"SELECT {column} FROM {table}")
            for (secret,) in found:
                assert secret not in everything


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(worked):
    worked.record(f"=cmd|{NAME}")
    file = read(worked, worked.search(account=worked.person.id))
    rows = list(csv.reader(io.StringIO(file.read("csv/records.csv").decode("utf-8-sig"))))
    assert any(f"'=cmd|{NAME}" in row for row in rows)


def test_somebody_without_an_account_is_found_by_what_names_them_METI_31(worked):
    worked.record("ﾔﾏﾀﾞ ﾊﾅｺ")
    disclosure = worked.search(text="やまだ はなこ\n0")
    (found,) = findings(worked, disclosure)
    assert found.body["氏名"] == "ﾔﾏﾀﾞ ﾊﾅｺ"
    view = get_disclosure(worked.local, DisclosureRef(disclosure=disclosure))
    assert (view.state, view.found, view.texts) == ("done", 1, ["やまだ はなこ"])
    assert view.looked_at >= 4
    file = read(worked, disclosure)
    assert "json/account.jsonl" not in file.namelist()


def test_what_whoever_asks_may_not_export_is_named_and_not_looked_into_F4(worked):
    manager = worked.house.person("manager", "security_administrator")
    made = disclose(worked.house.enter(manager), NewDisclosure(account=worked.person.id))
    worked.work()
    view = get_disclosure(worked.local, DisclosureRef(disclosure=made.id))
    assert (view.found, view.skipped) == (0, ["顧客"])


def test_records_that_somebody_only_wrote_are_counted_not_copied_METI_31(worked):
    disclosure = worked.search(account=worked.owner.id)
    (found,) = findings(worked, disclosure)
    assert found.body == {"created_by": 3, "updated_by": 3}
    assert not found.erasable


def test_asking_and_downloading_stand_in_the_history_F5(worked):
    disclosure = worked.search(account=worked.person.id)
    read(worked, disclosure)
    worked.seal()
    store = sqlite3.connect(worked.appliance.settings.sealed_store / "sealed.sqlite")
    verbs = [
        verb
        for (verb,) in store.execute(
            "SELECT verb FROM events WHERE verb LIKE 'privacy.%' ORDER BY position"
        )
    ]
    assert verbs[0] == "privacy.disclose"
    assert verbs[-1] == "privacy.download"
    assert "privacy.search_step" in verbs


def test_nobody_and_one_letter_are_refused(office):
    for text in ("", " \n ", "霞"):
        with pytest.raises(NobodyNamed):
            disclose(office.local, NewDisclosure(text=text))
    with pytest.raises(NotFound):
        disclose(office.local, NewDisclosure(account="nobody"))
    with pytest.raises(NotFound):
        get_disclosure(office.local, DisclosureRef(disclosure="none"))


def test_who_may_not_export_people_discloses_nobody_F4(office):
    helper = office.house.person("helper")
    grants.give(office.local, grants.NewGrant(holder=helper.id, permission="accounts.manage"))
    with pytest.raises(NotAllowed):
        disclose(office.house.enter(helper), NewDisclosure(account=office.person.id))
    found = office.search(account=office.person.id)
    grants.give(office.local, grants.NewGrant(holder=helper.id, permission="audit.export"))
    with pytest.raises(NotAllowed):
        wanted = DownloadDisclosure(disclosure=found)
        download_disclosure(office.house.enter(helper), wanted)


def test_a_search_that_runs_is_not_downloaded_and_may_be_deleted(worked):
    made = disclose(worked.local, NewDisclosure(account=worked.person.id))
    with pytest.raises(NotFinished):
        download_disclosure(worked.local, DownloadDisclosure(disclosure=made.id))
    deleted = delete_disclosure(worked.local, DisclosureRef(disclosure=made.id))
    assert deleted.state == "queued"
    worked.work()
    with worked.appliance.database.read() as session:
        assert session.get(Job, made.job).state == JobState.CANCELLED
    assert list_disclosures(worked.local, DisclosureFilter()).items == []


def erase(office, **wanted):
    wanted = ErasePerson(account=office.person.id, basis=BASIS, **wanted)
    return confirmed(office.admin(), erase_person, wanted)


def everything_of(office):
    """Where name, mail, address or device of the person stand in the data folder."""
    return everything_with(office, NAME, MAIL, HOME.peer, DEVICE)


def test_an_erased_person_stands_nowhere_any_more_METI_31(worked):
    with spool.receive(worked.appliance.settings.spool, worked.person.id, "list.csv") as incoming:
        incoming.write(f"氏名\n{NAME}\n".encode())
        incoming.finish()
    worked.suspend()
    disclosure = worked.search(account=worked.person.id)
    worked.seal()
    chosen = [one.id for one in findings(worked, disclosure)]
    before = everything_of(worked)
    spooled = [name for name in before if name.startswith("spool/")]
    assert "audit/sealed.sqlite" in before  # the same search finds what is there
    assert len(spooled) == 1
    if worked.appliance.database.is_sqlite:
        assert "tenshu.sqlite" in before

    done = erase(worked, disclosure=disclosure, findings=chosen)
    worked.work()
    worked.seal()

    # the account, the record, and the list that names the person
    assert (done.places, done.disclosures) == (3, 1)
    assert everything_of(worked) == []
    with worked.appliance.database.read() as session:
        account = session.get(Account, worked.person.id)
        assert account.name == account.login_id == f"erased-{account.id[-12:]}"
        assert session.get(Disclosure, disclosure).erased_at
    assert worked.record("新しい人") > 0


def segmented(office):
    """Make the segments that are due, as the sealer's process does."""
    settings = office.appliance.settings
    signer = load_or_make_signer(settings.keys / "audit-signing.key")
    store = settings.sealed_store
    sealer = Sealer(office.appliance.database, settings.data, store, signer, machine="test")
    segmenter = Segmenter(store, sealer.tell_segment)
    with contextlib.closing(sealer), contextlib.closing(segmenter):
        while made := make_due(store):
            segmenter._name(made)


def in_segments(office, *values):
    """Tell whether the segments hold one of some values: they are compressed, so they are read."""
    files = sorted((office.appliance.settings.sealed_store / FOLDER).rglob("*.parquet"))
    assert files
    with duckdb.connect() as connection:
        text = str([connection.read_parquet(str(file)).fetchall() for file in files])
    return any(value in text for value in values)


def test_no_segment_of_the_history_holds_an_erased_person_METI_31(worked, monkeypatch):
    for module in ("segments", "segment_writer", "segmenting"):
        monkeypatch.setattr(f"app.audit.{module}.SIZES", (8, 4))
    segmented(worked)
    values = (NAME, HOME.peer, DEVICE)
    assert in_segments(worked, *values)
    worked.suspend()
    erase(worked)
    worked.work()
    worked.seal()
    segmented(worked)
    assert not in_segments(worked, *values)
    assert [place for place in everything_of(worked) if place.startswith("audit/")] == []


def test_the_history_stays_whole_and_says_who_erased_under_which_basis_METI_31_METI_46(worked):
    worked.suspend()
    erase(worked)
    worked.work()
    worked.seal()
    settings = worked.appliance.settings
    signer = load_or_make_signer(settings.keys / "audit-signing.key")
    verdict = verify(settings.sealed_store, [signer.verifier])
    assert verdict.state is State.WHOLE
    bases = {erased.erasure.basis for erased in verdict.erased}
    assert bases == {BASIS}


def test_others_lose_nothing_by_an_erasure(worked):
    worked.suspend()
    other = worked.house.person("hanako", "staff")
    worked.house.sign_in(other, Plane.WORKSPACE, Source(peer="198.51.100.9", device="Hanako"))
    erase(worked)
    worked.work()
    with worked.appliance.database.read() as session:
        assert session.get(Account, other.id).name == "Hanako"
    found = records.list_records(worked.at_workspace(), records.ListRecords(table=worked.table))
    assert len(found.records) == 3


def test_who_still_works_here_is_not_erased(worked):
    with pytest.raises(StillActive):
        erase(worked)
    with pytest.raises(NobodyNamed):
        erase_person(worked.local, ErasePerson(basis=BASIS))


def test_only_what_a_search_has_found_is_erased(worked):
    disclosure = worked.search(account=worked.owner.id)
    (count,) = findings(worked, disclosure)
    for numbers in ([count.id], [count.id + 1000]):
        with pytest.raises(PlaceUnknown):
            erase_person(
                worked.local, ErasePerson(basis=BASIS, disclosure=disclosure, findings=numbers)
            )


def test_nobody_erases_who_may_do_more_than_they_do_F4(worked):
    helper = worked.house.person("helper")
    for permission in ("audit.erase", "accounts.manage"):
        grants.give(worked.local, grants.NewGrant(holder=helper.id, permission=permission))
    second = worked.house.person("second", "owner")
    row = accounts.get_account(worked.local, accounts.AccountRef(second.id)).account
    accounts.suspend_account(worked.local, accounts.SuspendAccount(row.id, row.rev))
    wanted = ErasePerson(account=second.id, basis=BASIS)
    with pytest.raises(BeyondYourRights):
        confirmed(worked.house.enter(helper), erase_person, wanted)


def test_an_erasure_in_the_middle_of_a_search_leaves_nothing_of_it_METI_31(worked):
    worked.suspend()
    running = disclose(worked.local, NewDisclosure(account=worked.person.id))
    claimed = claim(worked.appliance.database, "test")
    step = SearchStep(lease=claimed.lease, disclosure=running.id, before=IN_TABLES)
    reached = search_step(worked.local, step)  # the worker is in the middle of it
    assert reached.found == 1

    erase(worked)

    step = SearchStep(lease=claimed.lease, disclosure=running.id, before=reached)
    assert search_step(worked.local, step).found == 1  # what still runs finds nothing more
    with worked.appliance.database.read() as session:
        assert session.exec(select(Finding)).all() == []
        assert session.get(Job, running.job).cancel_requested
    view = get_disclosure(worked.local, DisclosureRef(disclosure=running.id))
    assert (view.state, view.texts) == ("erased", [])
    with pytest.raises(AlreadyErased):
        download_disclosure(worked.local, DownloadDisclosure(disclosure=running.id))


def test_after_a_restore_everything_is_erased_again_METI_31(worked):
    worked.suspend()
    disclosure = worked.search(account=worked.person.id)
    chosen = [one.id for one in findings(worked, disclosure)]
    with worked.appliance.database.read() as session:
        old = {
            name: getattr(session.get(Account, worked.person.id), name)
            for name in ("name", "login_id", "mail")
        }
    erase(worked, disclosure=disclosure, findings=chosen)
    worked.work()
    worked.seal()
    assert missing(worked.appliance) == []
    # what an older archive brings back: the values, and nothing about the erasure
    with worked.appliance.database.write() as session:
        account = session.get(Account, worked.person.id)
        for name, value in old.items():
            setattr(account, name, value)
        session.exec(delete(Applied))
    back = worked.record(NAME)
    assert len(missing(worked.appliance)) == 3
    assert reapply_missing(worked.appliance) == 3
    worked.work()
    with worked.appliance.database.read() as session:
        assert session.get(Account, worked.person.id).name.startswith("erased-")
    assert missing(worked.appliance) == []
    assert back  # a record made after the archive has another number, and stays


def test_sessions_keep_their_times_and_lose_their_addresses(worked):
    worked.house.sign_in(worked.owner, Plane.CONSOLE)
    worked.suspend()
    erase(worked)
    with worked.appliance.database.read() as session:
        rows = session.exec(select(ConsoleSession)).all()
        assert all(row.peer for row in rows if row.account != worked.person.id)
        assert all(not row.peer for row in rows if row.account == worked.person.id)
    assert clock.now() > 0
