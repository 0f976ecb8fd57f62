"""What is told of certificates: each as it stands now, and what the planes show."""

import datetime as dt
from collections.abc import Iterator

import msgspec

from appliance.certificates.happenings import Happenings
from appliance.certificates.renewing import next_attempt, told_state
from appliance.contract.certificates.binding import withheld
from appliance.contract.certificates.chain import (
    called,
    fingerprint,
    issuers_of,
    key_kind,
    names_of,
)
from appliance.contract.certificates.folder import (
    PLANES,
    Condition,
    Folder,
    Origin,
    Shown,
)
from appliance.contract.certificates.state import (
    AcmeView,
    Certificates,
    CertificateView,
    PlaneView,
    Withheld,
)
from appliance.contract.configuration.checking_certificates import acme_names
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.services import OWN, Hsts


def view(folder: Folder, name: str, now: dt.datetime) -> CertificateView:
    """Return one certificate as it stands."""
    found, record = folder.examine(name, now), folder.record(name)
    request = folder.path / name / "request.pem"
    waits = found.condition is Condition.waiting and request.exists()
    told = CertificateView(
        name=name,
        condition=found.condition,
        origin=record.origin if record else Origin.own,
        made_at=record.made_at if record else 0,
        account=record.account if record else "",
        before=record.before if record else "",
        request=request.read_text("ascii") if waits else "",
    )
    if found.chain is None:
        return told
    leaf = found.chain.leaf
    return msgspec.structs.replace(
        told,
        subject=called(leaf.subject),
        issuers=tuple(issuers_of(found.chain)),
        names=names_of(leaf),
        begins_at=_milliseconds(leaf.not_valid_before_utc),
        ends_at=_milliseconds(leaf.not_valid_after_utc),
        fingerprint=fingerprint(leaf),
        key=key_kind(leaf),
        trusted=found.chain.trusted,
    )


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp()) * 1000


def by_document(
    folder: Folder, document: Document, own_names: tuple[str, ...], now: dt.datetime
) -> Certificates:
    """Return all certificates of a machine whose document says what is shown."""
    return Certificates(
        items=_items(folder, now),
        planes=shown_by(folder, document, now),
        own_names=own_names,
        by_document=True,
        hsts=_hsts(folder, document, now),
        acme=_acme(folder, document, now),
        happenings=Happenings(folder).newest(),
    )


def shown_by(folder: Folder, document: Document, now: dt.datetime) -> tuple[PlaneView, ...]:
    """Return what each plane shows by a document."""
    return planes_of(folder, _wanted(document), now)


def _wanted(document: Document) -> Shown:
    found = document.certificates
    return Shown(console=found.console, workspace=found.workspace)


def planes_of(folder: Folder, shown: Shown, now: dt.datetime) -> tuple[PlaneView, ...]:
    """Return what each plane shows by these."""
    return tuple(_planes(folder, shown, now))


def without_edge(folder: Folder, own_names: tuple[str, ...], now: dt.datetime) -> Certificates:
    """Return all certificates of a copy without an edge; its planes follow by themselves."""
    return Certificates(
        items=_items(folder, now),
        planes=planes_of(folder, folder.shown(), now),
        own_names=own_names,
        by_document=False,
        hsts=withheld(folder, folder.shown(), now),
        happenings=Happenings(folder).newest(),
    )


def _items(folder: Folder, now: dt.datetime) -> tuple[CertificateView, ...]:
    return tuple(view(folder, name, now) for name in (OWN, *folder.names()))


def _planes(folder: Folder, wanted: Shown, now: dt.datetime) -> Iterator[PlaneView]:
    for plane in PLANES:
        name: str = getattr(wanted, plane)
        found = folder.examine(name, now)
        yield PlaneView(
            plane=plane,
            wanted=name,
            shown=name if found.condition is Condition.good else OWN,
            condition=found.condition,
        )


def _acme(folder: Folder, document: Document, now: dt.datetime) -> AcmeView | None:
    following = next_attempt(folder, document, now)
    if following is None:
        return None
    state = told_state(folder)
    return AcmeView(
        directory=document.certificates.acme.directory,
        names=acme_names(document),
        next_at=_milliseconds(following),
        failures=state.failures,
        reason=state.reason if state.failures else "",
        at=state.at,
    )


def _hsts(folder: Folder, document: Document, now: dt.datetime) -> Withheld:
    if document.certificates.hsts is Hsts.OFF:
        return Withheld.off
    return withheld(folder, _wanted(document), now)
