"""What may be meant and is risky: it is said, and has to be meant expressly."""

from collections.abc import Iterator

from appliance.contract.actions import Caller
from appliance.contract.certificates.folder import PLANES
from appliance.contract.configuration.access import Area
from appliance.contract.configuration.addresses import client
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.errors import CertificateNotShown, ExcludesYou
from appliance.contract.configuration.reaching import excludes
from appliance.contract.configuration.services import ACME
from appliance.contract.errors import ApplianceError
from appliance.machine.facts import Facts


def warnings(document: Document, caller: Caller) -> tuple[ApplianceError, ...]:
    """Return the risks of a document for the person who asks.

    Who asks on the machine itself has no address, and none to lose.
    """
    if client(caller.source) and Area.CONSOLE in excludes(document, caller.source):
        return (ExcludesYou(address=caller.source),)
    return ()


def certificate_warnings(
    before: Document, document: Document, facts: Facts
) -> Iterator[ApplianceError]:
    """Yield which newly chosen certificates cannot be shown as they stand."""
    for plane in PLANES:
        name: str = getattr(document.certificates, plane)
        if name == ACME:  # it is fetched when the document holds
            continue
        if name != getattr(before.certificates, plane) and name not in facts.certificates:
            yield CertificateNotShown(place=f"certificates.{plane}", name=name)
