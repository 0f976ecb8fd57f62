"""What is told of starts and slots: to whoever looks, and to the history by itself."""

from appliance.contract.disks.state import Befell, Role
from appliance.contract.disks.system import CopyState, Reading, Slot, SystemView
from appliance.contract.volume.state import Keeper, Opened
from appliance.slots.filling import SLOTS, copies, other_of
from appliance.slots.keeping import KeptSlots, Looked
from appliance.storage.facts import Facts
from appliance.storage.looking import look


def system_of(facts: Facts, looked: Looked, reading: Reading | None = None) -> SystemView:
    """Return how both slots stand, from what lies on the disks and how the last look went."""
    state = _state(facts, looked)
    failed = state is CopyState.failed
    return SystemView(
        slot=_slot(facts),
        copy=facts.copy,
        failed=looked.failed if looked.boot == facts.boot else 0,
        state=state,
        since=looked.since if state is looked.state else 0,
        error_code=looked.error_code if failed else "",
        error_parameters=looked.error_parameters if failed else {},
        reading=reading,
    )


def _slot(facts: Facts) -> Slot:
    """Return which one runs: by its place on a disk, and where it lies on none, by its numbers."""
    places = {places[0]: Slot(name[-1]) for name, places in SLOTS.items()}
    for disk in facts.disks:
        for one in disk.partitions:
            if one.partuuid == facts.numbers[0] and one.partn in places:
                return places[one.partn]
    return Slot.b if facts.copy else Slot.a


def _state(facts: Facts, looked: Looked) -> CopyState:
    members = {one.name for one in look(facts).disks if one.role is Role.member}
    others = [other_of(one, facts) for one in facts.disks if one.kname in members]
    if any(one and not one.is_empty and not one.bears(copies(facts)) for one in others):
        # nameless while it is being filled, so this is somebody else's
        return CopyState.making if looked.state is CopyState.making else CopyState.other
    if looked.state is CopyState.failed:
        return CopyState.failed
    if looked.state is CopyState.making and looked.boot == facts.boot:
        return CopyState.making
    there = bool(others) and all(one and one.bears(copies(facts)) for one in others)
    return CopyState.whole if there and looked.state is CopyState.whole else CopyState.none


def tell_start(kept: KeptSlots, facts: Facts, opened: Opened, keeper: Keeper) -> None:
    """Write down once a start what of it a person would want to hear of later."""
    if kept.is_told(facts.boot):
        return
    if facts.copy:
        kept.happened(Befell.from_copy)
    if opened is Opened.asked:
        # where a person shall open it, that is no more than it should be
        kept.happened(Befell.asked if keeper is Keeper.passphrase else Befell.asked_instead)
    kept.tell_boot(facts.boot)
