"""`tenshu start`."""

import gc
import os

import click

from cli.invocation import Invocation, everywhere, this_call


@click.command
@everywhere
@this_call
def start(invocation: Invocation) -> int:
    """Start console, workspace and what they need, in the foreground."""
    gc.disable()  # loading makes no garbage, and neither of the two processes goes on long
    from app.start.start import start as start_appliance  # noqa: PLC0415 - only this command's

    def say(step: str) -> None:
        invocation.tell("· {step}", step=invocation.words(step))

    os.umask(0o077)
    return start_appliance(
        invocation.settings(),
        language=invocation.language,
        as_json=invocation.as_json,
        say=say,
    )
