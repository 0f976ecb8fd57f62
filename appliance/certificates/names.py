"""By which names people call the appliance, as a certificate must have them."""

import datetime as dt
import ipaddress
import re
from collections.abc import Container, Iterable
from typing import Final

from appliance.contract.certificates.chain import names_of
from appliance.contract.certificates.folder import Folder
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.services import OWN

_UNFIT: Final = re.compile(r"[^a-z0-9]+")
_LONGEST: Final = 20


def own_names(folder: Folder, document: Document) -> tuple[str, ...]:
    """Return names and addresses: those of the document, and of the own certificate.

    What only this machine calls itself by is none of them.
    """
    own = folder.examine(OWN, dt.datetime.now(dt.UTC)).chain
    network = document.network
    whole = [f"{network.hostname}.{domain}" for domain in network.search_domains]
    found = [*document.edge.names, *(whole if network.hostname else ()), network.hostname]
    found += names_of(own.leaf) if own else ()
    return tuple(dict.fromkeys(one.lower() for one in found if _is_called(one)))


def _is_called(name: str) -> bool:
    try:
        return not ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name not in ("", "localhost")


def fresh_name(names: Iterable[str], day: dt.datetime, taken: Container[str]) -> str:
    """Return what a new certificate is called: by its first name and a month."""
    first = next(iter(names), "").removeprefix("*.").lower()
    word = _UNFIT.sub("-", first.partition(".")[0])[:_LONGEST].strip("-")
    if not word[:1].isalpha():
        word = f"name-{word}".strip("-")
    base = f"{word}-{day:%Y-%m}"
    found, number = base, 2
    while found in taken:
        found, number = f"{base}-{number}", number + 1
    return found
