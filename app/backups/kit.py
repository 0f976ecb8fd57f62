"""The key kit as the appliance knows it: shown until it is kept, then forgotten; replaced if lost.

What stays is the kit's public half, by which the key ring is wrapped for each archive, and Borg's
passphrase, which the agent needs every night.
"""

from typing import Final

import msgspec

from app.backups.errors import NoKitYet
from app.core import clock
from app.core.keyring import KeyRing, Ring
from app.core.secret import Secret
from app.core.settings import Settings
from appliance.contract.kit import KeyKit, kit_number
from appliance.contract.ring import wrap_ring
from appliance.contract.secret import Secret as MachineSecret

UNKEPT: Final = "key-kit-unkept"
"""The kit itself, in the ring, until a person has shown that it stands on paper."""
NEXT: Final = "key-kit-next"
"""A new kit, from before the first repository takes it until the last one has."""
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
    replace_kit(settings, ring, kit)
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
    wrapped = wrap_ring(bytes.fromhex(public.reveal()), _without(ring, NEXT))
    beside = settings.data / f"{WRAPPED_NAME}.new"
    beside.write_bytes(wrapped)
    beside.replace(settings.data / WRAPPED_NAME)


def next_kit(ring: KeyRing) -> KeyKit:
    """Return the kit that shall take the place of this one.

    The one of an attempt that was cut off, if there was one: some repository may have it already.
    It is kept before anybody takes it, or a power cut could lose the only thing that opens them.
    """
    text = ring.named(NEXT)
    if text is not None:
        return KeyKit.from_text(MachineSecret(text.reveal()))
    made = KeyKit.new()
    ring.keep(NEXT, Secret(made.text().reveal()))
    return made


def ring_for(ring: KeyRing, kit: KeyKit) -> bytes:
    """Return the ring as it will be with a new kit, wrapped for it, without the kit itself."""
    return wrap_ring(kit.public_key(), _without(ring, NEXT, UNKEPT, **_follows(kit)))


def replace_kit(settings: Settings, ring: KeyRing, kit: KeyKit) -> None:
    """Let `kit`, which every repository has taken, be the kit; it is shown until it is kept."""
    ring.keep(UNKEPT, Secret(kit.text().reveal()))
    for name, value in _follows(kit).items():
        ring.keep(name, Secret(value))
    ring.forget(NEXT)
    wrap(settings, ring)


def _follows(kit: KeyKit) -> dict[str, str]:
    """Return what the ring keeps of a kit, the public half last: it says which kit there is."""
    return {
        FOR_BORG: kit.borg_passphrase().reveal(),
        MADE_AT: str(clock.now()),
        PUBLIC: kit.public_key().hex(),
    }


def _without(ring: KeyRing, *names: str, **instead: str) -> bytes:
    """Return the ring's bytes without some named secrets, and with others."""
    content = msgspec.json.decode(ring.to_bytes(), type=Ring)
    kept = {name: value for name, value in content.secrets.items() if name not in names}
    return msgspec.json.encode(msgspec.structs.replace(content, secrets={**kept, **instead}))


def number(ring: KeyRing) -> str:
    """Return the kit's number, which tells kits apart and opens nothing; empty without a kit."""
    public = ring.named(PUBLIC)
    return kit_number(bytes.fromhex(public.reveal())) if public else ""


def passphrase(ring: KeyRing) -> MachineSecret:
    """Return Borg's passphrase of this appliance's kit. Raise NoKitYet."""
    found = ring.named(FOR_BORG)
    if found is None:
        raise NoKitYet
    return MachineSecret(found.reveal())
