"""Addresses of this machine that others have, as the agent tells of them."""

from pathlib import Path

from appliance.contract.faults.state import FaultKind, MachineFault
from appliance.faults.neighbours import TAKEN, taken


def address_faults(path: Path = TAKEN) -> list[MachineFault] | None:
    """Return who else has which address; none where nobody has looked."""
    found = taken(path)
    if found is None:
        return None
    return [
        MachineFault(kind=FaultKind.address_taken, subject=address, other=other.card)
        for address, other in sorted(found.items())
    ]
