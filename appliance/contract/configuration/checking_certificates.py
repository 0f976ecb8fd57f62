"""Which certificate each plane shows, and whether browsers may be held to it."""

from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from cryptography import x509

from appliance.contract.certificates.folder import PLANES
from appliance.contract.configuration.addresses import address
from appliance.contract.configuration.checking_services import is_domain
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.fitting import shown
from appliance.contract.configuration.problems import (
    ConfigurationProblem,
    HstsLocksOut,
    NotADirectory,
    NotAName,
    NothingToCertify,
    NotPem,
    ProofNeedsPort80,
    UnknownName,
)
from appliance.contract.configuration.services import ACME, OWN, Hsts


def certificate_problems(
    document: Document, known: Collection[str] | None
) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with `[certificates]`; `known` are those that the machine has.

    HSTS is of a name, whatever the port: it binds the console as well (RFC 6797, 8.2).
    """
    found = document.certificates
    fetched = (ACME,) if found.acme.directory else ()
    names = None if known is None else {OWN, *known, *fetched}
    for plane in PLANES:
        name: str = getattr(found, plane)
        if found.hsts is Hsts.ON and name == OWN:
            yield HstsLocksOut(place="certificates.hsts", value=f"certificates.{plane}")
        if names is not None and name not in names:
            yield UnknownName(
                place=f"certificates.{plane}", value=name, known=", ".join(sorted(names))
            )
    if found.acme.directory:
        yield from _acme(document)


def acme_names(document: Document) -> tuple[str, ...]:
    """Return the names that a certificate is fetched for."""
    wanted = document.certificates.acme.names or document.edge.names
    return tuple(dict.fromkeys(one.lower() for one in wanted if is_domain(one)))


def _acme(document: Document) -> Iterator[ConfigurationProblem]:
    acme, place = document.certificates.acme, "certificates.acme"
    if not _is_directory(acme.directory):
        yield NotADirectory(place=f"{place}.directory", value=shown(acme.directory))
    for number, name in enumerate(acme.names):
        if not is_domain(name):  # an address is no name that anybody could be asked for
            yield NotAName(place=f"{place}.names[{number}]", value=shown(name))
    if not acme_names(document):
        yield NothingToCertify(place=f"{place}.names")
    if not document.firewall.http_redirect:
        yield ProofNeedsPort80(place=f"{place}.directory")
    if acme.root and not _is_pem(acme.root):
        yield NotPem(place=f"{place}.root")


def _is_directory(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    named = is_domain(host) or address(host) is not None
    plain = text.isascii() and text.isprintable() and " " not in text
    return parts.scheme == "https" and port != 0 and named and plain and not parts.username


def _is_pem(text: str) -> bool:
    try:
        return bool(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        return False
