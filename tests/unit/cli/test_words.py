"""Everything that `tenshu` says, in both languages; the reference is current."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from cli.main import tenshu
from cli.reference import commands, compose
from cli.translation import AS_IT_STANDS, PARAGRAPH

ROOT = Path(__file__).parents[3]
PLACEHOLDER = re.compile(r"\{\w+\}")


def _texts(folder: Path) -> set[str]:
    """Every marked text, and every message and hint of an error."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "mark":
                found.add(ast.literal_eval(node.args[0]))
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                name = getattr(node.targets[0], "id", "")
                if name in ("message", "hint") and isinstance(node.value.value, str):
                    found.add(node.value.value)
    return found


def _japanese(folder: Path) -> dict[str, str]:
    with (folder / "locale" / "ja.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, locale="ja") if each.id}


@pytest.mark.parametrize("folder", [ROOT / "cli", ROOT / "app" / "start"])
def test_every_text_is_there_in_japanese_with_the_same_placeholders(folder):
    japanese = _japanese(folder)
    for text in _texts(folder):
        assert text in japanese, text
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(japanese[text])), text


def test_all_help_is_there_in_japanese():
    japanese = _japanese(ROOT / "cli")
    for path, command in commands(tenshu):
        for paragraph in (command.help or "").rstrip().split(PARAGRAPH):
            if not paragraph.startswith(AS_IT_STANDS):
                assert paragraph in japanese, (path, paragraph)
        for option in command.params:
            if text := getattr(option, "help", None):
                assert text.partition(" [")[0] in japanese, (path, text)


def test_help_speaks_japanese_where_the_terminal_does(environ):
    for arguments in ((), ("accounts", "create"), ("setup",)):
        told = subprocess.run(
            [sys.executable, "-P", "-m", "cli", *arguments, "--help"],
            env={**environ, "LANG": "ja_JP.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert re.search("[ぁ-ん]", told.stdout)
        assert "JSON で答えます。" in told.stdout


def test_the_reference_is_what_the_commands_say():
    written = (ROOT / "docs" / "reference" / "command-line.md").read_text()
    assert written == compose(), "python -m cli.reference > docs/reference/command-line.md"
