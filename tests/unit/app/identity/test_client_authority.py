"""The authority for clients, what it signs, and what it takes back (F3)."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.core.clock import DAY
from app.core.secret import Secret
from app.core.signing import AuthorityKeyUnusable
from app.identity import client_authority, client_bundles
from app.identity.client_authority import CERTIFICATE, KEPT_AS, REVOKED

NOW = 1_795_224_000_000


@pytest.fixture
def settings(appliance):
    appliance.settings.clients.mkdir(exist_ok=True, parents=True)
    return appliance.settings


@pytest.fixture
def authority(appliance, settings):
    return client_authority.ensure_authority(settings, appliance.keyring, NOW)


def test_it_is_made_once_and_renewed_with_the_same_key_before_it_ends_F3(
    appliance, settings, authority
):
    again = client_authority.ensure_authority(settings, appliance.keyring, NOW + 1000 * DAY)
    assert again.certificate == authority.certificate
    late = NOW + (client_authority.AUTHORITY_DAYS - client_authority.LONGEST_DAYS) * DAY
    renewed = client_authority.ensure_authority(settings, appliance.keyring, late)
    assert renewed.certificate != authority.certificate
    assert renewed.certificate.subject == authority.certificate.subject
    old = client_authority.issue(authority, "hanako", "laptop", 30, late)
    old.certificate.verify_directly_issued_by(renewed.certificate)


@pytest.mark.parametrize("damage", ["", "no certificate"])
def test_a_lost_certificate_of_it_is_made_anew_and_vouches_for_what_was_issued_F3(
    appliance, settings, authority, damage
):
    issued = client_authority.issue(authority, "hanako", "laptop", 30, NOW)
    path = settings.clients / CERTIFICATE
    path.write_text(damage) if damage else path.unlink()
    again = client_authority.ensure_authority(settings, appliance.keyring, NOW)
    issued.certificate.verify_directly_issued_by(again.certificate)


def test_a_key_that_is_none_of_its_kind_is_told_and_ends_no_certificate_F3(
    appliance, settings, authority
):
    other = ed25519.Ed25519PrivateKey.generate()
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    appliance.keyring.keep(KEPT_AS, Secret(pem.decode()))
    before = (settings.clients / CERTIFICATE).read_bytes()
    with pytest.raises(AuthorityKeyUnusable, match=KEPT_AS):
        client_authority.ensure_authority(settings, appliance.keyring, NOW)
    assert (settings.clients / CERTIFICATE).read_bytes() == before


def test_what_it_signs_is_good_for_one_client_and_nothing_else_F3(authority):
    issued = client_authority.issue(authority, "hanako", "営業部ノートPC 12", 30, NOW)
    found = issued.certificate
    assert "営業部ノートPC 12" in found.subject.rfc4514_string()
    extensions = found.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert uses.critical
    assert list(uses.value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    own = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (own.ca, own.path_length) == (True, 0)
    assert int(issued.serial, 16) == found.serial_number
    assert len(issued.fingerprint) == 64


def test_the_list_names_what_is_revoked_and_holds_for_thirty_days_F3(settings, authority):
    one = client_authority.issue(authority, "hanako", "laptop", 30, NOW)
    other = client_authority.issue(authority, "hanako", "phone", 30, NOW)
    client_authority.write_list(settings, authority, [(one.serial, NOW)], NOW)
    found = x509.load_pem_x509_crl((settings.clients / REVOKED).read_bytes())
    assert found.is_signature_valid(authority.key.public_key())
    assert found.get_revoked_certificate_by_serial_number(one.certificate.serial_number)
    assert not found.get_revoked_certificate_by_serial_number(other.certificate.serial_number)
    assert found.next_update_utc is not None
    assert (found.next_update_utc - found.last_update_utc).days == client_authority.LIST_DAYS


def test_its_file_opens_with_its_password_alone_and_is_encrypted_as_today_F3(authority):
    issued = client_authority.issue(authority, "hanako", "laptop", 30, NOW)
    password = client_bundles.new_password()
    assert password.reveal() != client_bundles.new_password().reveal()
    content = client_bundles.bundle(issued, authority.certificate, "hanako laptop", password)
    key, certificate, above = pkcs12.load_key_and_certificates(content, password.reveal().encode())
    assert certificate == issued.certificate
    assert key is not None
    assert above == [authority.certificate]
    aes_256_cbc = bytes.fromhex("060960864801650304012a")
    triple_des = bytes.fromhex("060a2a864886f70d010c0103")
    assert aes_256_cbc in content
    assert triple_des not in content
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_key_and_certificates(content, b"guess")
