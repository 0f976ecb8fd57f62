"""When a certificate is fetched again, and how long after a failure (V11, METI-42)."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from appliance.certificates.keeping import Keeping
from appliance.certificates.renewing import (
    State,
    next_attempt,
    pause_after,
    state_of,
    write_state,
)
from appliance.contract.certificates.chain import Chain, renewal_of
from appliance.contract.certificates.folder import Folder, Origin, Record
from appliance.contract.configuration.reading import read_document
from tests.integration.authority import Authority

NAME = "tenshu.example.test"
DIRECTORY = "https://acme.example.test/directory"
FETCHED = read_document(
    f'[edge]\nnames = ["{NAME}"]\n[certificates.acme]\ndirectory = "{DIRECTORY}"\n'
)
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with a certificate that was fetched an hour ago and holds a day."""
    pair = Authority(tmp_path / "acme").issue("acme", NAME)
    keeping = Keeping(tmp_path)
    leaf = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    record = Record(origin=Origin.acme, made_at=1, account="system")
    keeping.keep("acme", record, Chain((leaf,), trusted=False), key)
    write_state(keeping.folder, State(directory=DIRECTORY, at=1))
    return keeping.folder


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_pauses_grow_to_a_day_METI_42():
    assert pause_after(0) == dt.timedelta()
    assert [pause_after(count) / MINUTE for count in (1, 2, 3, 4)] == [10, 20, 40, 80]
    assert pause_after(8) < DAY
    assert pause_after(9) == pause_after(1000) == DAY


def test_it_is_renewed_when_two_thirds_are_over_METI_42(folder: Folder):
    leaf = folder.examine("acme", now()).chain.leaf
    due = next_attempt(folder, FETCHED, now())
    assert due == renewal_of(leaf.not_valid_before_utc, leaf.not_valid_after_utc)
    third = (leaf.not_valid_after_utc - leaf.not_valid_before_utc) / 3
    assert due == leaf.not_valid_after_utc - third


@pytest.mark.parametrize(
    "text",
    [
        f'[edge]\nnames = ["other.{NAME}"]\n[certificates.acme]\ndirectory = "{DIRECTORY}"\n',
        f'[edge]\nnames = ["{NAME}"]\n[certificates.acme]\ndirectory = "{DIRECTORY}/2"\n',
    ],
    ids=["other names", "another authority"],
)
def test_what_is_wanted_now_is_fetched_now_V11(folder: Folder, text: str):
    at = now()
    assert next_attempt(folder, read_document(text), at) == at


def test_where_none_is_one_is_fetched_at_once_and_after_a_failure_later_V11(tmp_path: Path):
    folder, at = Folder(tmp_path), now()
    assert next_attempt(folder, FETCHED, at) == at
    assert next_attempt(folder, read_document(""), at) is None
    failed = State(failures=2, reason="refused", at=int(at.timestamp() * 1000))
    write_state(folder, failed)
    assert state_of(folder) == failed
    assert abs(next_attempt(folder, FETCHED, at) - at - 20 * MINUTE) < MINUTE
    ahead = State(failures=9, at=int((at + 400 * DAY).timestamp() * 1000))
    write_state(folder, ahead)
    assert next_attempt(folder, FETCHED, at) == at, "the clock was ahead when it failed"
    (folder.tls / "acme/state.json").write_text("{")
    assert state_of(folder) == State()
