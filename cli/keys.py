"""`tenshu keys`: the keys that seal secrets and files."""

import click

from app.core.messages import mark
from app.operations.operation import NoRequest
from app.start.operations import rotate_keys
from cli.invocation import Invocation, everywhere, this_call


@click.group
@everywhere
def keys() -> None:
    """Look after the keys."""


@keys.command
@everywhere
@this_call
def rotate(invocation: Invocation) -> None:
    """Seal with a new key from now on; what older keys sealed still opens."""
    with invocation.context() as context:
        rotated = rotate_keys(context, NoRequest())
    text = mark("Key {key} seals from now on. The key kit stays the same.")
    invocation.answer(rotated, invocation.words(text, key=rotated.key))
