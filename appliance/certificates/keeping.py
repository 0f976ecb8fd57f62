"""Certificates taken in, asked for, chosen and destroyed: every change of their folder.

A change is written so that a kill or a power cut leaves the old or the new
(`appliance.contract.certificates.pairs`).
"""

import datetime as dt
import shutil
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from appliance.certificates.names import fresh_name
from appliance.certificates.requesting import key_pem, make_key, make_request
from appliance.contract.certificates.chain import (
    Chain,
    build,
    check,
    names_of,
    pick_leaf,
    stands_for,
)
from appliance.contract.certificates.errors import (
    CertificateUnknown,
    KeyMissing,
    NamesDiffer,
    NotWaiting,
    TooManyCertificates,
)
from appliance.contract.certificates.folder import (
    Folder,
    Origin,
    Record,
    Shown,
)
from appliance.contract.certificates.material import read_files
from appliance.contract.certificates.pairs import keep_pair, made_folder, write_record
from appliance.contract.certificates.state import InstallCertificate, RequestCertificate
from appliance.contract.configuration.services import ACME, OWN
from appliance.contract.secret import Secret
from appliance.durable import sync_folder, write_whole
from appliance.records import now

MOST: Final = 50
TOLD: Final = 4
"""Names that an error lists."""


class Keeping:
    """What is done to the certificates of one data folder."""

    def __init__(self, data: Path) -> None:
        self.folder = Folder(data)

    def install(self, account: str, wanted: InstallCertificate, own_names: tuple[str, ...]) -> str:
        """Check a certificate and keep it; return what it is called.

        Raise a CertificateProblem, CertificateUnknown, NotWaiting or TooManyCertificates.
        """
        record = self._waiting(wanted.request) if wanted.request else None
        sent = wanted.key.reveal().encode()
        if record:
            sent = (self.folder.path / wanted.request / "request.key").read_bytes()
        elif not sent:
            raise KeyMissing
        else:
            self._require_room()
        found = read_files(wanted.chain.encode(), sent, Secret(""))
        key = found.keys[-1]
        chain = build(pick_leaf(found.certificates, key), found.certificates)
        moment = dt.datetime.now(dt.UTC)
        check(chain, moment)
        require_names(chain, own_names)
        name = wanted.request or fresh_name(
            names_of(chain.leaf), chain.leaf.not_valid_after_utc, {OWN, ACME, *self.folder.names()}
        )
        made = record or Record(origin=Origin.uploaded, made_at=now(), account=account)
        self.keep(name, made, chain, key)
        return name

    def keep(self, name: str, record: Record, chain: Chain, key: PrivateKeyTypes) -> None:
        """Write a pair down, and let it be the one in use; the one before stays beside."""
        keep_pair(self.folder, name, record, chain, key)
        folder = self.folder.path / name
        for path in (folder / "request.key", folder / "request.pem"):
            path.unlink(missing_ok=True)

    def request(self, account: str, wanted: RequestCertificate) -> str:
        """Make a key and a request for it; return what it is called. Raise TooManyCertificates."""
        self._require_room()
        moment = dt.datetime.now(dt.UTC)
        name = fresh_name(wanted.names, moment, {OWN, ACME, *self.folder.names()})
        folder = made_folder(self.folder, name)
        key = make_key(wanted.key)
        write_whole(folder / "request.key", key_pem(key))
        write_whole(folder / "request.pem", make_request(key, wanted), 0o644)
        write_record(
            self.folder, name, Record(origin=Origin.requested, made_at=now(), account=account)
        )
        return name

    def remove(self, name: str) -> None:
        """Destroy a certificate with its key. Raise CertificateUnknown."""
        if name not in set(self.folder.names()):
            raise CertificateUnknown(name=name)
        folder = self.folder.path / name
        (folder / "record.json").unlink()  # without it there is none of this name
        shutil.rmtree(folder)
        sync_folder(self.folder.path)

    def show(self, shown: Shown) -> None:
        """Choose what planes without an edge show. Raise CertificateUnknown or NotWaiting."""
        for name in (shown.console, shown.workspace):
            record = self.folder.record(name)
            if name != OWN and record is None:
                raise CertificateUnknown(name=name)
        write_whole(self.folder.tls / "shown.json", msgspec.json.encode(shown))

    def _waiting(self, name: str) -> Record:
        """Return the record of a request that waits; a text from outside is no path."""
        if name not in set(self.folder.names()):
            raise CertificateUnknown(name=name)
        record = self.folder.record(name)
        if record is None or record.pair or record.origin is not Origin.requested:
            raise NotWaiting(name=name)
        return record

    def _require_room(self) -> None:
        if len(list(self.folder.names())) >= MOST:
            raise TooManyCertificates(limit=MOST)


def require_names(chain: Chain, own_names: tuple[str, ...]) -> None:
    """Raise NamesDiffer where a certificate stands for none of the appliance's names."""
    names = names_of(chain.leaf)
    if not any(stands_for(names, own) for own in own_names):
        raise NamesDiffer(names=", ".join(names[:TOLD]), own=", ".join(own_names[:TOLD]) or "–")
