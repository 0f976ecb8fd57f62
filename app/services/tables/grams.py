"""Two characters one after the other: what the index of the search is made of. Pure.

A gram is two neighbouring characters of a field's folded text, the last one with an end mark
behind it: so whoever looks for one character finds all grams that begin with it. Rows in which
several grams stand in one field may hold them apart from each other (「京都の東京」 holds 京都 and
東京, not 東京都). That can only be where a character between them stands there twice, so such
characters are noted too, and only those rows have to be looked at themselves.
"""

from collections import Counter
from operator import add
from typing import Final, NamedTuple

from app.services.tables.folding import BEGIN, END

SIZE: Final = 32_768
"""Rows of a block: neighbouring numbers, of which one piece of the index tells."""
MOST_PAIRS: Final = 12
"""Pairs of a long text that are looked up: what has all of these is looked at itself."""
SHORT: Final = 64
_BITS: Final = 21
"""A character has at most so many."""
_TWICE: Final = BEGIN
"""Stands behind a character that a field holds more than once; no text holds it."""


class Wanted(NamedTuple):
    """Which grams have to stand in one field, so that it may hold a text."""

    pairs: tuple[int, ...]
    """All of them; none where one character is looked for."""
    twice: tuple[int, ...] = ()
    """Of rows that have one of these too, only the text itself can tell."""
    first: int = 0
    last: int = 0
    """Any between these two, where one character is looked for."""
    doubtful: bool = False
    """No gram can tell for sure."""


def grams_of(text: str) -> set[str]:
    """Return what stands in a folded text of one field."""
    found = set(map(add, text, text[1:] + END))
    letters = set(text)
    if len(letters) == len(text):
        return found
    if len(text) > SHORT:
        twice = [one for one, times in Counter(text).items() if times > 1]
    else:  # by far the most, and the shortest way for them
        twice = [one for one in letters if text.count(one) > 1]
    found.update([one + _TWICE for one in twice])
    return found


def number_of(gram: str) -> int:
    """Return a gram as the index keeps it."""
    return ord(gram[0]) << _BITS | ord(gram[1])


def wanted(needle: str) -> Wanted:
    """Return what a field must have that holds a folded text."""
    if len(needle) == 1:
        first = ord(needle) << _BITS
        return Wanted((), first=first, last=first | (1 << _BITS) - 1)
    every = list(dict.fromkeys(map(add, needle, needle[1:])))
    pairs = tuple(map(number_of, every[:MOST_PAIRS]))
    inner = tuple(number_of(one + _TWICE) for one in sorted(set(needle[1:-1])))
    if len(every) > MOST_PAIRS:
        return Wanted(pairs, doubtful=True)
    return Wanted(pairs, inner)
