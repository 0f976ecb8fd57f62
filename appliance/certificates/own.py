"""The own certificate renewed while the appliance runs: the same names, a new key, a later end.

Only what is there is said again, for a later time. Other names, and an authority that is allowed
them, are made by a start (`app.start.certificates`).
"""

import datetime as dt

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.contract.certificates.folder import Folder
from appliance.contract.certificates.own import AUTHORITY, is_due, keep_own, laid_out_key
from appliance.contract.configuration.services import OWN
from appliance.durable import write_whole
from appliance.place import Place

UNFIT = (OSError, ValueError, TypeError, InvalidSignature)
"""What files that are not there, damaged, or not of each other end in."""


class OwnNotRenewedError(Exception):
    """It is due and cannot be renewed. Why is the argument."""


def renew_own(place: Place, now: dt.datetime) -> bool:
    """Renew the own certificate where that is due; tell whether it was.

    Raise OwnNotRenewedError; then the one before is shown on.
    """
    folder = Folder(place.data)
    chain = folder.examine(OWN, now).chain
    if chain is None or not is_due(chain.leaf, now):
        return False
    try:
        signer = _signer(place)
        authority = _authority(folder, signer, chain.leaf, now)
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = again(chain.leaf, key.public_key(), signer, now)
        leaf.verify_directly_issued_by(authority)
        keep_own(folder, leaf, authority, key, now)
    except UNFIT as error:
        raise OwnNotRenewedError(str(error) or type(error).__name__) from error
    return True


def again(
    before: x509.Certificate,
    public: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
) -> x509.Certificate:
    """Return what a certificate says, said again from now on, for as long as before."""
    begins = now.replace(microsecond=0) - dt.timedelta(hours=1)  # for clocks that are a little late
    made = (
        x509.CertificateBuilder()
        .subject_name(before.subject)
        .issuer_name(before.issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + (before.not_valid_after_utc - before.not_valid_before_utc))
    )
    for one in before.extensions:
        of_the_key = isinstance(one.value, x509.SubjectKeyIdentifier)
        value = x509.SubjectKeyIdentifier.from_public_key(public) if of_the_key else one.value
        made = made.add_extension(value, critical=one.critical)
    return made.sign(signer, hashes.SHA256())


def _signer(place: Place) -> ec.EllipticCurvePrivateKey:
    pem = laid_out_key(place.keys).read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is none of ours")
    return key


def _authority(
    folder: Folder, signer: ec.EllipticCurvePrivateKey, leaf: x509.Certificate, now: dt.datetime
) -> x509.Certificate:
    """Return the authority; renewed, with the same key and name, where a leaf would outlive it.

    Or where it does not hold yet: made by a clock that was put since.
    """
    path = folder.tls / AUTHORITY
    found = x509.load_pem_x509_certificate(path.read_bytes())
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    if found.not_valid_before_utc <= now and found.not_valid_after_utc - now >= life:
        return found
    made = again(found, signer.public_key(), signer, now)
    write_whole(path, made.public_bytes(serialization.Encoding.PEM), 0o644)
    return made
