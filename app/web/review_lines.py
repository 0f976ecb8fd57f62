"""Which lines of an access review a page shows: by person, by right, by decision (METI-46)."""

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from app.core.messages import translate
from app.reviews.operations.views import LineRow
from app.web.asking import AnyRequest, language_of
from app.web.design.address import one_of
from app.web.right_words import words_of_rights

Decided = Literal["", "undecided", "confirm", "withdraw"]


class Sieve(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for among the lines."""

    q: str
    status: Decided
    right: Callable[[str], str]
    """A right → its words in the language of the page."""

    @property
    def is_set(self) -> bool:
        """Return whether anything is looked for."""
        return bool(self.q or self.status)

    def pick(self, lines: Iterable[LineRow]) -> list[LineRow]:
        """Return the lines that fit: each word of the search stands somewhere in the line."""
        words = self.q.casefold().split()
        return [line for line in lines if self._state_fits(line) and self._text_fits(line, words)]

    def _state_fits(self, line: LineRow) -> bool:
        return not self.status or (line.decision or "undecided") == self.status

    def _text_fits(self, line: LineRow, words: list[str]) -> bool:
        right = line.right if line.kind == "membership" else self.right(line.right)
        parts = (line.name, line.login_id, right, line.group_path, line.reviewer_name)
        text = "\n".join(parts).casefold()
        return all(word in text for word in words)


def sieve_of(request: AnyRequest, q: str, status: str) -> Sieve:
    """Return what an address or a form looks for."""
    language, words = language_of(request), words_of_rights(request)

    def right(text: str) -> str:
        said, scope = words(text)
        return f"{translate(language, said)} {scope}"

    return Sieve(q=q[:128], status=one_of(status, Decided), right=right)
