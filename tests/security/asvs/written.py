"""What the documents under docs/security say, read so that a test can hold it to the code."""

import ast
import importlib
import re
from collections.abc import Iterator
from typing import Any

from tests.running import ROOT

PAGES = ROOT / "docs/security"
OURS = ("app", "appliance", "cli")
UNITS = {
    "byte": (1,),
    "KiB": (1 << 10,),
    "MiB": (1 << 20,),
    "GiB": (1 << 30,),
    "second": (1, 1_000),
    "minute": (1, 60, 60_000),
    "hour": (1, 3_600, 3_600_000),
    "day": (1, 86_400, 86_400_000),
}
"""What one of a unit may be in the code: times are seconds, milliseconds, or what the name says."""


def read(name: str) -> str:
    """Return a page."""
    return (PAGES / name).read_text()


def section(name: str, heading: str) -> str:
    """Return what stands under a heading of a page."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", read(name), re.MULTILINE | re.DOTALL
    )
    assert found, (name, heading)
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells[1:] if not set("".join(row)) <= set("-: ")]


def values(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and written value of each row whose last two cells are `a.b.NAME` and a value."""
    for row in rows(text):
        found = re.fullmatch(r"`([\w.]+\.[A-Za-z_]\w*)`", row[-1])
        if found:
            yield found[1], row[-2]


def value_of(name: str) -> Any:
    """Return what a dotted name stands for in the code."""
    module, parts = name, []
    while True:
        module, _, last = module.rpartition(".")
        parts.insert(0, last)
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError:
            continue
        for part in parts:
            found = getattr(found, part)
        return found


def means(written: str) -> set[float]:
    """Return the numbers that a written value may stand for: `1 MiB`, `30 seconds`, `5`."""
    number, _, unit = written.replace(",", "").partition(" ")
    return {float(number) * factor for factor in UNITS.get(unit.removesuffix("s"), (1,))}


def sources() -> Iterator[tuple[str, str]]:
    """Yield path and text of every module of the product."""
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text()


def imports(source: str) -> set[str]:
    """Return what a source imports, with dots: `socket`, `cryptography.hazmat.…`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


def calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call of a source with the name that is called."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield ast.unparse(node.func), node
