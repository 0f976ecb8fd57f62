"""`tenshu audit`: exit code 0 whole, 3 tampered, 2 cannot be read (F5)."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from app.audit.sealer import Sealer
from app.audit.signing import load_signer
from app.core.database import Database
from app.core.settings import load_settings
from app.offsite.kinds import SyslogReceiver
from app.offsite.operations.changing import create_destination
from app.offsite.operations.checking import NewDestination
from cli.invocation import Invocation
from tests.integration.authority import Authority


@pytest.fixture
def sealed(owned, environ):
    """A copy whose history is sealed up to now."""
    settings = load_settings(environ)
    seal(settings)
    return owned


def seal(settings) -> None:
    database = Database(settings.database_url)
    sealer = Sealer(
        database,
        settings.data,
        settings.sealed_store,
        load_signer(settings.keys / "audit-signing.key"),
        machine="test",
    )
    try:
        while sealer.turn():
            pass
        sealer.publish()
    finally:
        sealer.close()
        database.close()


def _change(environ, sql: str) -> None:
    path = Path(environ["TENSHU_DATA"]) / "audit" / "sealed.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


def test_a_whole_history_is_0_and_says_that_rollback_is_not_excluded_F5(sealed):
    whole = sealed("audit", "verify")
    assert whole.code == 0, whole.err
    assert "The history is whole." in whole.out
    assert "not excluded" in whole.out
    assert sealed("audit", "verify", "--json").json["state"] == "whole"


def test_one_changed_byte_is_3_and_names_the_event_F5(sealed, environ):
    listed = sealed("audit", "export")
    assert listed.code == 0, listed.err
    _change(
        environ,
        "UPDATE events SET content = replace(content, '\"setup.', '\"setuq.') WHERE position = "
        "(SELECT min(position) FROM events WHERE content LIKE '%\"setup.%')",
    )
    found = sealed("audit", "verify", "--json")
    assert found.code == 3
    assert found.json["state"] == "tampered"
    assert found.json["wrong"]["event"]
    told = sealed("audit", "verify")
    assert told.code == 3
    assert found.json["wrong"]["event"] in told.out


def test_no_history_no_key_and_no_checkpoint_are_2(tenshu, sealed, environ, tmp_path):
    assert sealed("audit", "verify", "--store", str(tmp_path / "nowhere")).code == 2
    assert sealed("audit", "verify", "--key", str(tmp_path / "nowhere")).code == 2
    assert sealed("audit", "verify", "--against", str(tmp_path / "nowhere")).code == 2
    broken = tmp_path / "checkpoint"
    broken.write_text("this is no checkpoint")
    assert sealed("audit", "verify", "--against", str(broken), "--json").code == 2
    (Path(environ["TENSHU_DATA"]) / "audit" / "sealed.sqlite").write_bytes(b"x" * 4096)
    assert sealed("audit", "verify").code == 2


def test_a_checkpoint_kept_elsewhere_shows_a_history_that_was_cut_off(sealed, environ, tmp_path):
    store = Path(environ["TENSHU_DATA"]) / "audit"
    early = {path.name: path.read_bytes() for path in store.iterdir()}
    sealed("accounts", "create", "suzuki", "--name", "鈴木")
    seal(load_settings(environ))
    kept = tmp_path / "checkpoint"
    kept.write_text(sealed("audit", "checkpoint").out)
    fits = sealed("audit", "verify", "--against", str(kept))
    assert fits.code == 0, fits.out + fits.err
    assert "not excluded" not in fits.out
    for path in store.iterdir():
        path.unlink()
    for name, body in early.items():
        (store / name).write_bytes(body)
    assert sealed("audit", "verify").code == 0, "by itself a cut-off history looks whole"
    cut = sealed("audit", "verify", "--against", str(kept), "--json")
    assert cut.code == 3
    assert cut.json["wrong"]["wrong"] == "rolled_back"


def test_a_copy_is_verified_elsewhere_with_nothing_but_the_public_key(sealed, environ, tmp_path):
    store = Path(environ["TENSHU_DATA"]) / "audit"
    key = store / "audit.vkey"
    checked = sealed("audit", "verify", "--store", str(store), "--key", str(key))
    assert checked.code == 0
    beside = sealed("audit", "verify", "--store", str(store))
    assert beside.code == 0
    assert "--key" in beside.err


def test_a_single_event_is_proven(sealed: Callable, environ):
    event = sealed("audit", "export").out.splitlines()[0]
    import json

    identifier = json.loads(event)["id"]
    seal(load_settings(environ))
    proof = sealed("audit", "prove", identifier, "--reveal")
    assert proof.code == 0, proof.err
    assert json.loads(proof.out)["format"].startswith("tenshu-audit-proof/")
    assert sealed("audit", "prove", "0" * 28, "--json").error["code"] == "audit.event_unknown"


@pytest.fixture
def elsewhere(tenshu, sealed, environ, tmp_path):
    """A machine that has no data: only a proof, a key and a checkpoint that were sent to it."""
    identifier = sealed("audit", "export").out.split('"id":"')[1][:28]
    seal(load_settings(environ))
    (tmp_path / "proof.json").write_text(sealed("audit", "prove", identifier, "--reveal").out)
    (tmp_path / "checkpoint").write_text(sealed("audit", "checkpoint").out)
    (tmp_path / "key").write_bytes(
        (Path(environ["TENSHU_DATA"]) / "audit" / "audit.vkey").read_bytes()
    )

    def check(*words: str):
        nowhere = ("--data", str(tmp_path / "none"), "--keys", str(tmp_path / "no-keys"))
        return tenshu("audit", "verify-proof", *words, *nowhere)

    check.event, check.folder = identifier, tmp_path
    return check


def test_a_proof_is_checked_where_there_is_no_data_F5(elsewhere):
    proof, key = str(elsewhere.folder / "proof.json"), str(elsewhere.folder / "key")
    held = str(elsewhere.folder / "checkpoint")
    good = elsewhere(proof, "--key", key, "--against", held)
    assert good.code == 0, good.err
    assert elsewhere.event in good.out
    assert "holds" in good.out
    assert not (elsewhere.folder / "none").exists(), "checking leaves nothing behind"
    assert elsewhere(proof, "--key", key, "--json").json["content"]["id"] == elsewhere.event


def test_a_proof_that_does_not_hold_is_3_and_what_cannot_be_read_is_2_F5(elsewhere):
    proof, key = elsewhere.folder / "proof.json", str(elsewhere.folder / "key")
    forged = elsewhere.folder / "forged.json"
    forged.write_text(proof.read_text().replace(elsewhere.event, "f" * 28))
    for path, code, error in (
        (forged, 3, "audit.proof_invalid"),
        (elsewhere.folder / "nowhere", 2, "audit.store_unreadable"),
        (elsewhere.folder / "key", 2, "audit.proof_malformed"),
    ):
        told = elsewhere(str(path), "--key", key, "--json")
        assert (told.code, told.error["code"]) == (code, error)
    assert elsewhere(str(proof), "--json").error["code"] == "command.key_needed"
    assert elsewhere(str(proof), "--key", str(proof)).code == 2
    assert elsewhere(str(proof), "--key", key, "--against", key).code == 2


def test_a_proof_ends_in_the_checkpoint_that_was_kept_or_says_so_F5(elsewhere, sealed, environ):
    key, held = str(elsewhere.folder / "key"), str(elsewhere.folder / "checkpoint")
    sealed("accounts", "create", "suzuki", "--name", "鈴木")
    seal(load_settings(environ))
    proof = elsewhere.folder / "later.json"
    proof.write_text(sealed("audit", "prove", elsewhere.event).out)
    told = elsewhere(str(proof), "--key", key, "--against", held, "--json")
    assert (told.code, told.error["code"]) == (2, "audit.proof_of_another")
    proof.write_text(sealed("audit", "prove", elsewhere.event, "--against", held).out)
    assert elsewhere(str(proof), "--key", key, "--against", held).code == 0


def test_the_newest_checkpoint_is_printed_as_json_too(sealed, environ, tmp_path):
    told = sealed("audit", "checkpoint", "--json").json
    assert told["size"] > 0
    assert told["checkpoint"].startswith("tenshu/audit/")


def test_an_export_goes_to_a_file_and_is_recorded_itself(sealed, tmp_path, environ):
    file = tmp_path / "history.csv"
    assert sealed("audit", "export", "--form", "csv", "--output", str(file)).code == 0
    assert "setup.create_first" in file.read_text(encoding="utf-8-sig")
    assert "audit.export" in sealed("audit", "export").out


def test_a_history_that_was_cut_off_is_found_by_a_checkpoint_from_a_log_F5(
    sealed, environ, tmp_path, tenshu
):
    settings = load_settings(environ)
    store = settings.sealed_store / "sealed.sqlite"
    before = tmp_path / "before.sqlite"
    with (
        contextlib.closing(sqlite3.connect(store)) as now,
        contextlib.closing(sqlite3.connect(before)) as copy,
    ):
        now.backup(copy)
    assert tenshu("audit", "export", "-o", str(tmp_path / "x")).code == 0  # leaves an event
    seal(settings)
    note = sealed("audit", "checkpoint", "--json").json["checkpoint"]
    log = tmp_path / "syslog"
    other = note.replace("tenshu/audit/", "tenshu/audit/0")  # of another appliance in the same log
    lines = [f"host tenshu \ufeff{each.rstrip()}".replace("\n", "#012") for each in (other, note)]
    log.write_text("\n".join([*lines, "something else"]) + "\n")
    assert sealed("audit", "verify", "--checkpoint", str(log)).code == 0
    for name in ("-wal", "-shm"):
        store.with_name(store.name + name).unlink(missing_ok=True)
    store.write_bytes(before.read_bytes())
    assert sealed("audit", "verify").code == 0, "nothing here shows it"
    found = sealed("audit", "verify", "--checkpoint", str(log), "--json")
    assert (found.code, found.json["wrong"]["wrong"]) == (3, "rolled_back")


def test_destinations_are_listed_with_what_they_lack(sealed):
    told = sealed("audit", "destinations")
    assert told.code == 0, told.err
    assert "No destination is set" in told.out
    assert sealed("audit", "destinations", "--json").json["items"] == []


def test_a_receiver_gets_our_certificate_and_its_key_comes_from_a_file_F12(owned, tmp_path):
    pair = Authority(tmp_path / "authority").issue("appliance")
    make_receiver(owned)
    command = ("audit", "client-certificate", "Osaka")
    given = (*command, "--certificate", str(pair.certificate))
    assert "private key" in owned(*given).err
    told = owned(*given, "--key", str(pair.key))
    assert told.out.startswith("CN=appliance  ")
    assert pair.key.read_text().splitlines()[1] not in told.out + told.err
    seen = owned("audit", "destinations", "--json").json["items"]
    assert seen[0]["certificate"]["subject"] == "CN=appliance"
    assert "Osaka" in owned("audit", "destinations").out
    assert owned(*command, "--remove").out == "Osaka\n"
    assert owned(*command).code == 2
    assert owned(*given, "--key", str(tmp_path / "nowhere")).code == 2
    unknown = owned("audit", "client-certificate", "Kyoto", "--remove", "--json")
    assert unknown.error["code"] == "not_found"


def make_receiver(owned) -> None:
    with Invocation().context() as context:
        syslog = SyslogReceiver(host="log.example.test")
        create_destination(context, NewDestination(name="Osaka", syslog=syslog))
