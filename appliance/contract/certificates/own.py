"""The appliance's own certificate: where its authority is laid out, and how it is put in use.

The start makes it (`app.start.certificates`); the agent renews it while the appliance runs.
"""

import datetime as dt
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.contract.certificates.chain import Chain, renewal_of
from appliance.contract.certificates.folder import Folder, Origin, Record
from appliance.contract.certificates.pairs import keep_pair
from appliance.contract.configuration.services import OWN

AUTHORITY: Final = "authority.pem"
"""The authority's certificate, in the folder of certificates: whom people trust."""
AUTHORITY_KEY: Final = "certificate-authority.key"
"""The authority's key, in the folder of keys, for the agent alone. Its home is the key ring."""


def keep_own(
    folder: Folder,
    leaf: x509.Certificate,
    authority: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
) -> None:
    """Put another own certificate in use."""
    known = folder.record(OWN)
    made_at = int(now.timestamp()) * 1000
    record = Record(
        origin=Origin.own, made_at=made_at, account="", pair=known.pair if known else ""
    )
    keep_pair(folder, OWN, record, Chain((leaf, authority), trusted=False), key)
    for path in (folder.earlier.chain, folder.earlier.key):
        path.unlink(missing_ok=True)


def is_due(leaf: x509.Certificate, now: dt.datetime) -> bool:
    """Tell whether two thirds of a life are over; or it has not begun, by a clock that was put."""
    begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return not begins <= now < renewal_of(begins, ends)


def laid_out_key(keys: Path) -> Path:
    """Return where the authority's key lies for the agent."""
    return keys / AUTHORITY_KEY
