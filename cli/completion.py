"""`tenshu completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

from cli.invocation import everywhere

SHELLS = ("bash", "zsh", "fish")


@click.command
@click.argument("shell", type=click.Choice(SHELLS))
@everywhere
def completion(shell: str) -> None:
    """Print the completion script of SHELL: source <(tenshu completion bash)."""
    from cli.main import tenshu  # noqa: PLC0415 - the tree that imports this module

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows these three
    click.echo(kind(tenshu, {}, "tenshu", "_TENSHU_COMPLETE").source())
