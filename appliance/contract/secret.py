"""The type of every password, passphrase and kit in the machine's contract.

The contract may not import `app`, so it has its own; the two mean the same. A Secret crosses the
wire to the agent in plain JSON (the socket is local, its peer is checked) and is never written to
a file, a log or a command line: the encoder of run records does not know how to write one.
"""

import hmac
from typing import NoReturn


class Secret:
    """A text that does not show itself; `reveal()` does, on purpose and easy to find."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a secret is no key of a dictionary

    def __reduce__(self) -> NoReturn:
        msg = "a secret is not pickled"
        raise TypeError(msg)
