"""The actions on disks: what there is, what is taken in, what was declared."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from appliance.contract.actions import Caller, Nothing
from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.errors import DiskFailed, TakingUnderWay
from appliance.contract.disks.state import Declare, Declared, Disks, Role, TakeIn
from appliance.place import Place
from appliance.records import now
from appliance.slots.keeping import KeptSlots
from appliance.slots.telling import system_of, tell_start
from appliance.storage.facts import Facts, gather
from appliance.storage.judging import may_take
from appliance.storage.keeping import Wish
from appliance.storage.looking import Seen, look
from appliance.storage.watching import note, start_work
from appliance.volume.facts import opened
from appliance.volume.keeping import KeptKeys


def hear_of_start(place: Place, facts: Facts) -> None:
    """Let the history know what of this start a person would want to hear of, once."""
    tell_start(KeptSlots(place), facts, opened(), KeptKeys(place).chosen().keeper)


class DiskActions:
    """A method a line of `appliance.contract.disks.table`."""

    def __init__(self, place: Place) -> None:
        self._place, self._kept = place, KeptSlots(place)
        self.by_name: Final[dict[str, Callable[[Caller, Any], msgspec.Struct]]] = {
            "ListDisks": self._list,
            "TakeDisk": self._take,
            "EraseDisk": self._erase,
            "DeclareRedundant": self._declare,
        }

    def _seen(self) -> tuple[Facts, Seen]:
        wish, facts = self._kept.wish(), gather()
        return facts, look(facts, wish.table if wish else "")

    def _told(self, facts: Facts, seen: Seen) -> Disks:
        stands = note(self._kept, seen)
        return Disks(
            standing=stands.standing,
            since=stands.since,
            needed=seen.needed,
            disks=seen.disks,
            mirrors=seen.mirrors,
            taking=self._kept.taking(),
            declared=self._kept.declared(),
            system=system_of(facts, self._kept.looked(), self._kept.reading()),
            happenings=self._kept.happenings(),
        )

    def _list(self, _caller: Caller, _request: Nothing) -> Disks:
        return self._told(*self._seen())

    def _take(self, caller: Caller, request: TakeIn) -> Disks:
        return self._wish(caller, request.disk, erase=False)

    def _erase(self, caller: Caller, request: TakeIn) -> Disks:
        return self._wish(caller, request.disk, erase=True)

    def _wish(self, caller: Caller, disk: str, *, erase: bool) -> Disks:
        facts, seen = self._seen()
        if self._kept.wish() is not None:
            raise TakingUnderWay
        found = may_take(seen, disk, erase=erase)
        self._kept.make_wish(
            Wish(
                disk=found.id,
                serial=found.serial,
                account=caller.account,
                begun_at=now(),
                erase=erase,
                returned=found.role is Role.returned and not erase,
            )
        )
        try:
            start_work(self._place)
        except ProgramRefused as error:
            self._kept.fulfil()
            raise DiskFailed(disk=found.serial or found.name, said=str(error)) from error
        return self._told(facts, seen)

    def _declare(self, caller: Caller, request: Declare) -> Disks:
        facts, seen = self._seen()
        declared = Declared(account=caller.account, at=now()) if request.redundant else None
        self._kept.declare(declared)
        return self._told(facts, seen)
