"""Which repository a command means, and a run followed to its end."""

import time

from app.backups.operations.repositories import list_repositories
from app.backups.operations.runs import OneRun, get_run
from app.core.errors import NotFound, TenshuError
from app.core.messages import mark
from app.machine.errors import MachineError
from app.operations.context import Context
from app.operations.operation import NoRequest
from appliance.contract.actions import Repository
from appliance.contract.runs import Run, State
from cli.progress import Bar

POLL_SECONDS = 0.3


class RepositoryNotNamed(TenshuError):
    """No repository was named, and there is not exactly one to be meant."""

    code = "command.repository_not_named"
    message = "Say which repository is meant: there are {count}."
    hint = (
        "List them: tenshu backup repository list. "
        "Make one: tenshu backup repository create FOLDER."
    )


def find(context: Context, asked: str) -> Repository:
    """Return the repository of this name or identifier, the only one by default.

    Raise NotFound or RepositoryNotNamed.
    """
    found = list_repositories(context, NoRequest()).repositories
    if not asked:
        if len(found) != 1:
            raise RepositoryNotNamed(count=len(found))
        return found[0]
    for one in found:
        if asked in (one.id, one.name):
            return one
    raise NotFound(kind=mark("repository"), name=asked)


def follow(context: Context, started: Run) -> Run:
    """Wait for the end of a run. Raise what ended it."""
    bar, run = Bar(), started
    try:
        while run.state is State.running:
            bar.show(run.progress.phase.value, run.progress.percent)
            time.sleep(POLL_SECONDS)
            run = get_run(context, OneRun(run=run.id))
    finally:
        bar.close()
    if run.error is not None:
        raise MachineError(run.error)
    return run
