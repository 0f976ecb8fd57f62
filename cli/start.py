"""`tenshu start`."""

import gc
import os

import click

from cli.invocation import Invocation, everywhere, this_call


@click.command
@everywhere
@this_call
def start(invocation: Invocation) -> None:
    """Start console, workspace and what they need, in the foreground."""
    gc.disable()  # loading makes no garbage, and this process ends in an exec
    from app.start.start import start as start_appliance  # noqa: PLC0415 - half a second of imports

    def say(step: str) -> None:
        invocation.tell("· {step}", step=invocation.words(step))

    os.umask(0o077)
    start_appliance(
        invocation.settings(),
        language=invocation.language,
        as_json=invocation.as_json,
        say=say,
    )
