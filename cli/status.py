"""`tenshu status`: which processes run, and which planes answer."""

import xmlrpc.client

import click

from app.core.messages import mark
from app.core.settings import Settings
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

    settings = invocation.settings()
    processes = _processes(settings)
    planes = [
        {"name": name, "address": address_of(settings, port), "healthy": answers(settings, port)}
        for name, port in (
            ("console", settings.console_port),
            ("workspace", settings.workspace_port),
        )
    ]
    well = bool(processes) and all(one["state"] == "RUNNING" for one in processes)
    well = well and all(plane["healthy"] for plane in planes)
    yes, no = invocation.words(mark("answers")), invocation.words(mark("does not answer"))
    rows = [(plane["name"], plane["address"], yes if plane["healthy"] else no) for plane in planes]
    rows += [(one["name"], one["description"], one["state"]) for one in processes]
    heads = [invocation.words(head) for head in (mark("Name"), mark("Where"), mark("State"))]
    answer = {"well": well, "planes": planes, "processes": processes}
    invocation.answer(answer, lambda: columns(heads, rows))
    return 0 if well else NOT_WELL


def _processes(settings: Settings) -> list[dict[str, str]]:
    """Ask the supervisor; nothing where it does not run."""
    from app.start.control import supervisor_of  # noqa: PLC0415

    try:
        with supervisor_of(settings) as supervisor:
            found = supervisor.getAllProcessInfo()
    except (OSError, xmlrpc.client.Error):
        return []
    assert isinstance(found, list)  # noqa: S101 - supervisord's documented answer
    return [
        {"name": one["name"], "state": one["statename"], "description": one["description"]}
        for one in found
    ]
