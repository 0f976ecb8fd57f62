"""What the machine tells of all that may leave it."""

from collections.abc import Mapping
from typing import Final

import msgspec

from appliance.contract.configuration.outgoing import Outgoing, Way
from appliance.machine.applying import Applying
from appliance.machine.kernel_sets import Element, counters, elements_of
from appliance.machine.plan.outbound import USED_DAYS
from appliance.machine.plan.ways import mark, ways
from appliance.machine.traffic import drops
from appliance.records import now

DAY: Final = 86_400
SECOND: Final = 1000


def outgoing(applying: Applying) -> Outgoing:
    """Return every way out with what went over it, and what was kept from leaving."""
    number = applying.in_effect()
    every = ways(applying.document(number), applying.facts(number))
    sent, received = _by_mark("sent"), _by_mark("received")
    dropped = next((one.packets for one in counters() if one.name == "refused_out"), 0)
    return Outgoing(
        ways=tuple(_with_counts(one, sent, received) for one in every),
        drops=drops("out"),
        dropped=dropped,
    )


def _by_mark(direction: str) -> dict[int, Element]:
    return {int(one.key[0], 0): one for one in elements_of(f"used_{direction}")}


def _with_counts(way: Way, sent: Mapping[int, Element], received: Mapping[int, Element]) -> Way:
    out, back = sent.get(mark(way)), received.get(mark(way))
    return msgspec.structs.replace(
        way,
        sent=out.bytes if out else 0,
        received=back.bytes if back else 0,
        used_at=now() - (USED_DAYS * DAY - out.left) * SECOND if out else None,
    )
