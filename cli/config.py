"""`tenshu config`: the settings of this copy and where each one comes from."""

import click

from app.core.messages import mark
from cli.invocation import SETTINGS, Invocation, everywhere, this_call
from cli.table import columns


@click.group
@everywhere
def config() -> None:
    """Look at the settings."""


@config.command
@everywhere
@this_call
def show(invocation: Invocation) -> None:
    """Show every setting, its value, and where the value comes from."""
    values = invocation.settings().environment()
    found = [
        {"variable": variable, "value": values[variable], "from": invocation.origin(variable)}
        for variable, _ in SETTINGS.values()
    ]
    heads = [invocation.words(head) for head in (mark("Setting"), mark("Value"), mark("From"))]
    rows = [(one["variable"], one["value"], invocation.words(one["from"])) for one in found]
    invocation.answer({"settings": found}, lambda: columns(heads, rows))
