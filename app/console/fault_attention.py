"""What the machine finds wrong around itself, with what to do: clock, addresses."""

from typing import Final

from app.console.needed import Attention
from app.core.messages import mark
from app.machine.errors import MachineError
from app.machine.operations import faults
from app.operations.context import Context
from app.operations.operation import NoRequest
from appliance.contract.faults.state import FaultKind

PUT_RIGHT: Final = mark(
    "Times in the history and ends of certificates are wrong until it is put right. Name a time "
    "server that the machine reaches, and look at the clock of the machine or its host."
)
WORDS: Final = {
    FaultKind.clock_unset: (
        mark("The clock is wrong: it had lost the time at the start ({subject})"),
        PUT_RIGHT,
        "/network/settings/services",
        mark("Show the time servers"),
    ),
    FaultKind.clock_behind: (
        mark("The clock may be wrong: it told an earlier time at the start than before"),
        PUT_RIGHT,
        "/network/settings/services",
        mark("Show the time servers"),
    ),
    FaultKind.address_taken: (
        mark("Another device has the address {subject} of this machine, too: {other}"),
        mark(
            "Neither of the two can be relied on. Find the device by its hardware address, and "
            "give one of them another. As soon as it is free the machine takes the address again."
        ),
        "/network/settings/interfaces",
        mark("Show the interfaces"),
    ),
}
"""Kind → title, what to do, and where."""


def fault_attention(context: Context) -> list[Attention]:
    """Tell of everything that is wrong at this moment."""
    try:
        found = faults.list_faults(context, NoRequest())
    except MachineError:
        return []  # elsewhere the host sees to it; a silent agent is told of by itself
    return [
        Attention(
            kind="danger",
            title=title,
            text=text,
            href=href,
            action=action,
            parameters={"subject": one.subject, "other": one.other},
            told_whole=True,
        )
        for one in found.standing
        for title, text, href, action in [WORDS[one.kind]]
    ]
