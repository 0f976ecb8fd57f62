"""Which certificate each plane shows, and whether browsers may be held to it."""

from collections.abc import Collection, Iterator

from appliance.contract.certificates.folder import PLANES
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.problems import (
    ConfigurationProblem,
    HstsLocksOut,
    UnknownName,
)
from appliance.contract.configuration.services import OWN, Hsts


def certificate_problems(
    document: Document, known: Collection[str] | None
) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with `[certificates]`; `known` are those that the machine has.

    HSTS is of a name, whatever the port: it binds the console as well (RFC 6797, 8.2).
    """
    found = document.certificates
    names = None if known is None else {OWN, *known}
    for plane in PLANES:
        name: str = getattr(found, plane)
        if found.hsts is Hsts.ON and name == OWN:
            yield HstsLocksOut(place="certificates.hsts", value=f"certificates.{plane}")
        if names is not None and name not in names:
            yield UnknownName(
                place=f"certificates.{plane}", value=name, known=", ".join(sorted(names))
            )
