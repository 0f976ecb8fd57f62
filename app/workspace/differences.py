"""Two values of a field beside each other, with what differs marked in both."""

import difflib
import re
from collections.abc import Sequence
from typing import Final

Parts = list[tuple[str, str]]
"""(same, gone or new; text), in order."""

LONGEST: Final = 2_000
"""Characters of a text that is compared word by word; a longer one is compared line by line."""
MOST_PAIRS: Final = 250_000
"""Pairs of words or lines that are compared; beyond it, all between what is the same at both ends
counts as another text. Comparing takes as many steps, whoever wrote the texts."""
LEAST_ALIKE: Final = 0.2
"""Texts that share less are not marked: marks would be noise."""
_WORDS: Final = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)


def beside(before: str, after: str) -> tuple[Parts, Parts]:
    """Return both texts in parts; one that is empty, or shares nothing, is not marked."""
    whole: tuple[Parts, Parts] = [("same", before)], [("same", after)]
    if not before or not after:
        return whole
    if max(len(before), len(after)) <= LONGEST:
        old, new = _WORDS.findall(before), _WORDS.findall(after)
    else:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    first = _alike(old, new)
    rest = min(len(old), len(new)) - first
    last = _alike(old[::-1][:rest], new[::-1][:rest])
    middle = old[first : len(old) - last], new[first : len(new) - last]
    if len(middle[0]) * len(middle[1]) <= MOST_PAIRS:
        steps = difflib.SequenceMatcher(None, *middle, autojunk=False).get_opcodes()
    else:
        steps = [("replace", 0, len(middle[0]), 0, len(middle[1]))]
    same = sum(step[2] - step[1] for step in steps if step[0] == "equal")
    if 2 * (first + last + same) < LEAST_ALIKE * (len(old) + len(new)):
        return whole
    left: Parts = []
    right: Parts = []
    for parts, tokens in ((left, old), (right, new)):
        _add(parts, "same", tokens[:first])
    for kind, old_from, old_to, new_from, new_to in steps:
        _add(left, "same" if kind == "equal" else "gone", middle[0][old_from:old_to])
        _add(right, "same" if kind == "equal" else "new", middle[1][new_from:new_to])
    for parts, tokens in ((left, old), (right, new)):
        _add(parts, "same", tokens[len(tokens) - last :])
    return left, right


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many words or lines are the same from the beginning on."""
    pairs = zip(old, new, strict=False)
    return next(
        (place for place, (one, other) in enumerate(pairs) if one != other),
        min(len(old), len(new)),
    )


def _add(parts: Parts, kind: str, tokens: Sequence[str]) -> None:
    """Put tokens behind the parts; those of one kind become one part."""
    text = "".join(tokens)
    if text and parts and parts[-1][0] == kind:
        parts[-1] = (kind, parts[-1][1] + text)
    elif text:
        parts.append((kind, text))
