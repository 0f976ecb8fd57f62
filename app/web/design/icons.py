"""Icons of the Lucide set, written into the page where they stand.

An icon is decoration: it is hidden from assistive technology, and a word always stands beside it.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from app.web.design.assets import PACKAGES
from app.web.design.errors import UnknownIcon

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHAPES: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@cache
def icon(name: str, packages: Path = PACKAGES) -> Markup:
    """Return an icon by its Lucide name as an inline drawing in the text's colour and size.

    Raise UnknownIcon if the set has none of that name.
    """
    path = packages / "lucide-static" / "icons" / f"{name}.svg"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise UnknownIcon(name=name)
    shapes = _SHAPES.search(path.read_text(encoding="utf-8"))
    assert shapes is not None  # every drawing of the set is one svg element # noqa: S101
    drawing = " ".join(shapes[1].split())
    return Markup(  # noqa: S704 - a file of the icon set, found by a name that is only letters
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        f"{drawing}</svg>"
    )
