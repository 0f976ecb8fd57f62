"""`tenshu audit destinations` and `client-certificate`: the places off the machine.

What they work with is imported when they are called: `tenshu audit verify` runs without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from app.core.errors import NotFound
from app.core.messages import mark
from cli.ask import text_from
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request
from cli.table import columns, moment

if TYPE_CHECKING:
    from app.offsite.kinds import SyslogReceiver
    from app.offsite.operations.showing import DestinationView
    from app.operations.context import Context

FILE = click.Path(path_type=Path)


@click.command
@everywhere
@this_call
def destinations(invocation: Invocation) -> None:
    """List the places off the machine that get the history, and how far behind each is."""
    from app.offsite.operations.showing import list_destinations  # noqa: PLC0415
    from app.operations.operation import NoRequest  # noqa: PLC0415

    with invocation.context() as context:
        found = list_destinations(context, NoRequest())
    heads = [
        invocation.words(head)
        for head in (
            mark("Name"),
            mark("Kind"),
            mark("Arrived"),
            mark("Behind"),
            mark("Last"),
            mark("State"),
        )
    ]
    rows = [
        (
            one.name,
            one.kind.value,
            one.arrived,
            one.behind,
            moment(one.arrived_at),
            _state(invocation, one),
        )
        for one in found.items
    ]
    none = mark("No destination is set: a history that stands here alone can be cut off unseen.")
    invocation.answer(found, lambda: columns(heads, rows) if rows else invocation.words(none))


@click.command("client-certificate")
@click.argument("name")
@click.option("--certificate", type=FILE, help="File with our own certificate (PEM).")
@click.option("--key", "key_file", help="File with its private key (PEM); - is stdin.")
@click.option("--remove", is_flag=True, help="Show no certificate any more.")
@everywhere
@this_call
def client_certificate(
    invocation: Invocation, name: str, certificate: Path | None, key_file: str | None, remove: bool
) -> None:
    """Set the certificate by which the syslog receiver NAME knows the appliance."""
    from app.offsite.operations.changing import update_destination  # noqa: PLC0415
    from app.offsite.operations.checking import DestinationChange  # noqa: PLC0415

    if remove == (certificate is not None):
        raise click.UsageError(invocation.words(mark("Give one of --certificate and --remove.")))
    text = "" if certificate is None else text_from(str(certificate)).reveal()
    key = None if key_file is None else text_from(key_file)
    with invocation.context() as context:
        found, receiver = _find(context, name)
        wanted = request(
            DestinationChange,
            destination=found.id,
            rev=found.rev,
            name=found.name,
            syslog=msgspec.structs.replace(receiver, certificate=text),
            client_key=key,
        )
        changed = update_destination(context, wanted)
    own = changed.certificate
    invocation.answer(changed, f"{own.subject}  {moment(own.expires_at)}" if own else changed.name)


def _find(context: "Context", name: str) -> tuple["DestinationView", "SyslogReceiver"]:
    """Return the syslog receiver of this name or identifier. Raise NotFound."""
    from app.offsite.operations.showing import list_destinations  # noqa: PLC0415
    from app.operations.operation import NoRequest  # noqa: PLC0415

    for one in list_destinations(context, NoRequest()).items:
        if one.syslog and name in (one.id, one.name):
            return one, one.syslog
    raise NotFound(kind=mark("syslog receiver"), name=name)


def _state(invocation: Invocation, one: "DestinationView") -> str:
    from app.web.error_words import explain_code  # noqa: PLC0415

    if one.error:
        return explain_code(invocation.language, one.error, one.error_parameters)
    return invocation.words(mark("behind") if one.stuck else mark("well"))
