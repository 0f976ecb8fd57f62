"""A start on other hardware opens an epoch; a copy gets keys of its own before anything leaves."""

import os
import ssl
import threading
from pathlib import Path

import msgspec
import pytest

from app.audit.epoch import read_signal
from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.core.doubt import in_doubt
from app.core.settings import Settings, load_settings
from app.jobs import standing
from app.jobs.standing import Standing, start_standing
from app.operations.context import Appliance
from app.start.another_machine import COPY, DOUBT
from app.start.keys import SIGNING_KEY
from app.start.prepare import prepare
from appliance.contract.certificates.folder import Folder
from appliance.contract.identity import FILE, Doubt, Marks, Stage
from tests.running import environment_for, wait_until

FOUND = Doubt(at=1_800_000_000_000, before=Marks(hardware="a"), now=Marks(hardware="b"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(environment_for(tmp_path, TENSHU_RESERVE="1"))


def start(settings: Settings) -> str:
    """Start and seal once; return the fingerprint of the planes' certificate."""
    prepared = prepare(settings, lambda _: None)
    appliance = prepared.appliance
    signer = load_or_make_signer(settings.keys / SIGNING_KEY)
    sealer = Sealer(
        appliance.database,
        settings.data,
        settings.sealed_store,
        signer,
        machine=appliance.machine,
    )
    sealer.turn()
    sealer.close()
    appliance.database.close()
    os.close(prepared.lock)
    return prepared.fingerprint


def doubt(settings: Settings, stage: Stage) -> None:
    wanted = msgspec.structs.replace(FOUND, stage=stage)
    (settings.data / FILE).write_bytes(msgspec.json.encode(wanted))


def epochs(settings: Settings) -> list[str]:
    text = (settings.sealed_store / "sealed.sqlite").read_bytes()
    return [name for name in (DOUBT, COPY) if name.encode() in text]


def keys_of(settings: Settings) -> tuple[bytes, bytes]:
    return (settings.keys / SIGNING_KEY).read_bytes(), (settings.tls / "authority.pem").read_bytes()


def test_a_doubt_opens_one_epoch_and_leaves_the_keys_as_they_are(settings: Settings) -> None:
    before, kept = start(settings), keys_of(settings)
    doubt(settings, Stage.found)
    assert start(settings) == before
    assert (epochs(settings), keys_of(settings)) == ([DOUBT], kept)
    assert in_doubt(settings), "nobody has decided"
    start(settings)
    assert read_signal(settings.data) is None
    lines = (settings.sealed_store / "audit.vkey").read_text().splitlines()
    assert len(lines) == 1


def test_a_copy_gets_keys_of_its_own_and_then_nothing_is_in_doubt(settings: Settings) -> None:
    before, (signing, authority) = start(settings), keys_of(settings)
    shown = Folder(settings.data).own
    doubt(settings, Stage.copy)
    after = start(settings)
    assert not shown.chain.exists(), "an edge that is set up for it shows nothing"
    assert not shown.key.exists()
    assert after != before, "both planes show another certificate"
    assert keys_of(settings)[0] != signing
    assert keys_of(settings)[1] != authority
    assert ssl.PEM_cert_to_DER_cert(keys_of(settings)[1].decode())
    assert epochs(settings) == [COPY]
    assert len((settings.sealed_store / "audit.vkey").read_text().splitlines()) == 2
    assert not in_doubt(settings)
    assert start(settings) == after, "and they stay"


def test_what_sends_waits_while_it_is_in_doubt_and_what_does_not_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare(settings, lambda _: None)
    turns: dict[str, int] = {"sends": 0, "stays": 0}

    def turn(name: str):
        def count(_: Appliance, __: object) -> None:
            turns[name] += 1

        return count

    kinds = {name: Standing(name, 10, turn(name), name == "sends") for name in turns}
    monkeypatch.setattr(standing, "_standing", kinds)
    doubt(settings, Stage.told)
    ending = threading.Event()
    threads = start_standing(prepared.appliance, ending)
    wait_until(lambda: turns["stays"] > 5, "what stays here goes on")
    assert turns["sends"] == 0
    (settings.data / FILE).unlink()
    wait_until(lambda: turns["sends"] > 0, "what waited goes out")
    ending.set()
    for one in threads:
        one.join(5)
    prepared.appliance.database.close()
    os.close(prepared.lock)


def test_mails_and_the_history_are_what_sends() -> None:
    from app.jobs.handlers import load_handlers

    load_handlers()
    sending = {one.name for one in standing._standing.values() if one.sends}
    assert sending == {"mail.courier", "offsite.ship"}
