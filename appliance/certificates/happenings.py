"""What has happened to certificates with nobody there: kept until it is told, and a while longer.

<data>/tls/happenings.json    the last ones
<data>/tls/stands.json        which certificate each plane showed at the last look
"""

import threading
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from appliance.contract.certificates.folder import Condition, Folder
from appliance.contract.certificates.state import Befell, CertificateHappening, PlaneView
from appliance.durable import write_whole
from appliance.records import now

Kind = TypeVar("Kind")
KEPT: Final = 50
REMINDED_EVERY: Final = 24 * 60 * 60 * 1000
"""Milliseconds."""
_ONE_AT_A_TIME: Final = threading.Lock()


class Happenings:
    """The list of one data folder. One process writes it: the agent."""

    def __init__(self, folder: Folder) -> None:
        self._list = folder.tls / "happenings.json"
        self._stands = folder.tls / "stands.json"

    def newest(self) -> tuple[CertificateHappening, ...]:
        """Return what is kept, the newest first."""
        found = _read(self._list, list[CertificateHappening]) or []
        return tuple(reversed(found))

    def add(self, what: Befell, certificate: str, plane: str = "", reason: str = "") -> None:
        """Write something down."""
        with _ONE_AT_A_TIME:
            kept = list(reversed(self.newest()))
            number = kept[-1].number + 1 if kept else 1
            kept.append(
                CertificateHappening(
                    number=number,
                    at=now(),
                    what=what,
                    certificate=certificate,
                    plane=plane,
                    reason=reason,
                )
            )
            write_whole(self._list, msgspec.json.encode(kept[-KEPT:]))

    def remind(self, what: Befell, certificate: str, reason: str) -> None:
        """Write down what goes on, once a day: each look finds it again."""
        last = next((one for one in self.newest() if one.certificate == certificate), None)
        told = last is not None and last.what is what and now() - last.at < REMINDED_EVERY
        if not told:
            self.add(what, certificate, reason=reason)

    def look(self, planes: tuple[PlaneView, ...]) -> None:
        """Compare what the planes show with the last look, and write down what has changed."""
        before = _read(self._stands, dict[str, str]) or {}
        stands = {one.plane: one.wanted for one in planes if one.shown != one.wanted}
        for one in planes:
            fallen = before.get(one.plane)
            if one.plane in stands and fallen != one.wanted:
                # what was never there has not fallen back: it is still to be fetched
                if one.condition is not Condition.missing:
                    self.add(Befell.fell_back, one.wanted, one.plane, one.condition.value)
            elif fallen == one.shown:
                self.add(Befell.came_back, one.shown, one.plane)
        if stands != before:
            write_whole(self._stands, msgspec.json.encode(stands))


def _read(path: Path, kind: type[Kind]) -> Kind | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None
