"""Somebody is erased while a file with them in it is on its way: no fault, nothing half said."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.audit.event import Source
from app.evidence import verify
from app.evidence.making import Period, make_evidence
from app.history.operations import ExportEvents, export_events
from app.operations.context import Plane
from app.privacy.errors import AlreadyErased
from app.privacy.jobs import clear_log
from app.privacy.operations.disclosing import FindingFilter, list_findings
from app.privacy.operations.downloading import DownloadDisclosure, download_disclosure
from app.privacy.operations.erasing import ErasePerson, erase_person
from app.services.tables.operations.exporting import ExportRecords, export_records
from tests.unit.app.privacy.conftest import DEVICE, NAME, Office, confirmed, places_with

HOME = Source(peer="203.0.113.77", device=DEVICE)
ALWAYS = Period(since=0, until=2**61)


@dataclass
class Erase:
    """Erases the person everywhere when it is called: sealer and worker have done their part."""

    office: Office
    disclosure: str

    def __call__(self) -> None:
        office, asked = self.office, FindingFilter(disclosure=self.disclosure, limit=100)
        wanted = ErasePerson(
            account=office.person.id,
            disclosure=self.disclosure,
            findings=[one.id for one in list_findings(office.local, asked).items],
            basis="個人情報保護法 第35条",
        )
        confirmed(office.admin(), erase_person, wanted)
        office.work()
        office.seal()


@pytest.fixture
def erase(office: Office) -> Erase:
    office.house.sign_in(office.person, Plane.WORKSPACE, HOME)
    for number in range(30):
        office.record(f"{NAME}様 {number}")
    office.suspend()
    disclosure = office.search(account=office.person.id)
    office.seal()

    return Erase(office, disclosure)


def interrupted(chunks: Iterator[bytes], erase: Erase, after: int = 1) -> tuple[bytes, bytes]:
    """Take some chunks, erase, take the others; return both parts."""
    begun = b"".join(next(chunks) for _ in range(after))
    erase()
    return begun, b"".join(chunks)


def test_an_export_of_a_table_ends_as_it_began_and_the_next_holds_nobody_METI_31(
    office: Office, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.tables.query.CHUNK", 5)
    wanted = ExportRecords(table=office.table)
    chunks = export_records(office.at_workspace(), wanted).chunks
    begun, rest = interrupted(chunks, erase, after=2)
    assert (begun + rest).decode().count(NAME) == 30
    again = b"".join(export_records(office.at_workspace(), wanted).chunks)
    assert NAME not in again.decode()
    # nor does anything that the export was reading stay on the disk
    clear_log(office.appliance, lambda: False)
    assert places_with(office.appliance.settings.data, NAME, HOME.peer, DEVICE) == []


def test_an_export_of_the_history_holds_the_person_no_further_METI_31_F5(
    office: Office, erase: Erase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.search.EXPORT_PAGE", 3)
    complete = list(export_events(office.admin(), ExportEvents(form="jsonl")).chunks)
    signed_in = max(i for i, line in enumerate(complete) if HOME.peer.encode() in line)
    chunks = export_events(office.admin(), ExportEvents(form="jsonl")).chunks
    begun, rest = interrupted(chunks, erase, after=signed_in - 3)
    told = [json.loads(line) for line in (begun + rest).splitlines()]
    # of what had been there, each event once
    identifiers = [one["id"] for one in told]
    assert len(identifiers) == len(set(identifiers))
    before = [json.loads(line)["id"] for line in complete]
    assert [one for one in identifiers if one in set(before)] == before
    assert HOME.peer not in rest.decode()


def test_the_file_about_a_person_breaks_off_when_they_are_erased_METI_31(
    office: Office, erase: Erase
) -> None:
    wanted = DownloadDisclosure(disclosure=erase.disclosure)
    with pytest.raises(AlreadyErased):
        interrupted(download_disclosure(office.local, wanted).chunks, erase)


def test_evidence_that_is_being_made_stays_whole_F5_METI_46(
    office: Office,
    erase: Erase,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("app.evidence.making.AT_ONCE", 10)
    monkeypatch.setattr("app.evidence.making.INSIDE", 2)
    steps: list[int] = []

    def progress(done: int, _of: int) -> None:
        if not steps:
            erase()
        steps.append(done)

    for name in ("during", "after"):
        target = io.BytesIO()
        made = make_evidence(
            office.appliance.settings.sealed_store, target, ALWAYS, at=0, progress=progress
        )
        path = tmp_path / f"{name}.zip"
        path.write_bytes(target.getvalue())
        code = verify.main([str(path), "--language", "en"])
        assert code == 0, capsys.readouterr().out
        # made from one state: the first knows nothing of the erasure, the second explains it
        assert bool(made.erasures) == (name == "after")
    assert len(steps) > 2
