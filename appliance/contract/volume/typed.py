"""What may be typed while a machine starts, whose keyboard nobody has set."""

import string
from typing import Final

from appliance.contract.secret import Secret

PASSPHRASE: Final = range(12, 129)
"""How many characters a passphrase has."""
TYPED: Final = frozenset(string.ascii_letters + string.digits + "-")


def is_fit(passphrase: Secret) -> bool:
    """Tell whether a passphrase is long enough, and typed alike on every keyboard."""
    text = passphrase.reveal()
    return len(text) in PASSPHRASE and set(text) <= TYPED
