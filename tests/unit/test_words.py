"""Every word that a person may see exists in Japanese too, and no catalogue holds dead ones.

Texts are found where they stand: `mark("…")`, `translate(language, "…")` and `say(language, "…")`
in Python, `_("…")` in templates, message and hint of every error, and the first line of what an
operation says about itself (asked back before something dangerous is done).
"""

import ast
import functools
import importlib
import io
import pkgutil
import string
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import app
import cli
from app.core.errors import TenshuError
from app.core.messages import catalogue
from app.operations.operation import Tier
from app.operations.registry import all_operations
from app.web.design.component import cut

ROOT = Path(app.__file__).parents[1]
KEYWORDS = {"mark": None, "_": None, "translate": (2,), "say": (2,)}
HOME_OF_WORDS = {"app/core/messages.py", "cli/words.py"}
"""Define those functions; their own calls pass variables on."""


class Text(NamedTuple):
    """One text and where it stands."""

    where: str
    msgid: str


def area_of(path):
    """Return the folder that keeps a file's words: `app/identity`, `app/services/tables`, `cli`."""
    parts = path.relative_to(ROOT).parts
    length = 1 if parts[0] == "cli" else 3 if parts[1] == "services" else 2
    return "/".join(parts[:length])


def sources(suffix, folders=("app", "cli")):
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob(f"*{suffix}")
        if "versions" not in path.parts
    )


def in_python():
    for path in sources(".py"):
        name = str(path.relative_to(ROOT))
        if name in HOME_OF_WORDS:
            continue
        with path.open("rb") as file:
            for line, message, *_ in extract("python", file, KEYWORDS):
                yield area_of(path), Text(f"{name}:{line}", message)


def in_templates():
    for path in sources(".html"):
        source = cut(path.read_text()).template.encode()
        for line, _, message, _ in babel_extract(io.BytesIO(source), ["_"], [], {}):
            msgid = message[0] if isinstance(message, tuple) else message  # beside parameters
            if msgid:  # what only the request knows is marked where it is made
                yield area_of(path), Text(f"{path.relative_to(ROOT)}:{line}", msgid)


def every(kind):
    for subclass in kind.__subclasses__():
        yield subclass
        yield from every(subclass)


def errors():
    for package in (app, cli):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if (
                "__main__" not in module.name
                and ".versions" not in module.name
                and (module.name != "app.migrations.env")
            ):
                importlib.import_module(module.name)
    return sorted(
        {kind for kind in [TenshuError, *every(TenshuError)]
         if kind.__module__.partition(".")[0] in ("app", "cli")},
        key=lambda kind: (kind.__module__, kind.__qualname__),
    )  # fmt: skip


def in_errors():
    for kind in errors():
        path = ROOT / (kind.__module__.replace(".", "/") + ".py")
        if not path.exists():
            path = ROOT / kind.__module__.replace(".", "/") / "__init__.py"
        for text in (kind.message, kind.hint):
            if text:
                yield area_of(path), Text(f"{path.relative_to(ROOT)} {kind.__name__}", text)


def in_dangerous_operations():
    for found in all_operations():
        if found.tier >= Tier.T2_DANGEROUS:
            path = ROOT / (found.function.__module__.replace(".", "/") + ".py")
            yield area_of(path), Text(f"{path.relative_to(ROOT)} {found.name}", found.summary)


@functools.cache
def texts():
    """Return area → its texts."""
    found = {}
    for source in (in_python, in_templates, in_errors, in_dangerous_operations):
        for area, text in source():
            found.setdefault(area, []).append(text)
    return found


@functools.cache
def catalogues():
    """Return area → the entries of its Japanese catalogue."""
    found = {}
    for path in sources("ja.po"):
        with path.open("rb") as file:
            found[area_of(path)] = [entry for entry in read_po(file, locale="ja") if entry.id]
    return found


@functools.cache
def known(area):
    """Return every msgid that has a Japanese text where `area` says it.

    The command line knows what the pages know; they know nothing of its own.
    """
    own = {entry.id for entry in catalogues().get("cli", ()) if entry.string}
    return frozenset(catalogue("ja").keys() | (own if area == "cli" else set()))


@functools.cache
def literals():
    """Return every text that stands in the code or in a template, marked or not."""
    found = {text.msgid for area in texts().values() for text in area}
    found |= {operation.summary for operation in all_operations()}
    # the machine's errors are raised in `appliance`; the console's area translates them
    for path in sources(".py", ("app", "cli", "appliance")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
                # help of the command line: a docstring's paragraphs and lines are said one by one
                found.update(" ".join(part.split()) for part in node.value.split("\n\n"))
                found.update(line.strip() for line in node.value.splitlines())
    return frozenset(found)


def placeholders(text):
    """Return the names in braces, each as often as it stands there."""
    return Counter(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


AREAS = sorted(
    {area_of(path) for path in (*sources(".py"), *sources(".html"))}
    - {"app/__init__.py", "app/services/__init__.py"}
)


@pytest.mark.parametrize("area", AREAS)
def test_every_text_of_an_area_has_its_japanese(area):
    missing = sorted({text for text in texts().get(area, ()) if text.msgid not in known(area)})
    assert not missing, f"write into {area}/locale/ja.po:\n" + "\n".join(
        f"{text.where}\n  msgid {text.msgid!r}" for text in missing
    )


@pytest.mark.parametrize("area", sorted(catalogues()))
def test_a_translation_fills_in_the_same_placeholders(area):
    wrong = [
        f"{area}/locale/ja.po:{entry.lineno} {entry.id!r}"
        for entry in catalogues()[area]
        if placeholders(entry.id).keys() != placeholders(entry.string).keys()
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("area", sorted(catalogues()))
def test_no_catalogue_keeps_a_text_that_nobody_says_any_more(area):
    dead = [
        f"{area}/locale/ja.po:{entry.lineno} {entry.id!r}"
        for entry in catalogues()[area]
        if entry.id not in literals()
    ]
    assert not dead, "\n".join(dead)


@pytest.mark.parametrize("area", sorted(catalogues()))
def test_every_entry_is_sure_and_in_the_voice_of_the_house(area):
    """です・ます, short, no exclamation marks; nothing left empty or fuzzy."""
    wrong = [
        f"{area}/locale/ja.po:{entry.lineno} {entry.id!r}"
        for entry in catalogues()[area]
        if entry.fuzzy
        or not entry.string
        or "！" in entry.string
        or "!" in entry.string
        or entry.string != entry.string.strip()
    ]
    assert not wrong, "\n".join(wrong)


def test_one_text_is_said_in_one_way_everywhere():
    said = {}
    for area, entries in catalogues().items():
        for entry in entries:
            said.setdefault(entry.id, {}).setdefault(entry.string, area)
    wrong = {msgid: ways for msgid, ways in said.items() if len(ways) > 1}
    assert not wrong


def test_the_search_for_words_finds_each_kind_of_place():
    """Else the tests above would be green because they look nowhere."""
    found = {text.msgid for area in texts().values() for text in area}
    assert "a port is a number from 1 to 65535" in found  # mark
    assert "Required" in found  # a template
    assert "QR code of “{name}”" in found  # a template, with parameters
    assert "The disk is full; nothing was changed." in found  # an error
    assert len(errors()) > 30
    assert placeholders("{a} of {b:.1f} {{c}} {a}") == {"a": 2, "b": 1}


RAISED = [kind for kind in errors() if "code" in vars(kind) and kind is not TenshuError]
"""Others are a root of several, or take over what another program says."""


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_error_says_what_happened_what_to_do_and_has_a_code_of_its_own(kind):
    assert kind.message.strip(), "say what happened"
    assert kind.hint.strip(), "say what to do now"
    assert 400 <= kind.status < 600
    elsewhere = [other for other in RAISED if other.__module__ != kind.__module__]
    double = [other for other in elsewhere if other.code == kind.code]
    assert not double, f"{kind.code} is the code of {double} too"
    named = placeholders(kind.message).keys() | placeholders(kind.hint).keys()
    assert all(name.isidentifier() for name in named), "parameters have names"
