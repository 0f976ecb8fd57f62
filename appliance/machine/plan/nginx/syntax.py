"""nginx's own grammar: directives, blocks, and words that are quoted."""

from collections.abc import Iterable
from typing import Final

STEP: Final = "    "


def quoted(word: str) -> str:
    """Return a word that nginx takes as it stands, but for `$variables`."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def block(head: str, lines: Iterable[str]) -> str:
    """Return a block of directives; blocks may lie in it."""
    body = "\n".join(STEP + one if one else "" for line in lines for one in line.split("\n"))
    return f"{head} {{\n{body}\n}}"


def table(source: str, variable: str, rows: Iterable[tuple[str, str]], *options: str) -> str:
    """Return a `map`: `variable` takes the value of the row that `source` fits."""
    lines = [f"{option};" for option in options]
    return block(f"map {source} {variable}", [*lines, *(f"{key} {value};" for key, value in rows)])
