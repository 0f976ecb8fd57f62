"""What is told of `appliance.toml` elsewhere, written from its types: schema, page, example.

python -m appliance.contract.configuration.reference
"""

import enum
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

import msgspec

from appliance.contract.configuration import interface_problems, problems
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.example import EXAMPLE
from appliance.contract.configuration.places import below
from appliance.contract.configuration.sections import Section
from appliance.contract.configuration.shape import Key, Shape, keys_of, shape_of
from appliance.contract.errors import ApplianceError

FOLDER: Final = Path(__file__).parents[3] / "docs" / "reference"

PAGE_HEAD: Final = """\
# `appliance.toml`

Written from the types of the document; a test fails where it is not current:
`python -m appliance.contract.configuration.reference`.

One document says what the machine should be: network, time, who may reach what. It is
[TOML](https://toml.io/en/v1.0.0). What is left out is as by default; an empty document is that of
a new machine. A key that is not listed here is refused, and the nearest one named. Editors check
and complete it with [appliance.schema.json](appliance.schema.json);
[appliance.example.toml](appliance.example.toml) shows every key at work.
"""

EXAMPLE_HEAD: Final = """\
# appliance.toml: every key, as a company might have it. Lines that are commented out are as by
# default. Written from the types of the document; a test fails where it is not current:
# python -m appliance.contract.configuration.reference

"""

PROBLEMS_HEAD: Final = """\
## What is refused

Each with its place in the document and what to do; all of them at once. Where the console's or the
command line's answer is read by a program, the code is what stays.

| Code | What is wrong |
|---|---|
"""


def compose_schema() -> str:
    """Return the JSON Schema (draft 2020-12)."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "appliance.toml"}
    return json.dumps(head | msgspec.json.schema(Document), indent=2, ensure_ascii=False) + "\n"


def compose_page() -> str:
    """Return the reference page as Markdown."""
    lines = [PAGE_HEAD, *_section("", shape_of(Document))]
    kinds = (*vars(problems).values(), *vars(interface_problems).values())
    rows = "\n".join(problem_rows(kinds, problems.ConfigurationProblem))
    return "\n".join(lines) + "\n" + PROBLEMS_HEAD + rows + "\n"


def problem_rows(kinds: Iterable[Any], base: type[ApplianceError]) -> Iterator[str]:
    """Yield the table of what is refused: those of `kinds` that are of a kind of error."""
    told = {
        one.code: (one.__doc__ or "").splitlines()[0]
        for one in kinds
        if isinstance(one, type) and issubclass(one, base) and one is not base
    }
    yield from (f"| `{code}` | {says} |" for code, says in sorted(told.items()))


def compose_example() -> str:
    """Return the commented example."""
    lines = _tables("", EXAMPLE, shape_of(Document), set())
    return EXAMPLE_HEAD + "\n".join(lines) + "\n"


def _section(place: str, shape: Shape) -> Iterator[str]:
    """Yield a section and those in it, each with the table of its keys."""
    if place:
        yield f"## `{place}`"
        yield ""
        yield " ".join((shape.kind.__doc__ or "").split())
        yield ""
    yield from key_rows(shape.kind)
    yield ""
    for key in keys_of(shape.kind).values():
        inner, within = _within(key.shape), below(place.strip("[]"), key.name)
        if inner is not None:
            name = ".<name>" if key.shape.kind is dict else ""
            yield from _section(
                f"[[{within}]]" if key.shape.kind is tuple else f"[{within}{name}]", inner
            )


def key_rows(section: type[Section]) -> Iterator[str]:
    """Yield the table of the keys of a section."""
    yield "| Key | What it takes | By default | Meaning |"
    yield "|---|---|---|---|"
    yield from map(_row, keys_of(section).values())


def _within(shape: Shape) -> Shape | None:
    """Return the section that a value is, or holds."""
    innermost = shape.inner[-1] if shape.inner else shape
    return innermost if innermost.is_a(Section) else None


def _row(key: Key) -> str:
    inner = key.shape.inner[-1].examples if key.shape.inner else ()
    examples = ", ".join(f"`{_toml(one)}`" for one in key.shape.examples or inner)
    says = f"{key.shape.description}." + (f" For example {examples}." if examples else "")
    return f"| `{key.name}` | {_takes(key.shape)} | {_default(key)} | {says} |"


def _default(key: Key) -> str:
    if key.required:
        return "required"
    return "" if _within(key.shape) else f"`{_toml(key.default)}`"


def _takes(shape: Shape) -> str:
    """Return kind and limits in words."""
    if shape.inner:
        bounds = f", {shape.min_length} at least" * bool(shape.min_length)
        bounds += f", {shape.max_length} at most" * bool(shape.max_length)
        if _within(shape):
            return ("tables by name" if shape.kind is dict else "tables") + bounds
        return f"list{bounds}; each: {_each(shape.inner[0])}"
    if shape.choices:
        return "one of " + ", ".join(f"`{one}`" for one in shape.choices)
    if shape.kind is int:
        return (
            f"whole number, {shape.ge} to {shape.le}" if shape.ge != shape.le else f"`{shape.ge}`"
        )
    if shape.kind is str:
        return f"text, {shape.max_length} characters at most" if shape.max_length else "text"
    return "`true` or `false`" if shape.kind is bool else "table"


def _each(item: Shape) -> str:
    return _takes(item) if item.choices else item.description


def _tables(place: str, value: Any, shape: Shape, told: set[Any]) -> Iterator[str]:  # noqa: ANN401
    """Yield the keys of a section, plain ones first; what was told of a kind once is not again."""
    keys, first = keys_of(shape.kind).values(), shape.kind not in told
    told.add(shape.kind)
    for key in keys:
        if _within(key.shape) is None:
            found = getattr(value, key.name)
            if first:
                yield from _comment(f"{key.shape.description} ({_takes(key.shape)}).")
            if first or found != key.default:
                line = f"{key.name} = {_toml(found)}"
                yield f"# {line}" if found == key.default else line
    for key in keys:
        inner = _within(key.shape)
        if inner is not None:
            within, found = below(place, key.name), getattr(value, key.name)
            for head, one in _heads(within, found, key):
                yield ""
                if inner.kind not in told:
                    yield from _comment(f"{key.shape.description}.")
                yield head
                yield from _tables(head.strip("[]"), one, inner, told)


def _comment(text: str) -> list[str]:
    return wrap(text.replace("`", ""), 96, initial_indent="# ", subsequent_indent="#   ")


def _heads(place: str, value: Any, key: Key) -> list[tuple[str, Any]]:  # noqa: ANN401
    """Return the headings of the tables under a key, each with its value."""
    if key.shape.kind is tuple:
        return [(f"[[{place}]]", one) for one in value]
    if key.shape.kind is dict:
        mine = {name: one for name, one in value.items() if one != key.default.get(name)}
        return [(f"[{below(place, name)}]", one) for name, one in mine.items()]
    return [(f"[{place}]", value)]


def _toml(value: Any) -> str:  # noqa: ANN401
    """Return a value as TOML writes it, which is JSON for all that stands here."""
    if isinstance(value, enum.Enum):
        value = value.value
    return json.dumps(value, ensure_ascii=False)


PAGES: Final[dict[str, Callable[[], str]]] = {
    "appliance.schema.json": compose_schema,
    "appliance-toml.md": compose_page,
    "appliance.example.toml": compose_example,
}

if __name__ == "__main__":
    for name, compose in PAGES.items():
        (FOLDER / name).write_text(compose())
