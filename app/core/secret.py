"""The type of everything that must never be printed, logged or compared by `==`."""

import hmac
from typing import NoReturn


class Secret:
    """A text that does not show itself.

    `str()`, `repr()`, f-strings, pickling and JSON do not reveal it; `reveal()` does, on purpose
    and easy to find.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself, for the one place that needs it."""
        return self._value

    def matches(self, other: "Secret | str") -> bool:
        """Compare in a time that does not depend on where the two differ."""
        text = other.reveal() if isinstance(other, Secret) else other
        # a broken surrogate in what somebody sent is a wrong secret, not a fault
        return hmac.compare_digest(
            *(each.encode(errors="surrogatepass") for each in (self._value, text))
        )

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return self.matches(other) if isinstance(other, Secret) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # a secret is no key of a dictionary

    def __reduce__(self) -> NoReturn:
        msg = "a secret is not pickled"
        raise TypeError(msg)
