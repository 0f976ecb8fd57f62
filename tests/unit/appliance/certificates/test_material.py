"""Certificates and keys in every form that people have them in (V11)."""

import base64
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

from appliance.contract.certificates.errors import (
    IsARequest,
    KeyUnreadable,
    NoCertificate,
    PasswordMissing,
    PasswordWrong,
)
from appliance.contract.certificates.material import bytes_of, canonical, read_files, text_of
from appliance.contract.secret import Secret

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8 = serialization.PrivateFormat.PKCS8
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL
OPEN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"sesame")
NONE, SESAME = Secret(""), Secret("sesame")
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


def self_signed(key) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tenshu")])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


LEAF = self_signed(EC_KEY)
LEAF_PEM = LEAF.public_bytes(PEM)


@pytest.mark.parametrize(
    ("key", "form", "lock", "password"),
    [
        (EC_KEY, PKCS8, OPEN, NONE),
        (EC_KEY, TRADITIONAL, OPEN, NONE),
        (RSA_KEY, PKCS8, OPEN, NONE),
        (RSA_KEY, TRADITIONAL, OPEN, NONE),
        (EC_KEY, PKCS8, LOCKED, SESAME),
        (EC_KEY, TRADITIONAL, LOCKED, SESAME),
        (EC_KEY, PKCS8, OPEN, SESAME),
    ],
    ids=["PKCS#8 EC", "SEC1", "PKCS#8 RSA", "PKCS#1", "PKCS#8 locked", "SEC1 locked", "not needed"],
)
def test_a_key_is_read_in_every_form_V11(key, form, lock, password):
    found = read_files(LEAF_PEM, key.private_bytes(PEM, form, lock), password)
    assert found.keys[0].private_numbers() == key.private_numbers()


@pytest.mark.parametrize("lock", [OPEN, LOCKED])
def test_a_key_is_read_in_der_V11(lock):
    found = read_files(LEAF_PEM, EC_KEY.private_bytes(DER, PKCS8, lock), SESAME)
    assert found.keys[0].private_numbers() == EC_KEY.private_numbers()


@pytest.mark.parametrize(
    "chain",
    [
        LEAF_PEM,
        LEAF.public_bytes(DER),
        pkcs7.serialize_certificates([LEAF], PEM),
        pkcs7.serialize_certificates([LEAF], DER),
        LEAF_PEM.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
        b"subject=/CN=tenshu\r\n" + LEAF_PEM.replace(b"\n", b"\r\n"),
    ],
    ids=["PEM", "DER", "PKCS#7 PEM", "PKCS#7 DER", "old name", "told about, CRLF"],
)
def test_a_certificate_is_read_in_every_form_V11(chain):
    assert read_files(bytes_of(text_of(chain)), b"", NONE).certificates == [LEAF]


def bundle(lock) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"t", EC_KEY, LEAF, [self_signed(RSA_KEY)], lock)


@pytest.mark.parametrize(("lock", "password"), [(LOCKED, SESAME), (OPEN, NONE)])
def test_one_file_holds_everything_V11(lock, password):
    found = read_files(bytes_of(text_of(bundle(lock))), b"", password)
    assert len(found.certificates) == 2
    chain, key = canonical(found)
    assert chain.count("BEGIN CERTIFICATE") == 2
    assert key.reveal().startswith("-----BEGIN PRIVATE KEY-----")
    both = read_files(LEAF_PEM + EC_KEY.private_bytes(PEM, PKCS8, OPEN), b"", NONE)
    assert canonical(both)[1] == key


def test_of_several_keys_the_fitting_one_is_taken_V11():
    other = RSA_KEY.private_bytes(PEM, PKCS8, OPEN)
    found = read_files(LEAF_PEM, other + EC_KEY.private_bytes(PEM, PKCS8, OPEN), NONE)
    assert "BEGIN EC" not in canonical(found)[1].reveal()
    assert (
        read_files(LEAF_PEM, canonical(found)[1].reveal().encode(), NONE).keys[0].private_numbers()
        == EC_KEY.private_numbers()
    )
    assert canonical(read_files(LEAF_PEM, b"", NONE))[1].reveal() == ""


REQUEST = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(LEAF.subject)
    .sign(EC_KEY, hashes.SHA256())
    .public_bytes(PEM)
)
BROKEN = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = EC_KEY.private_bytes(PEM, PKCS8, OPEN)


@pytest.mark.parametrize(
    ("chain", "key", "password", "error"),
    [
        (b"", b"", NONE, NoCertificate),
        (b"nothing at all", b"", NONE, NoCertificate),
        (BROKEN, b"", NONE, NoCertificate),
        (b"", KEY, NONE, NoCertificate),
        (LEAF_PEM * 21, KEY, NONE, NoCertificate),
        (REQUEST, KEY, NONE, IsARequest),
        (LEAF_PEM, b"nothing at all", NONE, KeyUnreadable),
        (LEAF_PEM, LEAF_PEM, NONE, KeyUnreadable),
        (LEAF_PEM, BROKEN.replace(b"CERTIFICATE", b"PRIVATE KEY"), NONE, KeyUnreadable),
        (LEAF_PEM, EC_KEY.private_bytes(PEM, PKCS8, LOCKED), NONE, PasswordMissing),
        (LEAF_PEM, EC_KEY.private_bytes(PEM, PKCS8, LOCKED), Secret("x"), PasswordWrong),
        (LEAF_PEM, EC_KEY.private_bytes(PEM, TRADITIONAL, LOCKED), Secret("x"), PasswordWrong),
        (LEAF_PEM, EC_KEY.private_bytes(DER, PKCS8, LOCKED), NONE, PasswordMissing),
        (bundle(LOCKED), b"", NONE, PasswordMissing),
        (bundle(LOCKED), b"", Secret("x"), PasswordWrong),
    ],
)
def test_what_cannot_be_read_is_told_by_its_reason_V11(chain, key, password, error):
    with pytest.raises(error):
        read_files(chain, key, password)


def test_a_file_goes_through_a_text_unchanged_V11():
    for content in (b"\x00\xff\x30", LEAF_PEM, LEAF.public_bytes(DER)):
        assert bytes_of(text_of(content)) == content
    told = "no base64 and no PEM: ü"
    assert bytes_of(Secret(told)) == told.encode("latin-1")
    assert bytes_of(Secret(base64.encodebytes(b"lines" * 40).decode())) == b"lines" * 40
