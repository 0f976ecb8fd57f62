"""The command line's reference, written from the commands themselves.

python -m cli.reference > docs/reference/command-line.md
"""

from collections.abc import Iterator

import click

from cli.invocation import SETTINGS
from cli.main import EXIT_CODES, tenshu

HEAD = """\
# The command `tenshu`

Written from the commands themselves; a test fails where it is not current:
`python -m cli.reference > docs/reference/command-line.md`.

Results go to stdout, everything else to stderr. `--json` makes every command answer in JSON with
stable names; an error is then `{"error": {"code", "message", "hint"}}` on stderr. Secrets are never
arguments: they come from a prompt, from stdin (`-`) or from a file. Words are Japanese where
`LC_ALL`, `LC_MESSAGES` or `LANG` begins with `ja`, else English.

On the machine itself `tenshu` may do everything; the history tells each deed with the account
`local` and the user of the operating system.
"""


def commands(command: click.Command, path: str = "tenshu") -> Iterator[tuple[str, click.Command]]:
    """Yield every command below `command` that does something itself, with its whole name."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    if command.invoke_without_command:
        yield path, command
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from commands(found, f"{path} {name}")


def compose() -> str:
    """Return the reference as Markdown."""
    lines = [HEAD, "## Exit codes", "", "| Code | Meaning |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    lines += ["", "## Settings", "", "| Option | Variable | |", "|---|---|---|"]
    lines += [f"| `{name}` | `{found}` | {says} |" for name, (found, says) in SETTINGS.items()]
    lines += ["", "## Commands", ""]
    for path, command in commands(tenshu):
        lines += _section(path, command)
    return "\n".join(lines).rstrip() + "\n"


def _section(path: str, command: click.Command) -> list[str]:
    arguments = [
        f"[{one.human_readable_name.upper()}]"
        if not one.required
        else one.human_readable_name.upper()
        for one in command.params
        if isinstance(one, click.Argument)
    ]
    title = " ".join([path, *arguments])
    text = (command.help or "").replace("\b\n", "").strip().splitlines()
    lines = [f"### `{title}`", "", *_prose(text), ""]
    options = [one for one in command.params if isinstance(one, click.Option) and one.expose_value]
    if options:
        lines += ["| Option | |", "|---|---|"]
        lines += [f"| `{', '.join(one.opts)}` | {one.help} |" for one in options]
        lines.append("")
    return lines


def _prose(text: list[str]) -> list[str]:
    """Return help as Markdown: an example of a file stands in a block of its own."""
    start = next((place for place, line in enumerate(text) if line.startswith("[")), None)
    if start is None:
        return text
    end = next(place for place in range(start, len(text)) if not text[place])
    return [*text[:start], "```toml", *text[start:end], "```", *text[end:]]


if __name__ == "__main__":
    click.echo(compose(), nl=False)
