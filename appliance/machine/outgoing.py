"""What the machine tells of all that may leave it."""

import msgspec

from appliance.contract.configuration.outgoing import Outgoing, Way
from appliance.machine.applying import Applying
from appliance.machine.counting import of_way
from appliance.machine.ledger import NOTHING, Ledger
from appliance.machine.plan.ways import mark, ways
from appliance.machine.traffic import drops


def outgoing(applying: Applying, ledger: Ledger) -> Outgoing:
    """Return every way out with what went over it, and what was kept from leaving."""
    number = applying.in_effect()
    every = ways(applying.document(number), applying.facts(number))
    return Outgoing(
        ways=tuple(_with_counts(one, ledger) for one in every),
        drops=drops("out"),
        dropped=ledger.totals.get("refused_out", NOTHING).packets,
        since=ledger.since,
    )


def _with_counts(way: Way, ledger: Ledger) -> Way:
    sent = ledger.totals.get(of_way("sent", mark(way)), NOTHING)
    received = ledger.totals.get(of_way("received", mark(way)), NOTHING)
    return msgspec.structs.replace(
        way, sent=sent.bytes, received=received.bytes, used_at=sent.at or None
    )
