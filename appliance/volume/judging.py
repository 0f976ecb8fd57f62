"""What is to be done to the volume's keys, going by what is. Pure.

The key that lies on the disks is taken away only once somebody else opens the volume, and only once
a person holds the recovery key: no board that dies takes the data along.
"""

from typing import Final

import msgspec

from appliance.contract.volume.state import Keeper, Obstacle, Opened, VolumeKeys
from appliance.volume import head as heads
from appliance.volume.head import Head

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
    keeps = {
        Keeper.tpm: heads.TPM,
        Keeper.passphrase: heads.PASSPHRASE,
    }
    kind = keeps.get(chosen)
    return kind is not None and bool(head.of(kind)) and bool(head.of(heads.RECOVERY))


def superfluous(head: Head, chosen: Keeper) -> tuple[str, ...]:
    """Return the kinds of token of keepers that were not chosen, once another opens the volume."""
    if not (may_close(head, chosen) or chosen is Keeper.nobody):
        return ()
    kinds = {Keeper.tpm: heads.TPM, Keeper.passphrase: heads.PASSPHRASE}
    return tuple(kind for keeper, kind in kinds.items() if keeper is not chosen and head.of(kind))


def told(head: Head, chosen: Keeper, opened: Opened, why: Obstacle) -> VolumeKeys:
    """Return what people are told."""
    return VolumeKeys(
        protected=not head.clear,
        chosen=chosen,
        tpm=bool(head.of(heads.TPM)),
        typed=bool(head.of(heads.PASSPHRASE)),
        recovery=bool(head.of(heads.RECOVERY)),
        opened=opened,
        obstacle=why,
    )
