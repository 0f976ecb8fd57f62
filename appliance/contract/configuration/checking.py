"""What types cannot say of a document: everything that is wrong with it, each at its place.

Pure. A document without problems can be planned; whether the machine then answers is another
matter, which confirm-or-revert settles.
"""

from collections.abc import Collection, Iterator

from appliance.contract.configuration.checking_access import access_problems
from appliance.contract.configuration.checking_certificates import certificate_problems
from appliance.contract.configuration.checking_network import network_problems
from appliance.contract.configuration.checking_services import service_problems
from appliance.contract.configuration.checking_trust import trust_problems
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.problems import ConfigurationProblem


def problems(
    document: Document,
    cables: Collection[str] | None = None,
    certificates: Collection[str] | None = None,
    roots: Collection[str] = (),
) -> tuple[ConfigurationProblem, ...]:
    """Return what is wrong with a document.

    `cables` are the machine's own interfaces: where they are known, every interface that the
    document names must be one of them, a VLAN or a bond. `certificates` are those that it has.
    `roots` (PEM) are trusted already: that the time of one is over refuses nothing else.
    """
    return tuple(_all(document, cables, certificates, roots))


def _all(
    document: Document,
    cables: Collection[str] | None,
    certificates: Collection[str] | None,
    roots: Collection[str],
) -> Iterator[ConfigurationProblem]:
    yield from access_problems(document)
    yield from network_problems(document.network, cables)
    yield from service_problems(document)
    yield from trust_problems(document.trust, roots)
    yield from certificate_problems(document, certificates)
