"""What is to be done to the volume's keys, going by what is. Pure.

The key that lies on the disks is taken away only once somebody else opens the volume, and only once
a person holds the recovery key: no board that dies takes the data along.
"""

from typing import Final

import msgspec

from appliance.contract.volume.state import (
    Keeper,
    Obstacle,
    Opened,
    ServerTrouble,
    VolumeKeys,
)
from appliance.volume import head as heads
from appliance.volume import tang
from appliance.volume.head import Head
from appliance.volume.report import Report

SECURE: Final = 7
"""PCR of Secure Boot: whether it is enforced, and by whose keys."""
LINE: Final = 12
"""PCR of what was added to the kernel's line: nothing, as the image is delivered."""


class Tpm(msgspec.Struct, frozen=True, kw_only=True):
    """What of a TPM matters."""

    present: bool = False
    measured: bool = False
    """Whether the firmware measured the kernel image that it started."""
    policy: bool = False
    """Whether the kernel image brought a policy and the key that signed it."""
    secure_boot: bool = False


def obstacle(tpm: Tpm) -> Obstacle:
    """Return why the TPM cannot keep the key; none where it can."""
    if not tpm.present:
        return Obstacle.no_tpm
    if not tpm.policy:
        return Obstacle.no_policy
    return Obstacle.none if tpm.measured else Obstacle.not_measured


def registers(tpm: Tpm) -> str:
    """Return the PCRs whose values of now bind, beside the signed one.

    Without Secure Boot its PCR says nothing that protects, and changes with each setting.
    """
    return f"{SECURE}+{LINE}" if tpm.secure_boot else f"{LINE}"


def must_bind(head: Head, chosen: Keeper, tpm: Tpm, opened: Opened, *, bound_now: bool) -> bool:
    """Tell whether the key is to be bound to the TPM: the first time, or again."""
    if chosen is not Keeper.tpm or obstacle(tpm) is not Obstacle.none:
        return False
    return not head.of(heads.TPM) or (opened is not Opened.tpm and not bound_now)


def may_close(head: Head, chosen: Keeper) -> bool:
    """Tell whether the key that lies on the disks may be taken away."""
    kind = _kinds().get(chosen)
    return kind is not None and bool(head.of(kind)) and bool(head.of(heads.RECOVERY))


def _kinds() -> dict[Keeper, str]:
    """Return the kind of token that each keeper's slot has."""
    return {
        Keeper.tpm: heads.TPM,
        Keeper.server: heads.SERVER,
        Keeper.passphrase: heads.PASSPHRASE,
    }


def is_proven(head: Head, chosen: Keeper, opened: Opened, report: Report) -> bool:
    """Tell whether the chosen keeper is relied on: what needs no hands has opened a start first."""
    if chosen is Keeper.server:
        return opened is Opened.server and bool(head.newest) and _is_newest(head, report.opened)
    return chosen is not Keeper.tpm or opened is Opened.tpm


def _is_newest(head: Head, made: int) -> bool:
    return head.newest is not None and head.newest.made == made


def outlived(head: Head, report: Report) -> tuple[int, ...]:
    """Return the numbers of key servers' tokens that have a newer one which opened a start.

    Until then the one that opened this start stays, and no more than that.
    """
    if _is_newest(head, report.opened):
        return tuple(number for number, _ in head.servers[1:])
    return tuple(number for number, one in head.servers[1:] if one.made != report.opened)


def trouble(head: Head, opened: Opened, report: Report) -> ServerTrouble:
    """Return what is wrong with the key server, as far as this start has shown."""
    newest = head.newest
    if newest is None or newest.made not in report.tried:
        return ServerTrouble.none  # it is new, or nobody asked
    if not report.advertised:
        return ServerTrouble.none if opened is Opened.server else ServerTrouble.silent
    if opened is not Opened.server:
        return ServerTrouble.lost
    current = tang.closed_by(newest.closed) in report.advertised
    return ServerTrouble.none if current else ServerTrouble.rotated


def superfluous(head: Head, chosen: Keeper) -> tuple[str, ...]:
    """Return the kinds of token of keepers that were not chosen, once another opens the volume."""
    if not (may_close(head, chosen) or chosen is Keeper.nobody):
        return ()
    return tuple(
        kind for keeper, kind in _kinds().items() if keeper is not chosen and head.of(kind)
    )


def told(
    head: Head, chosen: Keeper, opened: Opened, why: Obstacle, report: Report | None = None
) -> VolumeKeys:
    """Return what people are told."""
    newest, report = head.newest, report or Report()
    return VolumeKeys(
        protected=not head.clear,
        chosen=chosen,
        tpm=bool(head.of(heads.TPM)),
        typed=bool(head.of(heads.PASSPHRASE)),
        recovery=bool(head.of(heads.RECOVERY)),
        opened=opened,
        obstacle=why,
        server=newest is not None,
        server_address=newest.address if newest else "",
        server_thumbprint=newest.thumbprint if newest else "",
        server_key=tang.closed_by(newest.closed) if newest else "",
        server_proven=is_proven(head, Keeper.server, opened, report),
        server_trouble=trouble(head, opened, report),
        server_said=report.said,
    )
