"""`tenshu`: start and command the appliance from the machine itself.

Exit codes: 0 done; 1 refused or failed; 2 wrong usage, or what should be verified cannot be read;
3 the history was tampered with; 130 interrupted.
"""

import importlib
import sys
from typing import Final

import click

from app.core.errors import TenshuError
from app.core.version import version
from cli import failure
from cli.invocation import Invocation, everywhere, report
from cli.translation import translate_help

COMMANDS: Final = {
    "start": "cli.start:start",
    "setup": "cli.setup:setup",
    "accounts": "cli.accounts:accounts",
    "access": "cli.access:access",
    "people": "cli.people:people",
    "privacy": "cli.privacy:privacy",
    "audit": "cli.audit:audit",
    "status": "cli.status:status",
    "jobs": "cli.jobs:jobs",
    "backup": "cli.backup:backup",
    "keys": "cli.keys:keys",
    "config": "cli.config:config",
    "seed": "cli.seed:seed",
    "disks": "cli.disks:disks",
    "volume": "cli.volume:volume",
    "maintenance": "cli.maintenance:maintenance",
    "certificate": "cli.certificate:certificate",
    "completion": "cli.completion:completion",
}
"""Name → where it stands; imported when it is called, so that each call loads what it needs."""


class Commands(click.Group):
    """The top of the tree."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        translate_help(command, ctx.ensure_object(Invocation).language)
        return command


EXIT_CODES: Final = {
    0: "done",
    1: "refused or failed; the reason and what to do stand on stderr",
    2: "wrong usage; with `audit verify`: the history cannot be read",
    3: "`audit verify`: the history was tampered with",
    130: "interrupted",
}

HELP: Final = """Start and command the appliance.

Every setting is an option and a variable TENSHU_…; --json makes every command answer in JSON.

\b
Exit codes:
""" + "".join(f"  {code:<4} {meaning}\n" for code, meaning in EXIT_CODES.items())


@click.group(cls=Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), message="%(version)s", help="Show the version and exit.")
@everywhere
def tenshu() -> None:
    """Give every command its place."""


def main(arguments: list[str] | None = None) -> None:
    """Run one call and exit."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run one call and return its exit code."""
    invocation = Invocation()
    translate_help(tenshu, invocation.language)
    try:
        code = tenshu.main(arguments, prog_name="tenshu", standalone_mode=False, obj=invocation)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except TenshuError as error:
        report(error, invocation)
        return 1
    except Exception as error:  # noqa: BLE001 - the last door: nobody sees a traceback
        report(failure.record(error, invocation), invocation)
        return 1
    return code if isinstance(code, int) else 0
