"""An erased person in real Borg archives: the next one holds nothing, an older one brings nothing
back (METI-31)."""

from pathlib import Path

import pytest

from app.audit.event import Source
from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.identity.actors import actor_of
from app.identity.models import Account
from app.jobs.worker import Worker
from app.operations.context import Appliance, Plane
from app.privacy.operations.disclosing import FindingFilter, list_findings
from app.privacy.operations.erasing import ErasePerson, erase_person
from app.privacy.watch import missing, reapply_missing
from appliance.backup.restore import restore
from appliance.contract.kit import KeyKit
from appliance.contract.ring import wrap_ring
from appliance.place import Place
from tests.conftest import ON_POSTGRESQL
from tests.integration.appliance.conftest import backup
from tests.unit.app.privacy.conftest import (
    DEVICE,
    MAIL,
    NAME,
    Office,
    confirmed,
    everything_with,
    places_with,
)

HOME = Source(peer="203.0.113.77", device=DEVICE)
VALUES = (NAME, MAIL, HOME.peer, DEVICE)

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="the place of this test is a file")


def place_of(office: Office, kit: KeyKit) -> Place:
    settings = office.appliance.settings
    ring = (settings.keys / "ring.json").read_bytes()
    (settings.data / "ring.wrapped").write_bytes(wrap_ring(kit.public_key(), ring))
    return Place(data=settings.data, keys=settings.keys, database_url=settings.database_url)


def begin_again(data: Path, keys: Path) -> None:
    """Do what a start does with what a restore has made: sealer, console, worker."""
    settings = load_settings(
        {"TENSHU_DATA": str(data), "TENSHU_KEYS": str(keys), "TENSHU_RESERVE": "0"}
    )
    database = Database(settings.database_url)
    appliance = Appliance(settings, database, KeyRing.load(keys), machine="second")
    assert len(missing(appliance)) == 2  # already before the sealer has told of the restore
    signer = load_or_make_signer(keys / "audit-signing.key")
    sealer = Sealer(database, data, settings.sealed_store, signer, machine="second")
    assert reapply_missing(appliance) == 2
    worker = Worker(appliance, actor_of)
    while worker.work_once():
        pass
    while sealer.turn():
        pass
    sealer.close()
    assert missing(appliance) == []
    database.close()


def test_the_next_archive_holds_nothing_and_an_older_one_brings_nothing_back_METI_31(
    office: Office, kit: KeyKit, tmp_path: Path
) -> None:
    with office.appliance.database.write() as session:
        session.get(Account, office.person.id).mail = MAIL
    office.house.sign_in(office.person, Plane.WORKSPACE, HOME)
    office.record(f"{NAME}様")
    office.suspend()
    disclosure = office.search(account=office.person.id)
    office.seal()
    place = place_of(office, kit)
    older = backup(place, kit).archive
    assert everything_with(office, *VALUES)

    (finding,) = list_findings(office.local, FindingFilter(disclosure=disclosure)).items
    wanted = ErasePerson(
        account=office.person.id, basis="35条", disclosure=disclosure, findings=[finding.id]
    )
    confirmed(office.admin(), erase_person, wanted)
    office.work()
    office.seal()
    newer = backup(place, kit).archive
    assert newer != older

    repository, typed = place.data.parent / "repository", KeyKit.from_text(kit.text())
    after = tmp_path / "after"
    restore(repository, typed, after, tmp_path / "after.keys", archive=newer)
    assert places_with(after, *VALUES) == []

    before, keys = tmp_path / "before", tmp_path / "before.keys"
    restore(repository, typed, before, keys, archive=older)
    found = places_with(before, *VALUES)
    assert "tenshu.sqlite" in found  # the same search finds what an older archive holds
    assert "audit/sealed.sqlite" in found
    begin_again(before, keys)
    assert places_with(before, *VALUES) == []
