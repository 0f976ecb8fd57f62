"""`tenshu status`: which processes run, and which planes answer."""

import click

from app.core.messages import mark
from cli.invocation import Invocation, everywhere, this_call
from cli.table import columns

NOT_WELL = 1


@click.command
@everywhere
@this_call
def status(invocation: Invocation) -> int:
    """Tell which processes run and whether both planes answer; exit code 1 if not all is well."""
    from app.start.announce import address_of  # noqa: PLC0415 - as late as for the others
    from app.start.knocking import answers  # noqa: PLC0415
    from app.start.processes import RUNNING, settled  # noqa: PLC0415

    settings = invocation.settings_of_last_start()
    found = settled(settings)
    planes = [
        {"name": name, "address": address_of(settings, port), "healthy": answers(settings, port)}
        for name, port in (
            ("console", settings.console_port),
            ("workspace", settings.workspace_port),
        )
    ]
    well = bool(found) and all(one.state == RUNNING for one in found)
    well = well and all(plane["healthy"] for plane in planes)
    yes, no = invocation.words(mark("answers")), invocation.words(mark("does not answer"))
    rows = [(plane["name"], plane["address"], yes if plane["healthy"] else no) for plane in planes]
    rows += [(one.name, one.description, one.state) for one in found]
    heads = [invocation.words(head) for head in (mark("Name"), mark("Where"), mark("State"))]
    answer = {"well": well, "planes": planes, "processes": found}
    invocation.answer(answer, lambda: columns(heads, rows))
    return 0 if well else NOT_WELL
