"""The look after certificates: what has ended gives way to the own one, what is due is renewed.

A look costs a few milliseconds, so there is one each minute and not one a day: nobody is left for
hours before a certificate that ended in the night.
"""

import datetime as dt
import logging
import threading
from typing import Final

from appliance.certificates import telling
from appliance.certificates.fetching import start_fetching
from appliance.certificates.happenings import Happenings
from appliance.certificates.own import OwnNotRenewedError, renew_own
from appliance.certificates.renewing import State, next_attempt
from appliance.contract.certificates.folder import Folder
from appliance.contract.certificates.state import Befell
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.errors import ApplyUnderWay
from appliance.contract.configuration.services import ACME, OWN
from appliance.contract.errors import ApplianceError
from appliance.machine.applying import Applying, applying_at
from appliance.machine.identity import doubt
from appliance.machine.plan.desired import Concern
from appliance.place import Place

LOG: Final = logging.getLogger("appliance.certificates")
PAUSE_SECONDS: Final = 60.0


def look(applying: Applying) -> None:
    """Let the edge show what can be shown now, and write down what that has changed."""
    try:
        applying.renew(Concern.EDGE)
    except ApplyUnderWay:
        return  # what is taken back or confirmed is planned by the facts of that moment
    except (ApplianceError, OSError):
        LOG.exception("the edge does not follow its certificates; trying again")
        return
    folder = applying.certificates
    document = applying.document(applying.versions.current())
    Happenings(folder).look(telling.shown_by(folder, document, dt.datetime.now(dt.UTC)))


def look_without_edge(folder: Folder) -> None:
    """Write down what has changed where the planes themselves follow (`app.web.following`)."""
    Happenings(folder).look(telling.planes_of(folder, folder.shown(), dt.datetime.now(dt.UTC)))


def look_after_own(place: Place) -> None:
    """Renew the own certificate where that is due, and write down how it went."""
    happenings = Happenings(Folder(place.data))
    try:
        if renew_own(place, dt.datetime.now(dt.UTC)):
            LOG.info("the own certificate is renewed")
            happenings.add(Befell.renewed, OWN)
    except OwnNotRenewedError as error:
        LOG.warning("the own certificate could not be renewed: %s", error)
        happenings.remind(Befell.not_renewed, OWN, reason=str(error))


def fetch(place: Place, applying: Applying, document: Document) -> State:
    """Fetch the certificate of the document's authority, and let the edge show it."""
    came = start_fetching(place, document)
    state = came.state
    if came.shared:
        return state  # whoever was first tells of it
    happenings = Happenings(applying.certificates)
    if state.failures:
        LOG.warning("the certificate could not be fetched: %s", state.reason)
        happenings.add(Befell.not_renewed, ACME, reason=state.reason)
    else:
        happenings.add(Befell.renewed, ACME)
        look(applying)
    return state


class Looking(threading.Thread):
    """Looks until it is stopped."""

    def __init__(self, place: Place, stop: threading.Event) -> None:
        super().__init__(name="certificates", daemon=True)
        self._place, self._stop_asked = place, stop

    def run(self) -> None:
        """Look at the start, then each minute; renew and fetch what is due."""
        applying = applying_at(self._place)
        while True:
            try:
                self._once(applying)
            except (ApplianceError, OSError):
                LOG.exception("certificates cannot be looked after; trying again")
            if self._stop_asked.wait(PAUSE_SECONDS):
                return

    def _once(self, applying: Applying | None) -> None:
        look_after_own(self._place)
        if applying is None:
            look_without_edge(Folder(self._place.data))
            return
        look(applying)
        if doubt(self._place):
            return  # a copy must not ask in another's name
        if applying.versions.armed() is not None:
            return  # whoever applies it may take it back
        document = applying.document(applying.versions.current())
        due = next_attempt(applying.certificates, document, dt.datetime.now(dt.UTC))
        if due is not None and due <= dt.datetime.now(dt.UTC):
            fetch(self._place, applying, document)
