"""The command line's words: Japanese where LANG says so, else English."""

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app.core import messages
from app.core.errors import TenshuError

CATALOGUE: Final = Path(__file__).parent / "locale" / "ja.po"


def language_of(environ: Mapping[str, str] | None = None) -> str:
    """Return `ja` or `en` as the environment asks for (POSIX: LC_ALL, LC_MESSAGES, LANG)."""
    environ = os.environ if environ is None else environ
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(variable):
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


@functools.cache
def _own() -> dict[str, str]:
    from babel.messages.pofile import read_po  # noqa: PLC0415 - English needs no catalogue

    with CATALOGUE.open("rb") as file:
        return {str(found.id): str(found.string) for found in read_po(file, locale="ja")}


def say(language: str, text: str, **parameters: Any) -> str:  # noqa: ANN401
    """Return a text of the command line in `language`, its parameters filled in."""
    if language == "ja" and text in _own():
        text = _own()[text]
        return text.format(**parameters) if parameters else text
    return messages.translate(language, text, **parameters)


def explain(language: str, error: TenshuError) -> tuple[str, str]:
    """Return message and hint of an error."""
    return messages.explain(language, error)
