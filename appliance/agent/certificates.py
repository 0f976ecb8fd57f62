"""The actions on certificates: what is kept, and what the planes show of it."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import msgspec

from appliance.certificates import telling
from appliance.certificates.keeping import Keeping
from appliance.certificates.looking import fetch
from appliance.certificates.names import own_names
from appliance.contract.actions import Caller, Nothing
from appliance.contract.certificates import state
from appliance.contract.certificates.errors import (
    CertificateInUse,
    ChosenByTheDocument,
    FetchingFailed,
    NothingToFetch,
)
from appliance.contract.certificates.folder import Shown
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.services import ACME
from appliance.machine.applying import applying_at
from appliance.place import Place


class Certificates:
    """A method a line of `appliance.contract.certificates.table`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._applying = applying_at(place)
        self._keeping = Keeping(place.data)
        self.by_name: Final[dict[str, Callable[[Caller, Any], msgspec.Struct]]] = {
            "ListCertificates": lambda _caller, _request: self._told(),
            "RequestCertificate": self._request,
            "InstallCertificate": self._install,
            "ShowCertificates": self._show,
            "RenewCertificate": self._renew,
            "RemoveCertificate": self._remove,
        }

    def _told(self) -> state.Certificates:
        folder, now = self._keeping.folder, dt.datetime.now(dt.UTC)
        document = self._document()
        names = own_names(folder, document or Document())
        if document is None:
            return telling.without_edge(folder, names, now)
        return telling.by_document(folder, document, names, now)

    def _document(self) -> Document | None:
        """Return what holds; none where the machine is not this copy's own."""
        if self._applying is None:
            return None
        return self._applying.document(self._applying.versions.current())

    def _waiting_document(self) -> Document:
        """Return what is in effect and not confirmed yet; an empty one where nothing waits."""
        armed = self._applying.versions.armed() if self._applying else None
        return self._applying.document(armed.version) if self._applying and armed else Document()

    def _one(self, name: str) -> state.CertificateView:
        return telling.view(self._keeping.folder, name, dt.datetime.now(dt.UTC))

    def _request(self, caller: Caller, wanted: state.RequestCertificate) -> state.CertificateView:
        return self._one(self._keeping.request(caller.account, wanted))

    def _install(self, caller: Caller, wanted: state.InstallCertificate) -> state.CertificateView:
        names = own_names(self._keeping.folder, self._document() or Document())
        return self._one(self._keeping.install(caller.account, wanted, names))

    def _show(self, _caller: Caller, wanted: state.ShowCertificates) -> state.Certificates:
        if self._applying is not None:
            raise ChosenByTheDocument
        self._keeping.show(Shown(console=wanted.console, workspace=wanted.workspace))
        return self._told()

    def _renew(self, _caller: Caller, _request: Nothing) -> state.CertificateView:
        document = self._document()
        if self._applying is None or document is None or not document.certificates.acme.directory:
            raise NothingToFetch
        came = fetch(self._place, self._applying, document)
        if came.failures:
            raise FetchingFailed(reason=came.reason)
        return self._one(ACME)

    def _remove(self, _caller: Caller, request: state.OfCertificate) -> state.CertificateView:
        told = self._told()
        waits = self._waiting_document().certificates
        users = [
            one.plane
            for one in told.planes
            if request.name in (one.wanted, getattr(waits, one.plane))
        ]
        if users:
            raise CertificateInUse(name=request.name, planes=", ".join(users))
        one = self._one(request.name)
        self._keeping.remove(request.name)
        return one
