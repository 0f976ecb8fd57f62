"""Client certificates of a running copy: issued as an administrator does it, and forged."""

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.identity.client_authority import KEPT_AS
from app.identity.operations import client_certificates as certificates
from app.operations.context import Actor, Appliance, Context, Plane
from tests.integration.authority import Pair
from tests.running import Copy

HOUR = dt.timedelta(hours=1)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)


@dataclass
class Signer:
    """Whoever signs: the copy's own authority for clients, or one that only says it is."""

    name: x509.Name
    key: Any
    above: tuple[x509.Certificate, ...] = ()
    """Certificates that go with what it signs."""

    @classmethod
    def of(cls, copy: Copy, file: str = "clients/clients.pem", kept_as: str = KEPT_AS) -> "Signer":
        """An authority of the copy itself: a test may open its key ring, and nobody else."""
        certificate = x509.load_pem_x509_certificate((copy.data / file).read_bytes())
        pem = KeyRing.load(load_settings(copy.environ).keys).named(kept_as)
        assert pem
        key = serialization.load_pem_private_key(pem.reveal().encode(), None)
        return cls(certificate.subject, key)

    def write_key(self, path: Path) -> Path:
        """Lay the key out for another program."""
        path.write_bytes(key_pem(self.key))
        return path

    def sign(
        self,
        folder: Path,
        name: str,
        *,
        key: Any = None,
        begins: dt.timedelta = -HOUR,
        ends: dt.timedelta = 24 * HOUR,
        uses: Sequence[x509.ObjectIdentifier] = CLIENT,
        usage: str = "digital_signature",
        ca: bool = False,
        serial: int = 0,
        algorithm: Any = None,
    ) -> Pair:
        """Return a certificate with its chain, and its key, as files."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usages = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
            False,
        )  # fmt: skip
        building = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**{**usages, usage: True}), critical=True)
        )
        if uses:
            building = building.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        signed = building.sign(self.key, algorithm or hashes.SHA256())
        pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
        chain = (signed, *self.above)
        pair.certificate.write_bytes(b"".join(map(pem_of, chain)))
        pair.key.write_bytes(key_pem(key))
        return pair

    def below(self, folder: Path, name: str, **more: Any) -> "Signer":
        """Return an authority of which this one has signed the certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        pair = self.sign(folder, name, key=key, ca=True, usage="key_cert_sign", uses=(), **more)
        found = x509.load_pem_x509_certificates(pair.certificate.read_bytes())
        return Signer(found[0].subject, key, tuple(found))


def stranger(name: x509.Name) -> Signer:
    """An authority of the same name with another key."""
    return Signer(name, ec.generate_private_key(ec.SECP256R1()))


def pem_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: Any) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def unpack(folder: Path, name: str, content: bytes, password: str) -> Pair:
    """Install a PKCS#12 file as a device would."""
    key, certificate, _ = pkcs12.load_key_and_certificates(content, password.encode())
    assert key is not None
    assert certificate is not None
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    pair.certificate.write_bytes(pem_of(certificate))
    pair.key.write_bytes(key_pem(key))
    return pair


@contextlib.contextmanager
def house_of(copy: Copy) -> Iterator[Context]:
    """The running copy as the machine's own console has it: `tenshu` does no more."""
    settings = load_settings(copy.environ)
    database = Database(settings.database_url)
    try:
        appliance = Appliance(settings, database, KeyRing.load(settings.keys))
        yield Context(appliance, actor=Actor(local=True), plane=Plane.LOCAL)
    finally:
        database.close()


def issue(house: Context, folder: Path, account: str, device: str) -> tuple[str, Pair]:
    """Issue a certificate, download its file, install it. Return its identifier and the files."""
    wanted = certificates.NewCertificate(account=account, device=device)
    made = certificates.issue_certificate(house, wanted)
    which = certificates.CertificateRef(certificate=made.certificate.id)
    content = b"".join(certificates.download_certificate(house, which).chunks)
    return made.certificate.id, unpack(folder, device, content, made.password.reveal())
