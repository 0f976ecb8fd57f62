"""What came of asking the key server while the machine started: left by who asked in the initrd."""

import msgspec


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at the last try."""

    tried: tuple[int, ...] = ()
    """When the tokens were made that were tried."""
    opened: int = 0
    """When the one was made that gave a key; 0 for none."""
    advertised: tuple[str, ...] = ()
    """Thumbprints of the keys by which the newest one's server closes now; none if it is silent."""
    said: str = ""
    """Words of what failed."""
