"""What of the disks needs an administrator: a lost one, one alone, one of another machine (S1)."""

from typing import Any

from app.console.needed import Attention
from app.core.messages import mark
from app.machine.errors import MachineError
from app.machine.operations import disks, volume
from app.machine.system_words import needs_somebody
from app.machine.volume_words import TROUBLES, UNPROTECTED, why_unprotected
from app.operations.context import Context
from app.operations.operation import NoRequest
from appliance.contract.disks.state import Role, Standing
from appliance.contract.volume.state import Keeper, ServerTrouble


def disk_attention(context: Context) -> list[Attention]:
    """Tell of a disk that is lost, of everything on one, of one that is another machine's."""
    try:
        found = disks.list_disks(context, NoRequest())
    except MachineError:
        return []  # elsewhere the host looks after its disks; a silent agent is told of by itself
    told = []
    if found.standing is Standing.lost:
        text = mark("If the other one dies too, everything since the last backup is lost.")
        told.append(_needed("danger", mark("A disk is lost"), text))
    elif found.standing is Standing.single and found.declared is None:
        text = mark("Put in a second one, or declare that the host's storage is redundant.")
        told.append(_needed("warning", mark("Everything is on one disk"), text))
    if found.taking and found.taking.error_code:
        text = mark("The page of the disks says why, and what to do.")
        told.append(_needed("danger", mark("A disk could not be taken in"), text))
    if found.system and (needs := needs_somebody(found.system)):
        told.append(_needed("warning", *needs))
    text = mark("It is not touched. Put it back into its own machine.")
    title = mark("The disk {disk} holds the data of another appliance")
    return told + [
        _needed("warning", title, text, disk=one.serial or one.name)
        for one in found.disks
        if one.role is Role.foreign
    ]


def system_attention(context: Context) -> list[Attention]:
    """Tell that the machine runs from its copy, or has none (V11)."""
    try:
        system = disks.list_disks(context, NoRequest()).system
    except MachineError:
        return []
    needs = needs_somebody(system) if system else None
    return [_needed("warning", *needs)] if needs else []


def volume_attention(context: Context) -> list[Attention]:
    """Tell that the disks are not protected, or that their key server needs somebody."""
    try:
        keys = volume.show_volume(context, NoRequest())
    except MachineError:
        return []
    found = []
    if keys.chosen is Keeper.server and keys.server_trouble is not ServerTrouble.none:
        text = TROUBLES[keys.server_trouble]
        found.append(_encryption(mark("The key server needs attention"), text))
    if not keys.protected:
        found.append(_encryption(UNPROTECTED, why_unprotected(keys)))
    return found


def _encryption(title: str, text: str) -> Attention:
    return Attention(
        kind="warning",
        title=title,
        text=text,
        href="/storage/encryption",
        action=mark("Show the encryption"),
    )


def _needed(kind: str, title: str, text: str, **parameters: Any) -> Attention:  # noqa: ANN401
    return Attention(
        kind=kind,
        title=title,
        text=text,
        href="/storage/disks",
        action=mark("Show the disks"),
        parameters=parameters,
    )
