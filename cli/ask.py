"""Secrets never stand on a command line: they come from a prompt, from stdin or from a file."""

import sys
from pathlib import Path

import click

from app.core.secret import Secret

STDIN = "-"


def secret_from(file: str | None, prompt: str, *, twice: bool = False) -> Secret:
    """Return a secret: first line of `file` (`-` is stdin), else what a person types unseen."""
    if file == STDIN or (file is None and not sys.stdin.isatty()):
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if file is not None:
        try:
            lines = Path(file).read_text().splitlines()
        except OSError as error:
            raise click.BadParameter(f"{file}: {error.strerror}") from error
        return Secret(lines[0] if lines else "")
    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True)
    return Secret(typed)


def text_from(file: str) -> Secret:
    """Return all that stands in a file (`-` is stdin): a key or a certificate has many lines."""
    try:
        return Secret(sys.stdin.read() if file == STDIN else Path(file).read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file}: {error}") from error
