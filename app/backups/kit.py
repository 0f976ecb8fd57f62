"""The key kit as the appliance knows it: made once, shown until it is kept, then forgotten.

What stays is the kit's public half, by which the key ring is wrapped for each archive, and Borg's
passphrase, which the agent needs every night.
"""

from typing import Final

from app.core import clock
from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.core.settings import Settings
from appliance.contract.kit import KeyKit, kit_number
from appliance.contract.ring import wrap_ring
from appliance.contract.secret import Secret as MachineSecret

UNKEPT: Final = "key-kit-unkept"
"""The kit itself, in the ring, until a person has shown that it stands on paper."""
PUBLIC: Final = "key-kit-public"
FOR_BORG: Final = "key-kit-borg-passphrase"
MADE_AT: Final = "key-kit-made-at"
WRAPPED_NAME: Final = "ring.wrapped"


def have_kit(ring: KeyRing) -> bool:
    """Tell whether a kit was made."""
    return ring.named(PUBLIC) is not None


def make_kit(settings: Settings, ring: KeyRing) -> KeyKit:
    """Make the kit, keep what follows from it, and wrap the ring."""
    kit = KeyKit.new()
    ring.keep(UNKEPT, Secret(kit.text().reveal()))
    ring.keep(FOR_BORG, Secret(kit.borg_passphrase().reveal()))
    ring.keep(MADE_AT, Secret(str(clock.now())))
    ring.keep(PUBLIC, Secret(kit.public_key().hex()))
    wrap(settings, ring)
    return kit


def unkept_kit(ring: KeyRing) -> KeyKit | None:
    """Return the kit while nobody has shown that they keep it; None afterwards."""
    text = ring.named(UNKEPT)
    return KeyKit.from_text(MachineSecret(text.reveal())) if text else None


def forget_kit(settings: Settings, ring: KeyRing) -> None:
    """Forget the kit itself: it stands on paper now."""
    ring.forget(UNKEPT)
    wrap(settings, ring)


def wrap(settings: Settings, ring: KeyRing) -> None:
    """Write the ring, wrapped for the kit, to where each backup takes it from.

    Called whenever the ring changes, so that an archive never holds an older one.
    """
    public = ring.named(PUBLIC)
    if public is None:
        return
    wrapped = wrap_ring(bytes.fromhex(public.reveal()), ring.to_bytes())
    beside = settings.data / f"{WRAPPED_NAME}.new"
    beside.write_bytes(wrapped)
    beside.replace(settings.data / WRAPPED_NAME)


def number(ring: KeyRing) -> str:
    """Return the kit's number, which tells kits apart and opens nothing; empty without a kit."""
    public = ring.named(PUBLIC)
    return kit_number(bytes.fromhex(public.reveal())) if public else ""


def passphrase(ring: KeyRing) -> MachineSecret:
    """Return Borg's passphrase of this appliance's kit."""
    found = ring.named(FOR_BORG)
    if found is None:
        raise LookupError(FOR_BORG)
    return MachineSecret(found.reveal())
