"""The block list of SP 800-63B-4 section 3.1.1.2: what is guessed first.

Two lists. `breached()` holds the passwords that occur most often in collections of stolen ones;
they come with the package zxcvbn, so nobody outside is ever asked about a password.

`common_passwords.txt` is our own: common words in English and romanised Japanese, names, places,
products, walks over the keyboard, and pairs of the most common words, each in its plain form. A
password is compared as a whole, in its plain form: lower case, leet signs read as letters, digits
and signs around it taken away. So `P@ssw0rd2026!` is `password`.
"""

import functools
import itertools
import re
import unicodedata
from pathlib import Path
from typing import Final

PATH: Final = Path(__file__).with_name("common_passwords.txt")
LEET: Final = str.maketrans("@4031!5$7+8", "aaoeiissttb")
AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
DATE: Final = re.compile(r"(19|20)?\d\d[-/. ]?(0[1-9]|1[0-2])[-/. ]?(0[1-9]|[12]\d|3[01])")
SHORTEST_REST: Final = 4
"""Characters that must be left when what everybody knows about the person is taken away. A family
name of two kanji counts, an abbreviation of two letters does not."""


def plain(password: str) -> str:
    """Return the form under which a password is looked up."""
    text = unicodedata.normalize("NFKC", password).casefold()
    bare = AROUND.sub("", text)
    return bare.translate(LEET) if bare else text


def is_common(password: str) -> bool:
    """Tell whether a password is common, or made of something common by a habit of everybody."""
    text = unicodedata.normalize("NFKC", password).casefold()
    forms = {text, plain(text), text.translate(LEET), AROUND.sub("", text.translate(LEET))}
    forms |= {_unit(form) for form in forms}
    listed = common_passwords(), breached()
    return any(not forms.isdisjoint(each) for each in listed) or _is_pattern(text)


def is_personal(password: str, known: tuple[str, ...]) -> bool:
    """Tell whether hardly more than login ID, name or product stands in a password."""
    rest = unicodedata.normalize("NFKC", password).casefold()
    before = rest
    for word in sorted(known, key=len, reverse=True):
        if len(word) > 2 or (len(word) == 2 and not word.isascii()):
            rest = rest.replace(unicodedata.normalize("NFKC", word).casefold(), "")
    return rest != before and len(AROUND.sub("", rest)) < SHORTEST_REST


@functools.cache
def common_passwords() -> frozenset[str]:
    """Return the block list, read once."""
    return frozenset(PATH.read_text(encoding="utf-8").splitlines())


@functools.cache
def breached() -> frozenset[str]:
    """Return 30,000 passwords that were stolen often, read at the first new password."""
    from zxcvbn.frequency_lists import (  # type: ignore[import-untyped]  # noqa: PLC0415 - large
        FREQUENCY_LISTS,
    )

    return frozenset(FREQUENCY_LISTS["passwords"])


def _unit(text: str) -> str:
    """Return the shortest text of which `text` is a repetition: `abcabc` → `abc`."""
    position = (text + text).find(text, 1)
    return text[:position] if text else text


def _is_pattern(text: str) -> bool:
    """Tell whether a text is few signs repeated, a run of neighbours, or a date."""
    if len(_unit(text)) < SHORTEST_REST or len(set(text)) < SHORTEST_REST:
        return True
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(text)}
    return steps in ({1}, {-1}) or DATE.fullmatch(text) is not None
