"""Where certificates lie, and which one a plane can show now: for agent, edge and planes alike.

<data>/tls/certificates/own/                    the appliance's own, kept as all others
<data>/tls/certificates/NAME/record.json        where it came from, which pair is in use
<data>/tls/certificates/NAME/request.{pem,key}  a signing request that waits for its answer
<data>/tls/certificates/NAME/ID.{pem,key}       a chain and its key (mode 0600)
<data>/tls/shown.json                           what the planes show where no document says it
<data>/tls/server.{pem,key}                     the own one, as an earlier version kept it
"""

import datetime as dt
import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from msgspec import Meta

from appliance.contract.certificates.chain import (
    Chain,
    build,
    check,
    fingerprint,
    pick_leaf,
)
from appliance.contract.certificates.errors import CertificateProblem, Expired, NotYetValid
from appliance.contract.configuration.services import OWN

PLANES: Final = ("console", "workspace")


class Origin(enum.StrEnum):
    """Where a certificate came from."""

    own = "own"
    uploaded = "uploaded"
    requested = "requested"
    acme = "acme"


class Condition(enum.StrEnum):
    """Whether a certificate can be shown."""

    good = "good"
    expired = "expired"
    not_yet_valid = "not_yet_valid"
    broken = "broken"
    """Its files cannot be read, do not fit each other, or are not good enough."""
    waiting = "waiting"
    """Its request has no answer yet."""
    missing = "missing"
    """There is none of this name."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is written down of a certificate."""

    origin: Origin
    made_at: Annotated[int, Meta(description="When it was brought in or asked for")]
    account: str
    """Identifier of who did."""
    pair: str = ""
    """Which files are in use; none while a request waits."""
    before: str = ""
    """Those that were in use before."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What each plane shows where no document says it."""

    console: str = OWN
    workspace: str = OWN


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a chain and its key."""

    chain: Path
    key: Path


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as it stands at some moment."""

    condition: Condition
    pair: Pair | None = None
    chain: Chain | None = None
    """Also of one that cannot be shown, where it can be read."""


class Folder:
    """The certificates of one data folder."""

    def __init__(self, data: Path) -> None:
        self.tls = data / "tls"
        self.path = self.tls / "certificates"

    @property
    def own(self) -> Pair:
        """The appliance's own certificate."""
        record = self.record(OWN)
        return self.pair(OWN, record.pair) if record and record.pair else self.earlier

    @property
    def earlier(self) -> Pair:
        """Where an earlier version kept the own certificate, in two files that it wrote anew."""
        return Pair(chain=self.tls / "server.pem", key=self.tls / "server.key")

    def names(self) -> Iterator[str]:
        """Yield the names of all certificates but the own one."""
        for path in sorted(self.path.glob("*/record.json")):
            if path.parent.name != OWN:
                yield path.parent.name

    def usable(self) -> Iterator[str]:
        """Yield the names of those that a plane may be told to show."""
        for name in self.names():
            record = self.record(name)
            if record and record.pair:
                yield name

    def record(self, name: str) -> Record | None:
        """Return what is written down of a certificate; none where there is none, or no sense."""
        try:
            return msgspec.json.decode((self.path / name / "record.json").read_bytes(), type=Record)
        except (OSError, msgspec.MsgspecError):
            return None

    def pair(self, name: str, identifier: str) -> Pair:
        """Return where the files of a pair lie."""
        folder = self.path / name
        return Pair(chain=folder / f"{identifier}.pem", key=folder / f"{identifier}.key")

    def examine(self, name: str, now: dt.datetime) -> Examined:
        """Return how a certificate stands. Raise nothing, whatever its files are."""
        if name == OWN:
            return _examine(self.own, now)
        record = self.record(name)
        if record is None:
            return Examined(condition=Condition.missing)
        if not record.pair:
            return Examined(condition=Condition.waiting)
        return _examine(self.pair(name, record.pair), now)

    def shown(self) -> Shown:
        """Return what the planes show where no document says it."""
        try:
            return msgspec.json.decode((self.tls / "shown.json").read_bytes(), type=Shown)
        except (OSError, msgspec.MsgspecError):
            return Shown()

    def pair_for(self, plane: str, now: dt.datetime) -> Pair:
        """Return what a plane without an edge shows: the own one where the other cannot be."""
        found = self.examine(getattr(self.shown(), plane), now)
        good = found.condition is Condition.good
        return found.pair if good and found.pair else self.own


def _examine(pair: Pair, now: dt.datetime) -> Examined:
    chain = None
    try:
        certificates = x509.load_pem_x509_certificates(pair.chain.read_bytes())
        chain = _whole(certificates)
        key = serialization.load_pem_private_key(pair.key.read_bytes(), password=None)
        pick_leaf(certificates[:1], key)
        check(chain, now)
    except Expired:
        return Examined(condition=Condition.expired, pair=pair, chain=chain)
    except NotYetValid:
        return Examined(condition=Condition.not_yet_valid, pair=pair, chain=chain)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, CertificateProblem):
        return Examined(condition=Condition.broken, pair=pair, chain=chain)
    return Examined(condition=Condition.good, pair=pair, chain=chain)


def _whole(certificates: list[x509.Certificate]) -> Chain:
    """Return a chain that was whole when it was brought in; its root may have been left out."""
    try:
        found = build(certificates[0], certificates[1:])
    except CertificateProblem:
        return Chain(tuple(certificates), trusted=False)
    return found if found.trusted else Chain(tuple(certificates), trusted=False)


def identifier_of(chain: Chain) -> str:
    """Return what the files of a chain are called: the start of its fingerprint."""
    return fingerprint(chain.leaf).replace(":", "").lower()[:16]
