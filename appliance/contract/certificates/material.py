"""Certificates and keys out of the files that people have: PEM, DER, PKCS#7, PKCS#8, SEC1, PKCS#12.

Pure. Runs where files from outside are read, on the side without privileges; the agent is sent
nothing but PEM with a key in PKCS#8, and reads it by the same functions.
"""

import base64
import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificatePublicKeyTypes,
    PrivateKeyTypes,
)
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

from appliance.contract.certificates.errors import (
    IsARequest,
    KeyUnreadable,
    NoCertificate,
    OutdatedEncryption,
    PasswordMissing,
    PasswordWrong,
)
from appliance.contract.secret import Secret

_PEM: Final = b"-----BEGIN "
_PUBLIC: Final = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
MOST: Final = 20
"""Certificates of one file: a chain has three or four."""
_BLOCK: Final = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]{1,40})-----[\x09-\x7e]{1,65536}?-----END \1-----"
)
_PKCS12: Final = re.compile(rb"(?s)\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...)\x02\x01\x03")
"""How a PFX begins: a sequence whose first member is the version 3 (RFC 7292, 4)."""


class Found(msgspec.Struct):
    """What was found in files."""

    certificates: list[x509.Certificate] = []
    keys: list[PrivateKeyTypes] = []


def read_files(chain: bytes, key: bytes, password: Secret) -> Found:
    """Return certificates and keys of both files: one of them may hold everything.

    Raise NoCertificate, IsARequest, KeyUnreadable, OutdatedEncryption, PasswordMissing or
    PasswordWrong.
    """
    found = Found()
    _read(chain, password, found)
    if not found.certificates and not key:
        raise NoCertificate
    if key:
        before = len(found.keys)
        _read(key, password, found)
        if len(found.keys) == before:
            raise KeyUnreadable
    if not found.certificates:
        raise NoCertificate
    return found


def text_of(data: bytes) -> Secret:
    """Return a file as text: PEM as it is, everything else as Base64."""
    if _PEM in data:
        return Secret(data.decode("latin-1"))
    return Secret(base64.b64encode(data).decode())


def bytes_of(text: Secret) -> bytes:
    """Return what `text_of` was given; nothing of a text that is neither."""
    told = text.reveal()
    if _PEM.decode() in told:
        return told.encode("latin-1", "replace")
    try:
        return base64.b64decode("".join(told.split()), validate=True)
    except ValueError:
        return told.encode("latin-1", "replace")


def canonical(found: Found) -> tuple[str, Secret]:
    """Return certificates and key as the agent takes them: PEM, the key in PKCS#8."""
    pem = serialization.Encoding.PEM
    chain = "".join(one.public_bytes(pem).decode() for one in found.certificates)
    if not found.keys:
        return chain, Secret("")
    own = [one.public_bytes(*_PUBLIC) for one in _public_keys(found.certificates)]
    fitting = [key for key in found.keys if key.public_key().public_bytes(*_PUBLIC) in own]
    key = (fitting or found.keys)[0]
    form = serialization.PrivateFormat.PKCS8
    return chain, Secret(key.private_bytes(pem, form, serialization.NoEncryption()).decode())


def _public_keys(certificates: list[x509.Certificate]) -> Iterator[CertificatePublicKeyTypes]:
    for one in certificates:
        with contextlib.suppress(ValueError, UnsupportedAlgorithm):
            yield one.public_key()


def _read(data: bytes, password: Secret, found: Found) -> None:
    if _PEM in data:
        for block in _BLOCK.finditer(data):
            _read_pem(block[1].decode(), block[0], password, found)
    elif _PKCS12.match(data):
        _read_pkcs12(data, password, found)
    elif data:
        _read_der(data, password, found)
    if len(found.certificates) > MOST:
        raise NoCertificate


def _read_pem(label: str, pem: bytes, password: Secret, found: Found) -> None:
    if label.endswith("CERTIFICATE REQUEST"):
        raise IsARequest
    if label.endswith("PRIVATE KEY"):
        found.keys.append(_open(serialization.load_pem_private_key, pem, password))
    elif label in ("CERTIFICATE", "X509 CERTIFICATE"):
        plain = pem.replace(b"X509 CERTIFICATE", b"CERTIFICATE")
        found.certificates += _certificates(x509.load_pem_x509_certificates, plain)
    elif label == "PKCS7":
        found.certificates += _certificates(pkcs7.load_pem_pkcs7_certificates, pem)


def _read_der(data: bytes, password: Secret, found: Found) -> None:
    for load in (lambda der: [x509.load_der_x509_certificate(der)],
                 pkcs7.load_der_pkcs7_certificates):  # fmt: skip
        if certificates := list(_certificates(load, data)):
            found.certificates += certificates
            return
    try:
        found.keys.append(_open(serialization.load_der_private_key, data, password))
    except KeyUnreadable:
        return  # neither: whoever asked says what was needed


def _certificates(
    load: Callable[[bytes], list[x509.Certificate]], data: bytes
) -> Iterator[x509.Certificate]:
    try:
        yield from load(data)
    except (ValueError, UnsupportedAlgorithm):
        return


def _open(load: Callable[..., PrivateKeyTypes], data: bytes, password: Secret) -> PrivateKeyTypes:
    try:
        try:
            return load(data, password=None)
        except TypeError:  # it is encrypted
            if not password.reveal():
                raise PasswordMissing from None
        return load(data, password=password.reveal().encode())
    except UnsupportedAlgorithm:
        raise OutdatedEncryption from None
    except (ValueError, TypeError) as error:
        encrypted = b"ENCRYPTED" in data or "decrypt" in str(error).lower()
        raise (PasswordWrong if encrypted and password.reveal() else KeyUnreadable) from None


def _read_pkcs12(data: bytes, password: Secret, found: Found) -> None:
    typed = password.reveal()
    try:
        opened = pkcs12.load_pkcs12(data, typed.encode() or None)
    except UnsupportedAlgorithm:
        raise OutdatedEncryption from None
    except (ValueError, TypeError):
        raise (PasswordWrong if typed else PasswordMissing) from None
    if opened.key is not None:
        found.keys.append(opened.key)
    held = (opened.cert, *opened.additional_certs)
    found.certificates += [one.certificate for one in held if one is not None]
