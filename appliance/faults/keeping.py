"""What is kept about faults: <data>/machine/faults.json, which the agent alone writes."""

import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.faults.state import FaultHappening, Faults, MachineFault
from appliance.durable import write_whole
from appliance.records import now

LOG: Final = logging.getLogger("appliance.faults")
KEPT: Final = 50
NONE: Final = Faults(standing=(), happenings=())
_ONE_AT_A_TIME: Final = threading.Lock()


class Kept:
    """The file of one machine."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "faults.json"

    def faults(self) -> Faults:
        """Return what is wrong and what was; a damaged file is none."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Faults)
        except (OSError, msgspec.MsgspecError):
            return NONE

    def stand(self, found: Iterable[MachineFault]) -> list[MachineFault]:
        """Keep what is wrong now; what that changes is written down. Return what is over."""
        with _ONE_AT_A_TIME:
            before = self.faults()
            known = {(one.kind, one.subject): one for one in before.standing}
            wrong = {(one.kind, one.subject): one for one in found}
            begun = [one for key, one in wrong.items() if key not in known]
            over = [one for key, one in known.items() if key not in wrong]
            if not begun and not over:
                return []
            at = now()
            standing = [known.get(key, _since(one, at)) for key, one in wrong.items()]
            told = [_happening(one, over=True) for one in over]
            told += [_happening(one, over=False) for one in begun]
            self._write(before, tuple(standing), told)
            return over

    def happened(self, fault: MachineFault) -> None:
        """Write down what does not last."""
        with _ONE_AT_A_TIME:
            before = self.faults()
            self._write(before, before.standing, [_happening(fault, over=False)])

    def _write(
        self, before: Faults, standing: tuple[MachineFault, ...], told: list[FaultHappening]
    ) -> None:
        number = before.happenings[0].number if before.happenings else 0
        numbered = [
            msgspec.structs.replace(one, number=number + 1 + at) for at, one in enumerate(told)
        ]
        for one in numbered:
            LOG.warning(
                "%s %s: %s %s", one.kind, "is over" if one.over else "found", one.subject, one.other
            )
        happenings = (*reversed(numbered), *before.happenings)[:KEPT]
        faults = Faults(standing=standing, happenings=happenings)
        write_whole(self._path, msgspec.json.encode(faults))


def _since(fault: MachineFault, at: int) -> MachineFault:
    return msgspec.structs.replace(fault, since=at)


def _happening(fault: MachineFault, *, over: bool) -> FaultHappening:
    return FaultHappening(
        number=0, at=now(), kind=fault.kind, over=over, subject=fault.subject, other=fault.other
    )
