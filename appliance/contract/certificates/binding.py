"""When browsers may be told to use nothing but HTTPS for a name (HSTS): for planes and agent alike.

A browser that was told lets nobody pass a certificate that it does not trust. So it is told nothing
while any plane of the name shows one that it knows only if somebody told it (RFC 6797, 8.2: the
port makes no difference). An address is never bound by it (8.1.1): a way in stays.
"""

import datetime as dt

from appliance.contract.certificates.folder import PLANES, Condition, Examined, Folder, Shown
from appliance.contract.certificates.state import Withheld
from appliance.contract.configuration.services import OWN


def withheld(folder: Folder, wanted: Shown, now: dt.datetime) -> Withheld:
    """Return why browsers may not be told while planes are to show these; `nothing` if they may."""
    names: set[str] = {getattr(wanted, plane) for plane in PLANES}
    if OWN in names:
        return Withheld.own  # without a look into any file
    found = [folder.examine(name, now) for name in names]
    if any(one.condition is not Condition.good for one in found):
        return Withheld.own  # which stands in
    return Withheld.nothing if all(map(_is_trusted, found)) else Withheld.untrusted


def _is_trusted(found: Examined) -> bool:
    return found.chain is not None and found.chain.trusted
