"""What people read about who opens the encrypted volume, on the pages and in the terminal."""

from typing import Final

from app.core.messages import mark
from appliance.contract.volume.state import Keeper, Obstacle, Opened, ServerTrouble, VolumeKeys

KEEPERS: Final = {
    Keeper.tpm: mark("The machine's TPM"),
    Keeper.server: mark("A key server on your network (tang)"),
    Keeper.passphrase: mark("A passphrase, typed at the screen"),
    Keeper.nobody: mark("Nobody: the key lies on the disks"),
}
OPENED: Final = {
    Opened.tpm: mark("by the machine's TPM"),
    Opened.server: mark("by the key server"),
    Opened.asked: mark("by what somebody typed at the screen"),
    Opened.unprotected: mark("by the key that lies on the disks"),
    Opened.made: mark("made at this start"),
}
OBSTACLES: Final = {
    Obstacle.none: mark("Nothing is in its way."),
    Obstacle.no_tpm: mark("This machine has no TPM 2.0."),
    Obstacle.no_policy: mark("This release carries no signed policy for a TPM."),
    Obstacle.not_measured: mark("The firmware did not measure what it started."),
    Obstacle.failed: mark("The TPM did not take the key."),
}
TROUBLES: Final = {
    ServerTrouble.none: "",
    ServerTrouble.silent: mark(
        "The key server did not open the disks at this start: it did not answer. See that it runs "
        "and that this machine reaches it."
    ),
    ServerTrouble.lost: mark(
        "The key server answered, and does not have the key any more that opens the disks. Ask it "
        "for its keys and choose it once more."
    ),
    ServerTrouble.rotated: mark(
        "The key server has new keys. Those of before still open the disks: before somebody "
        "removes them, ask it for its keys and choose it once more."
    ),
}
UNPROTECTED: Final = mark("The disks are not protected")


def why_unprotected(keys: VolumeKeys) -> str:
    """Return what keeps the key on the disks, and what to do."""
    if not keys.recovery:
        return mark("Whoever has a disk can read it. First make a recovery key.")
    if keys.chosen is Keeper.nobody:
        return mark("Whoever has a disk can read it, as an administrator chose.")
    if keys.chosen is Keeper.server:
        return mark(
            "Whoever has a disk can read it until the key server has opened the disks at a start: "
            "restart the machine once."
        )
    if keys.tpm:
        return mark(
            "Whoever has a disk can read it until the TPM has opened the disks at a start: restart "
            "the machine once."
        )
    if keys.obstacle is Obstacle.no_tpm:
        return mark(
            "Whoever has a disk can read it: this machine has no TPM 2.0. Give it one, or choose "
            "a passphrase."
        )
    return mark("Whoever has a disk can read it: the TPM keeps no key. Choose a passphrase.")
