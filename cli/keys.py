"""`tenshu keys`: the keys that seal secrets and files."""

import click

from app.core.messages import mark
from app.operations.operation import NoRequest
from app.start.operations import NewAuthority, Which, new_authority, rotate_keys
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


@keys.command("new-authority")
@click.argument("authority", type=click.Choice(list(Which)))
@everywhere
@this_call
def new(invocation: Invocation, authority: str) -> None:
    """Give the AUTHORITY of the planes or of devices another key: all its certificates end."""
    with invocation.context() as context:
        made = new_authority(context, NewAuthority(authority=Which(authority)))
    texts = {
        Which.planes: mark(
            "The planes have a new authority. Let browsers trust it as at the first time."
        ),
        Which.devices: mark(
            "Devices have a new authority. Issue a certificate to each device anew."
        ),
    }
    invocation.answer(made, invocation.words(texts[made.authority]))
