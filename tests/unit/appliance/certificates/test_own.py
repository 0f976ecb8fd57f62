"""The own certificate is renewed while the appliance runs, whatever happens meanwhile (V11)."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from appliance.certificates import own as renewing
from appliance.certificates.happenings import Happenings
from appliance.certificates.looking import look_after_own
from appliance.certificates.own import OwnNotRenewedError, renew_own
from appliance.contract.certificates import pairs
from appliance.contract.certificates.folder import Condition, Folder
from appliance.contract.certificates.own import AUTHORITY, keep_own, laid_out_key
from appliance.contract.certificates.state import Befell
from appliance.contract.configuration.services import OWN
from appliance.place import Place
from tests.integration.authority import HOUR, Authority

NOW = dt.datetime.now(dt.UTC)


def place_with(folder: Path, begins: dt.timedelta, ends: dt.timedelta) -> Place:
    """A copy whose own certificate begins and ends then; its authority holds for another day."""
    place = Place(data=folder / "data", keys=folder / "keys", database_url="")
    authority = Authority(place.data / "tls")
    pair = authority.issue("own", "keep.example", "127.0.0.1", begins=begins, ends=ends)
    place.keys.mkdir()
    laid_out_key(place.keys).write_bytes(authority.key_pem())
    keep_own(
        Folder(place.data),
        x509.load_pem_x509_certificate(pair.certificate.read_bytes()),
        x509.load_pem_x509_certificate(authority.pem.encode()),
        serialization.load_pem_private_key(pair.key.read_bytes(), None),
        NOW,
    )
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_with(tmp_path, -9 * HOUR, 3 * HOUR)


def leaf_of(place: Place) -> x509.Certificate:
    found = Folder(place.data).examine(OWN, dt.datetime.now(dt.UTC))
    assert found.condition is Condition.good, "key and certificate fit, and its time is now"
    return found.chain.leaf


def befallen(place: Place) -> list[tuple[Befell, str]]:
    return [(one.what, one.certificate) for one in Happenings(Folder(place.data)).newest()]


def test_at_two_thirds_of_its_life_the_same_is_said_again_with_a_new_key_V11(place):
    before, kept = leaf_of(place), Folder(place.data).own
    look_after_own(place)
    after = leaf_of(place)
    assert after.public_key() != before.public_key()
    assert after.serial_number != before.serial_number
    assert (after.subject, after.issuer) == (before.subject, before.issuer)
    for kind in (x509.SubjectAlternativeName, x509.ExtendedKeyUsage, x509.KeyUsage):
        found = [one.extensions.get_extension_for_class(kind) for one in (before, after)]
        assert found[0] == found[1]
    assert after.not_valid_after_utc - after.not_valid_before_utc == (
        before.not_valid_after_utc - before.not_valid_before_utc
    )
    assert befallen(place) == [(Befell.renewed, OWN)]
    assert kept.chain.exists(), "whoever began with the one before may read it once more"
    assert kept.key.exists()
    look_after_own(place)
    assert leaf_of(place) == after, "it is not due any more"


@pytest.mark.parametrize(
    ("begins", "ends"),
    [(-48 * HOUR, -24 * HOUR), (2 * HOUR, 26 * HOUR)],
    ids=["ended long ago", "begins later, by a clock that was put"],
)
def test_one_that_holds_at_no_moment_is_renewed_at_once_METI_42(tmp_path, begins, ends):
    place = place_with(tmp_path, begins, ends)
    assert renew_own(place, NOW)
    leaf_of(place)


def test_before_its_time_nothing_is_done_nor_where_there_is_none_V11(tmp_path):
    fresh = place_with(tmp_path, -HOUR, 24 * HOUR)
    laid_out_key(fresh.keys).unlink()
    assert not renew_own(fresh, NOW)
    empty = Place(data=tmp_path / "empty", keys=tmp_path, database_url="")
    assert not renew_own(empty, NOW)


def test_an_authority_that_would_end_first_is_renewed_with_it_V11(tmp_path):
    place = place_with(tmp_path, -20 * HOUR, 5 * HOUR)
    before = x509.load_pem_x509_certificate((place.data / "tls" / AUTHORITY).read_bytes())
    assert renew_own(place, NOW + HOUR)  # less than the 25 hours that the next one holds
    after = x509.load_pem_x509_certificate((place.data / "tls" / AUTHORITY).read_bytes())
    assert after.not_valid_after_utc > before.not_valid_after_utc
    for authority in (before, after):
        leaf_of(place).verify_directly_issued_by(authority)


@pytest.mark.parametrize("damage", ["no key", "no sense", "another kind", "of another authority"])
def test_where_it_cannot_be_renewed_the_one_before_stays_and_it_is_said_once_a_day_METI_42(
    place, tmp_path, damage, monkeypatch
):
    key = laid_out_key(place.keys)
    content = {
        "no sense": b"no key",
        "another kind": key_of_another_kind(),
        "of another authority": Authority(tmp_path / "other").key_pem(),
    }
    key.write_bytes(content[damage]) if damage in content else key.unlink()
    before = leaf_of(place)
    with pytest.raises(OwnNotRenewedError):
        renew_own(place, NOW)
    for _ in range(3):
        look_after_own(place)
    assert leaf_of(place) == before
    assert befallen(place) == [(Befell.not_renewed, OWN)]
    monkeypatch.setattr("appliance.certificates.happenings.REMINDED_EVERY", 0)
    look_after_own(place)
    assert befallen(place) == [(Befell.not_renewed, OWN)] * 2


def key_of_another_kind() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize("step", range(4))
def test_in_no_step_of_it_do_key_and_certificate_not_fit_V11_METI_42(place, step, monkeypatch):
    before, writes = leaf_of(place), 0

    def dies(path: Path, data: bytes, mode: int = 0o600) -> None:
        nonlocal writes
        if writes == step:
            raise OSError(28, "No space left on device")
        writes += 1
        whole(path, data, mode)

    whole = pairs.write_whole
    monkeypatch.setattr(pairs, "write_whole", dies)
    monkeypatch.setattr(renewing, "write_whole", dies)
    look_after_own(place)
    after = leaf_of(place)
    assert (after == before) == (step < 3), "the record is the step that counts"
