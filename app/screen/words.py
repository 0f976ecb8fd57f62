"""The screen's words. It knows its own catalogue only: a process for each display stays small."""

import functools
from pathlib import Path
from typing import Any, Final

CATALOGUE: Final = Path(__file__).parent / "locale" / "ja.po"


@functools.cache
def _japanese() -> dict[str, str]:
    from babel.messages.pofile import read_po  # noqa: PLC0415 - English needs no catalogue

    with CATALOGUE.open("rb") as file:
        return {str(found.id): str(found.string) for found in read_po(file, locale="ja")}


def say(language: str, text: str, **parameters: Any) -> str:  # noqa: ANN401
    """Return a text of the screen in `language`, its parameters filled in."""
    if language == "ja":
        text = _japanese().get(text, text)
    return text.format(**parameters) if parameters else text
