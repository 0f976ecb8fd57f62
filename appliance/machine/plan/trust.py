"""The customer's own roots, in one file that every outgoing connection reads."""

from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.document import Document
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern, File

PATH: Final = "etc/tenshu/trust.pem"
"""What `app.core.trusting` reads."""


def files(document: Document, facts: Facts) -> Iterator[File]:  # noqa: ARG001 - as every planner
    """Yield the file, where there are roots. Only the certificates themselves go into it."""
    roots = [f"# {one.name}\n{one.pem.strip()}\n" for one in document.trust.roots]
    if roots:
        yield File(path=PATH, content="".join(roots), concern=Concern.OUTGOING)
