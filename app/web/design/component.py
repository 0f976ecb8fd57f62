"""A component is one file: Jinja macros, its style, its script.

The file is written as HTML with `<style>` and `<script>` sections that begin at the start of a
line. Pages never contain them (the Content-Security-Policy forbids inline parts): the template
loader drops the sections, and the asset builder collects them.
"""

import re
from pathlib import Path
from typing import Final

import msgspec

FOLDER: Final = Path(__file__).parent / "components"

_SECTION: Final = re.compile(
    r"^<(?P<kind>style|script)>\n(?P<body>.*?)^</(?P=kind)>\n?", re.DOTALL | re.MULTILINE
)


class Component(msgspec.Struct, frozen=True):
    """The three parts of one component."""

    template: str
    style: str
    script: str


def cut(source: str) -> Component:
    """Return the parts of a component's file.

    Lines of the template keep their numbers, so that an error in it points to the right line.
    """
    parts = {"style": "", "script": ""}

    def take(section: re.Match[str]) -> str:
        parts[section["kind"]] += section["body"]
        return "\n" * section[0].count("\n")

    template = _SECTION.sub(take, source)
    return Component(template=template, style=parts["style"], script=parts["script"])


def component_files(folder: Path = FOLDER) -> list[Path]:
    """Return the files of all components, in the order of their names."""
    return sorted(folder.glob("*.html"))
