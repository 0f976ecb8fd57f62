"""Words in Japanese and English.

The source text is English and stands in the code; each area keeps its Japanese beside it in
`app/<area>/locale/ja.po`, and in `en.po` what English says of one. Catalogues are read once, at
start.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from babel.messages.pofile import read_po

from app.core.errors import TenshuError

LANGUAGES: Final = ("ja", "en")
ROOT: Final = Path(__file__).parents[1]


def mark(text: str) -> str:
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


@functools.lru_cache(maxsize=8)
def catalogue(language: str) -> dict[str, str]:
    """Return English text → text in `language`, over all areas; nothing for an unknown one."""
    texts: dict[str, str] = {}
    if language not in LANGUAGES:  # it may come from a request, and becomes part of a path
        return texts
    for path in sorted(ROOT.rglob(f"locale/{language}.po")):
        with path.open("rb") as file:
            texts.update(
                (str(message.id), str(message.string))
                for message in read_po(file, locale=language)
                if message.id and message.string and not message.fuzzy
            )
    return texts


def translate(language: str, text: str, **parameters: Any) -> str:  # noqa: ANN401
    """Return `text` in `language` with its parameters filled in; English where none is kept."""
    found = words(language, text, parameters)
    return found.format(**parameters) if parameters else found


def words(language: str, text: str, parameters: Mapping[str, object]) -> str:
    """Return `text` in `language`, to be filled in. English has another form for one of a thing.

    That form stands in `locale/en.po`; a text says by the parameter `count` of how many it speaks.
    """
    if language != "en":
        return catalogue(language).get(text, text)
    return catalogue("en").get(text, text) if str(parameters.get("count")) == "1" else text


def explain(language: str, error: TenshuError) -> tuple[str, str]:
    """Return message and hint of an error in `language`.

    Parameters that are themselves marked texts (a reason, a kind of thing) are translated too.
    """
    known = catalogue(language) if language != "en" else {}
    parameters = {
        name: known.get(value, value) if isinstance(value, str) else value
        for name, value in error.parameters.items()
    }
    return (
        known.get(error.message, error.message).format(**parameters),
        known.get(error.hint, error.hint).format(**parameters) if error.hint else "",
    )
