"""Does somebody else have an address of this machine? `python -m appliance.faults.neighbours`.

Each address is asked for, again and again, by questions that tell nobody anything (RFC 5227), and
whatever others say of themselves is heard, too. The process reads what strangers send, so it has a
user of its own and no right but to speak Ethernet; what it finds it writes into a file in memory,
which the agent reads.

    /run/tenshu-neighbours/taken.json    address → who else has it; there once it has looked
"""

import logging
import os
import select
import signal
import socket
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec

from appliance.contract import watchdog
from appliance.durable import write_whole
from appliance.faults import arp, interfaces
from appliance.log import configure_logging

LOG: Final = logging.getLogger("appliance.faults")
TAKEN: Final = Path("/run/tenshu-neighbours/taken.json")
ASKS: Final = 3.0
"""Seconds between two questions for one address."""
FORGOTTEN: Final = 4 * ASKS
"""Seconds without a word of the other after which the address is free: some questions get lost."""
LARGEST: Final = 2048
OUTGOING: Final = 4
"""What the kernel calls a frame of our own (PACKET_OUTGOING in packet(7))."""


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """Who else has an address."""

    card: str
    interface: str


class Neighbours:
    """What is heard, and when it was heard last."""

    def __init__(self, path: Path = TAKEN) -> None:
        self._path = path
        self._heard: dict[str, tuple[Other, float]] = {}
        self._told: dict[str, Other] | None = None
        self._ears: dict[str, socket.socket] = {}

    def ask(self) -> None:
        """Ask for each address of each cable that carries."""
        carrying, should = interfaces.cards(), interfaces.wanted()
        for name in set(self._ears) - set(carrying):
            self._ears.pop(name).close()
        for name, card in carrying.items():
            for address in _addresses(name, should):
                self._send(name, arp.probe(bytes.fromhex(card.replace(":", "")), address))

    def hear(self, seconds: float) -> None:
        """Listen for so long."""
        until = time.monotonic() + seconds
        should, own = interfaces.wanted(), interfaces.own_cards()
        ours = {name: _addresses(name, should) for name in self._ears}
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select(list(self._ears.values()), [], [], left)
            for name in [name for name, ear in self._ears.items() if ear in ready]:
                self._take(name, ours[name], own)

    def tell(self) -> None:
        """Write down who has what, where that has changed."""
        since = time.monotonic() - FORGOTTEN
        self._heard = {key: one for key, one in self._heard.items() if one[1] > since}
        taken = {address: other for address, (other, _) in self._heard.items()}
        if taken != self._told:
            write_whole(self._path, msgspec.json.encode(taken), 0o644, durable=False)
            self._told = taken

    def _send(self, name: str, frame: bytes) -> None:
        try:
            self._ear(name).send(frame)
        except OSError as error:
            LOG.info("%s cannot be asked: %s", name, error)
            if name in self._ears:
                self._ears.pop(name).close()

    def _ear(self, name: str) -> socket.socket:
        if name not in self._ears:
            ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            ear.setblocking(False)
            ear.bind((name, arp.PROTOCOL))
            self._ears[name] = ear
        return self._ears[name]

    def _take(self, name: str, ours: set[str], own: set[str]) -> None:
        try:
            frame, where = self._ears[name].recvfrom(LARGEST)
        except OSError:  # the cable is gone: the next question finds that out
            self._ears.pop(name).close()
            return
        said = None if where[2] == OUTGOING else arp.said(frame)
        if said and said.address in ours and said.card not in own:
            other = Other(card=said.card, interface=name)
            self._heard[said.address] = (other, time.monotonic())


def _addresses(name: str, should: dict[str, set[str]]) -> set[str]:
    """Return which addresses an interface has or should have."""
    return {one for one in (*should.get(name, ()), interfaces.has(name)) if one}


def taken(path: Path = TAKEN) -> dict[str, Other] | None:
    """Return who else has which address; none where nobody has looked."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Other])
    except (OSError, msgspec.MsgspecError):
        return None


def main() -> None:
    """Ask and listen until SIGTERM."""
    configure_logging("neighbours")
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    neighbours = Neighbours(Path(os.environ.get("TENSHU_NEIGHBOURS", str(TAKEN))))
    while not stop.is_set():
        neighbours.ask()
        neighbours.hear(watchdog.pause(ASKS))
        neighbours.tell()
        watchdog.beat()


if __name__ == "__main__":
    main()
