"""The authority and the certificate that people compare by its fingerprint."""

import datetime as dt
import ipaddress
import shutil
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from freezegun import freeze_time

from app.audit.durable import write_durably
from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.core.settings import InvalidSetting, Settings, load_settings
from app.core.signing import AuthorityKeyUnusable, kept_key, key_pem, new_key
from app.start import certificates
from app.start.certificates import ensure_certificates, fingerprint, load_certificate
from app.start.names import Names, names_of
from appliance.contract.certificates.folder import Folder
from appliance.contract.certificates.own import AUTHORITY, laid_out_key


@pytest.fixture
def keyring(settings: Settings) -> KeyRing:
    return KeyRing.create(settings.keys)


def _with_names(settings: Settings, names: str) -> Settings:
    return load_settings({"TENSHU_DATA": str(settings.data), "TENSHU_HOST_NAMES": names})


def test_the_certificate_stands_for_this_machine_and_its_names(settings, keyring):
    leaf = ensure_certificates(settings, keyring)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "keep.example"} <= set(names.get_values_for_type(x509.DNSName))
    (common,) = leaf.subject
    assert common.value in names.get_values_for_type(x509.DNSName)
    assert set(names.get_values_for_type(x509.IPAddress)) >= {
        ipaddress.ip_address("127.0.0.1"),
        ipaddress.ip_address("::1"),
    }


@pytest.mark.parametrize(
    ("hosts", "common"),
    [
        (("localhost",), "localhost"),
        (("a" * 63 + ".example.jp", "localhost"), "localhost"),
        (("localhost", "tenshu.example.jp"), "tenshu.example.jp"),
    ],
)
def test_the_subject_is_one_of_the_names_and_of_a_length_that_it_may_have(hosts, common):
    assert Names(hosts, ()).common() == common


def test_a_client_that_trusts_the_authority_trusts_the_planes_and_a_strict_one_too(
    settings, keyring
):
    ensure_certificates(settings, keyring)
    trusting = ssl.create_default_context(cafile=settings.tls / AUTHORITY)
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = Folder(settings.data).own
    serving.load_cert_chain(own.chain, own.key)
    for name in ("localhost", "127.0.0.1", "keep.example"):
        _shake_hands(trusting, serving, name)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"bank\.example"):
        _shake_hands(trusting, serving, "bank.example")


def _shake_hands(trusting: ssl.SSLContext, serving: ssl.SSLContext, name: str) -> None:
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(back, there, server_hostname=name)
    server = serving.wrap_bio(there, back, server_side=True)
    unfinished = [client, server, client, server]
    for side in unfinished:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.version() == "TLSv1.3"


def test_the_authority_cannot_vouch_for_the_rest_of_the_web(settings, keyring):
    ensure_certificates(settings, keyring)
    authority = load_certificate(settings.tls / AUTHORITY)
    assert authority is not None
    key = kept_key(keyring, certificates.KEPT_AS, settings.tls / AUTHORITY)
    forged_key = ec.generate_private_key(ec.SECP256R1())
    names = names_of(_with_names(settings, "bank.example"))
    forged = certificates._make_leaf(forged_key, key, authority, names)
    write_durably(settings.tls / "forged.key", key_pem(forged_key))
    write_durably(settings.tls / "forged.pem", certificates._pem(forged))
    trusting = ssl.create_default_context(cafile=settings.tls / AUTHORITY)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(settings.tls / "forged.pem", settings.tls / "forged.key")
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        _shake_hands(trusting, serving, "bank.example")


def test_the_fingerprint_stays_the_same_over_restarts_and_is_written_in_pairs(settings, keyring):
    first = fingerprint(ensure_certificates(settings, keyring))
    assert first == fingerprint(ensure_certificates(settings, KeyRing.load(settings.keys)))
    assert len(first.split(":")) == 32
    assert first == first.upper()


def test_the_certificate_is_renewed_when_two_thirds_of_its_life_are_over_V11(settings, keyring):
    first = ensure_certificates(settings, keyring)
    today = dt.datetime.now(dt.UTC)
    with freeze_time(today + dt.timedelta(days=243)):
        assert ensure_certificates(settings, keyring) == first
    with freeze_time(today + dt.timedelta(days=244)):
        renewed = ensure_certificates(settings, keyring)
    assert renewed != first
    assert renewed.issuer == first.issuer


def test_a_new_public_name_gives_a_new_certificate_under_the_same_authority_key(settings, keyring):
    ensure_certificates(settings, keyring)
    before = load_certificate(settings.tls / AUTHORITY)
    more = _with_names(settings, "keep.example,tenshu.example.co.jp,203.0.113.7")
    leaf = ensure_certificates(more, keyring)
    after = load_certificate(settings.tls / AUTHORITY)
    assert before is not None
    assert after is not None
    assert after != before
    assert after.public_key() == before.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "tenshu.example.co.jp" in names.get_values_for_type(x509.DNSName)


def test_a_new_private_name_keeps_the_authority_that_people_trust(settings, keyring):
    first = ensure_certificates(settings, keyring)
    before = load_certificate(settings.tls / AUTHORITY)
    second = ensure_certificates(_with_names(settings, "keep.example,keep.internal"), keyring)
    assert second != first
    assert load_certificate(settings.tls / AUTHORITY) == before


@pytest.mark.parametrize(
    ("file", "content"),
    [("key", b"not a key"), ("chain", b"not a certificate"), ("authority", b"")],
)
def test_a_damaged_file_is_made_anew(settings, keyring, file, content):
    ensure_certificates(settings, keyring)
    own = Folder(settings.data).own
    files = {"key": own.key, "chain": own.chain, "authority": settings.tls / AUTHORITY}
    files[file].write_bytes(content)
    leaf = ensure_certificates(settings, keyring)
    authority = load_certificate(settings.tls / AUTHORITY)
    assert authority is not None
    leaf.verify_directly_issued_by(authority)
    assert load_certificate(Folder(settings.data).own.chain) == leaf


def test_a_lost_key_or_a_foreign_authority_gives_a_new_certificate(settings, keyring):
    first = ensure_certificates(settings, keyring)
    Folder(settings.data).own.key.unlink()
    second = ensure_certificates(settings, keyring)
    assert second != first
    new_key(keyring, certificates.KEPT_AS)
    third = ensure_certificates(settings, keyring)
    assert third.issuer != second.issuer


@pytest.mark.parametrize("damage", ["damaged", None])
def test_a_damaged_or_lost_key_of_the_authority_is_told_and_changes_nothing_V11(
    settings, keyring, damage
):
    ensure_certificates(settings, keyring)
    before = {path: path.read_bytes() for path in settings.tls.rglob("*") if path.is_file()}
    if damage:
        keyring.keep(certificates.KEPT_AS, Secret(damage))
    else:
        keyring.forget(certificates.KEPT_AS)
    with pytest.raises(AuthorityKeyUnusable):
        ensure_certificates(settings, keyring)
    assert before == {path: path.read_bytes() for path in settings.tls.rglob("*") if path.is_file()}


def test_the_key_of_the_authority_is_not_in_the_data_folder_F13(settings, keyring):
    ensure_certificates(settings, keyring)
    kept = keyring.named(certificates.KEPT_AS)
    assert kept is not None
    body = kept.reveal().splitlines()[1].encode()
    for path in settings.data.rglob("*"):
        assert not path.is_file() or body not in path.read_bytes()
    key = Folder(settings.data).own.key
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes().startswith(b"-----BEGIN PRIVATE KEY")


def test_the_authority_is_renewed_with_its_key_before_a_certificate_could_outlive_it_V11(
    settings, keyring
):
    ensure_certificates(settings, keyring)
    before = load_certificate(settings.tls / AUTHORITY)
    with freeze_time(before.not_valid_after_utc - dt.timedelta(days=364)):
        leaf = ensure_certificates(settings, keyring)
    after = load_certificate(settings.tls / AUTHORITY)
    assert leaf.not_valid_after_utc <= after.not_valid_after_utc
    assert (after.subject, after.public_key()) == (before.subject, before.public_key())
    leaf.verify_directly_issued_by(before)


def test_its_key_is_laid_out_for_the_agent_alone_and_again_where_it_is_another_F13(
    settings, keyring
):
    ensure_certificates(settings, keyring)
    path = laid_out_key(settings.keys)
    kept = keyring.named(certificates.KEPT_AS)
    assert path.read_text() == kept.reveal()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("of another ring")
    ensure_certificates(settings, keyring)
    assert path.read_text() == kept.reveal()


def test_what_an_earlier_version_kept_is_shown_until_it_is_renewed_V11(settings, keyring):
    first = ensure_certificates(settings, keyring)
    folder = Folder(settings.data)
    folder.own.chain.rename(folder.earlier.chain)
    shutil.copy(folder.own.key, folder.earlier.key)
    shutil.rmtree(folder.path)
    assert ensure_certificates(settings, keyring) == first
    folder.earlier.key.unlink()
    assert ensure_certificates(settings, keyring) != first
    assert not folder.earlier.chain.exists()
    assert list(folder.names()) == [], "the own one is none of those that were brought in"


def test_an_unspecified_address_is_no_name(settings):
    every = load_settings({"TENSHU_DATA": str(settings.data), "TENSHU_ADDRESS": "0.0.0.0"})
    names = names_of(every, machine="Keep.")
    assert names.hosts == ("keep", "localhost")
    assert [str(address) for address in names.addresses] == ["127.0.0.1", "::1"]


def test_a_name_that_is_none_is_refused_and_japanese_names_are_encoded(settings):
    for wrong in ("a..b", "with blank", "x" * 64, "-a"):
        with pytest.raises(InvalidSetting, match="TENSHU_HOST_NAMES"):
            names_of(_with_names(settings, wrong))
    names = names_of(_with_names(settings, "天守.example,*.keep.example"), machine="a b")
    assert names.hosts == ("*.keep.example", "localhost", "xn--rss08c.example")
    assert names.hosts[2].encode().decode("idna") == "天守.example"
    assert x509.DNSName("keep.example") in names.permitted()
