"""The authority and the certificate that people compare by its fingerprint."""

import datetime as dt
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from freezegun import freeze_time

from app.audit.durable import write_durably
from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.core.settings import InvalidSetting, Settings, load_settings
from app.core.signing import kept_key, key_pem
from app.start import certificates
from app.start.certificates import ensure_certificates, fingerprint, load_certificate
from app.start.names import Names, names_of


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
    trusting = ssl.create_default_context(cafile=settings.tls / certificates.AUTHORITY)
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(
        settings.tls / certificates.CERTIFICATE, settings.tls / certificates.KEY
    )
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
    authority = load_certificate(settings.tls / certificates.AUTHORITY)
    assert authority is not None
    key = kept_key(keyring, certificates.KEPT_AS)
    forged_key = ec.generate_private_key(ec.SECP256R1())
    forged = certificates._make_leaf(
        forged_key, key, authority, names_of(_with_names(settings, "bank.example"))
    )
    write_durably(settings.tls / "forged.key", key_pem(forged_key))
    write_durably(settings.tls / "forged.pem", certificates._pem(forged))
    trusting = ssl.create_default_context(cafile=settings.tls / certificates.AUTHORITY)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(settings.tls / "forged.pem", settings.tls / "forged.key")
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        _shake_hands(trusting, serving, "bank.example")


def test_the_fingerprint_stays_the_same_over_restarts_and_is_written_in_pairs(settings, keyring):
    first = fingerprint(ensure_certificates(settings, keyring))
    assert first == fingerprint(ensure_certificates(settings, KeyRing.load(settings.keys)))
    assert len(first.split(":")) == 32
    assert first == first.upper()


def test_the_certificate_is_renewed_when_less_than_thirty_days_are_left(settings, keyring):
    first = ensure_certificates(settings, keyring)
    today = dt.datetime.now(dt.UTC)
    with freeze_time(today + dt.timedelta(days=334)):
        assert ensure_certificates(settings, keyring) == first
    with freeze_time(today + dt.timedelta(days=340)):
        renewed = ensure_certificates(settings, keyring)
    assert renewed != first
    assert renewed.issuer == first.issuer


def test_a_new_public_name_gives_a_new_certificate_under_the_same_authority_key(settings, keyring):
    ensure_certificates(settings, keyring)
    before = load_certificate(settings.tls / certificates.AUTHORITY)
    more = _with_names(settings, "keep.example,tenshu.example.co.jp,203.0.113.7")
    leaf = ensure_certificates(more, keyring)
    after = load_certificate(settings.tls / certificates.AUTHORITY)
    assert before is not None
    assert after is not None
    assert after != before
    assert after.public_key() == before.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "tenshu.example.co.jp" in names.get_values_for_type(x509.DNSName)


def test_a_new_private_name_keeps_the_authority_that_people_trust(settings, keyring):
    first = ensure_certificates(settings, keyring)
    before = load_certificate(settings.tls / certificates.AUTHORITY)
    second = ensure_certificates(_with_names(settings, "keep.example,keep.internal"), keyring)
    assert second != first
    assert load_certificate(settings.tls / certificates.AUTHORITY) == before


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (certificates.KEY, b"not a key"),
        (certificates.CERTIFICATE, b"not a certificate"),
        (certificates.AUTHORITY, b""),
    ],
)
def test_a_damaged_file_is_made_anew(settings, keyring, file, content):
    ensure_certificates(settings, keyring)
    (settings.tls / file).write_bytes(content)
    leaf = ensure_certificates(settings, keyring)
    authority = load_certificate(settings.tls / certificates.AUTHORITY)
    assert authority is not None
    leaf.verify_directly_issued_by(authority)
    assert load_certificate(settings.tls / certificates.CERTIFICATE) == leaf


def test_a_lost_key_or_a_foreign_authority_gives_a_new_certificate(settings, keyring):
    first = ensure_certificates(settings, keyring)
    (settings.tls / certificates.KEY).unlink()
    second = ensure_certificates(settings, keyring)
    assert second != first
    keyring.keep(certificates.KEPT_AS, Secret("damaged"))
    third = ensure_certificates(settings, keyring)
    assert third.issuer != second.issuer


def test_the_key_of_the_authority_is_not_in_the_data_folder_F13(settings, keyring):
    ensure_certificates(settings, keyring)
    kept = keyring.named(certificates.KEPT_AS)
    assert kept is not None
    body = kept.reveal().splitlines()[1].encode()
    for path in settings.data.rglob("*"):
        assert not path.is_file() or body not in path.read_bytes()
    assert (settings.tls / certificates.KEY).stat().st_mode & 0o777 == 0o600
    assert (settings.tls / certificates.KEY).read_bytes().startswith(b"-----BEGIN PRIVATE KEY")


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
