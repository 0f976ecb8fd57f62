"""Help in the language of the terminal."""

import re
from typing import Final

import click

from cli.words import say

PARAGRAPH: Final = "\n\n"
AS_IT_STANDS: Final = "\b\n"
"""How click marks a paragraph whose lines it must not join."""
NUMBERED: Final = re.compile(r"(\s*\d*\s*)(.*)", re.DOTALL)


def translate_help(command: click.Command, language: str) -> None:
    """Put a command's help, and that of its options and commands, into `language`."""
    if language == "en":
        return
    if command.help:
        paragraphs = command.help.rstrip().split(PARAGRAPH)
        command.help = PARAGRAPH.join(_translate(one, language) for one in paragraphs)
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            text, bracket, variable = option.help.partition(" [")
            option.help = say(language, text) + bracket + variable
    if isinstance(command, click.Group):
        for below in command.commands.values():
            translate_help(below, language)


def _translate(paragraph: str, language: str) -> str:
    if not paragraph.startswith(AS_IT_STANDS):
        return say(language, paragraph)
    lines = paragraph.removeprefix(AS_IT_STANDS).splitlines()
    return AS_IT_STANDS + "\n".join(_translate_line(line, language) for line in lines)


def _translate_line(line: str, language: str) -> str:
    number, text = NUMBERED.fullmatch(line).groups()  # type: ignore[union-attr]  # fits everything
    return number + say(language, text)
