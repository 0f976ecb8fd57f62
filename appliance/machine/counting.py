"""The ledger of the packet filter on disk, and the thread that enters what the kernel counts."""

import functools
import logging
import threading
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.errors import ApplianceError
from appliance.durable import write_whole
from appliance.machine.applying import Applying
from appliance.machine.kernel_sets import counters, elements_of
from appliance.machine.ledger import Amount, Amounts, Ledger, begun, entered
from appliance.machine.plan.desired import Concern
from appliance.machine.plan.outbound import USED_DAYS
from appliance.machine.versions import boot_identifier
from appliance.records import now

LOG: Final = logging.getLogger("appliance.machine")
FILE: Final = "traffic.json"
LOOKS: Final = 60.0
"""Seconds between two looks: what a power cut can lose."""
DIRECTIONS: Final = ("sent", "received")
USED_MS: Final = USED_DAYS * 86_400_000


def of_way(direction: str, mark: int) -> str:
    """Return the name under which a way's traffic stands in the ledger."""
    return f"{direction} {mark:#010x}"


class Counting:
    """The ledger of one machine; whoever asks for it has the newest counts entered first."""

    def __init__(self, folder: Path) -> None:
        self._path, self._lock = folder / FILE, threading.Lock()
        self._ledger: Ledger | None = None
        """What could not be written stands here, and is written with the next look."""

    def look(self) -> Ledger:
        """Enter what was counted since the last look, and return the ledger.

        On a full disk the counts go on in memory.
        """
        with self._lock:
            before = self._ledger or self._read()
            by_hour, found = _counted()
            if before is None:
                self._ledger = begun(found, boot_identifier(), now())
            else:
                self._ledger = entered(before, found, boot_identifier(), now(), by_hour)
            if self._ledger != before:
                self._write(self._ledger)
            return self._ledger

    def _read(self) -> Ledger | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Ledger)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError:
            LOG.warning("%s cannot be read: what the filter counts begins anew", self._path.name)
            return None

    def _write(self, ledger: Ledger) -> None:
        try:
            write_whole(self._path, msgspec.json.encode(ledger))
        except OSError as error:
            LOG.warning("what the filter counts cannot be written: %s", error)


@functools.cache
def counting_at(folder: Path) -> Counting:
    """Return the ledger of a machine's folder: one in a process, so that nothing counts twice."""
    return Counting(folder)


def _counted() -> tuple[frozenset[str], Amounts]:
    """Return the counters of drops by name, and everything that the kernel has counted."""
    drops = {one.name: Amount(packets=one.packets, bytes=one.bytes) for one in counters()}
    ways = {
        of_way(direction, int(one.key[0], 0)): Amount(
            packets=one.packets, bytes=one.bytes, at=now() - USED_MS + one.left * 1000
        )
        for direction in DIRECTIONS
        for one in elements_of(f"used_{direction}")
    }
    return frozenset(drops), drops | ways


class Accountant(threading.Thread):
    """Looks once a minute until told to stop."""

    def __init__(self, applying: Applying, folder: Path, stop: threading.Event) -> None:
        super().__init__(name="accountant", daemon=True)
        self._applying, self._stop_asked = applying, stop
        self._counting = counting_at(folder)

    def run(self) -> None:
        """Look; say once what keeps it from that."""
        trouble = ""
        while True:
            try:
                if Concern.FIREWALL in self._applying.concerns():
                    self._counting.look()
                trouble = ""
            except (ApplianceError, OSError) as error:
                if str(error) != trouble:
                    LOG.exception("what the filter counts cannot be kept; trying again")
                trouble = str(error)
            if self._stop_asked.wait(LOOKS):
                return
