"""A certificate authority of a test, and what it signs: servers and clients on loopback."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOUR = dt.timedelta(hours=1)
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """Signs for one test."""

    def __init__(
        self,
        folder: Path,
        name: str = "Test authority",
        begins: dt.timedelta = -HOUR,
        ends: dt.timedelta = 24 * HOUR,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            _builder(self._name, self._name, self._key.public_key(), begins, ends)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(sign=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        self.pem = made.public_bytes(serialization.Encoding.PEM).decode()
        self.path = folder / "authority.pem"
        self.path.write_text(self.pem)

    def issue(
        self,
        name: str,
        *hosts: str,
        begins: dt.timedelta = -HOUR,
        ends: dt.timedelta = 24 * HOUR,
        uses: Sequence[x509.ObjectIdentifier] = BOTH,
    ) -> Pair:
        """Return a certificate for these host names and addresses, good for server and client.

        It begins and ends at these times from now on.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = (
            _builder(subject, self._name, key.public_key(), begins, ends)
            .add_extension(_usage(sign=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(signer, critical=False)
        )
        names = [_name(host) for host in hosts or ("localhost", "127.0.0.1")]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        pair = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        signed = made.sign(self._key, hashes.SHA256())
        pair.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        pair.key.write_bytes(_pem(key))
        return pair

    def sign(self, asked: x509.CertificateSigningRequest) -> bytes:
        """Answer a signing request, with the names that it asks for."""
        names = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        made = (
            _builder(asked.subject, self._name, asked.public_key())
            .add_extension(x509.ExtendedKeyUsage(BOTH), critical=False)
            .add_extension(names, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """Return the authority's own key."""
        return _pem(self._key)

    def revoke(self, *pairs: Pair) -> Path:
        """Return the list of what is revoked, as a file."""
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(now - HOUR)
            .next_update(now + 24 * HOUR)
        )
        for pair in pairs:
            certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
            one = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number)
            made = made.add_revoked_certificate(one.revocation_date(now - HOUR).build())
        path = self.folder / "revoked.crl"
        signed = made.sign(self._key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return path


def _builder(
    subject, issuer, key, begins: dt.timedelta = -HOUR, ends: dt.timedelta = 24 * HOUR
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=sign, crl_sign=sign,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
