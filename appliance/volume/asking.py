"""The key server asked while the machine starts: `python -m appliance.volume.asking`.

Runs in the initrd, from the slot, by a unit that the initrd starts where the volume's head names a
server (image/initrd). It has a /run of its own. It asks until it has a key or is told to end, and
leaves no network behind.

/run/tenshu-volume/head.json    the volume's head, from the initrd
/run/tenshu-volume/served       the key, once it is there
/run/tenshu-volume/server.json  what came of it
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec

from appliance.contract.configuration.errors import ProgramRefused
from appliance.durable import write_whole
from appliance.volume import carried, tang
from appliance.volume.early import EarlyNetwork
from appliance.volume.facts import TOLD
from appliance.volume.head import Head, read_head
from appliance.volume.report import Report

AGAIN: Final = 1.0
"""Seconds until it is tried again."""


class Asking:
    """What is asked, and what is known of it."""

    def __init__(self, head: Head, told: Path) -> None:
        self._head, self._told, self._report = head, told, Report()

    def once(self) -> bool:
        """Ask for a key; tell whether there is one now."""
        servers = [token for _, token in self._head.servers]
        opened, said = 0, ""
        for token in servers:
            try:
                key = tang.open_closed(token.closed)
            except ProgramRefused as error:
                said = said or _words(token.address, error)
                continue
            write_whole(self._told / "served", key.encode(), durable=False)
            opened = token.made
            break
        advertised: tuple[str, ...] = ()
        try:
            advertised = tang.fetch(servers[0].address).exchange
        except ProgramRefused as error:
            said = _words(servers[0].address, error)  # curl says why, clevis does not
        report = Report(
            tried=tuple(one.made for one in servers),
            opened=opened,
            advertised=advertised,
            said=said,
        )
        if report != self._report:
            print(said or "the key server has helped", file=sys.stderr)  # noqa: T201 - its log
            self._report = report
        write_whole(self._told / "server.json", msgspec.json.encode(report), durable=False)
        write_whole(self._told / "said", said.encode(), durable=False)
        return bool(opened)


def _words(address: str, error: ProgramRefused) -> str:
    said = " ".join(str(error.parameters["said"]).split())
    return f"{address}: {said}"


def main() -> int:
    """Ask until there is a key. Return 1 where nobody is to be asked, or who asks was ended."""
    ended = threading.Event()
    os.umask(0o022)  # systemd-networkd reads its files as a user of its own; the key's is 0600

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    head = read_head((TOLD / "head.json").read_text())
    if not head.servers:
        return 1
    files = carried.unpack(head.network.network if head.network else "")
    asking = Asking(head, TOLD)
    with EarlyNetwork(files) as network:
        while not ended.is_set():
            network.name_servers()
            if asking.once():
                return 0
            ended.wait(AGAIN)
    return 1


if __name__ == "__main__":
    sys.exit(main())
