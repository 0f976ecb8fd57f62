"""What nobody foresaw: the person gets an incident number, the log gets the rest."""

import datetime as dt
import traceback

from app.core.errors import TenshuError
from app.core.incident import new_incident
from cli.invocation import Invocation

LOG = "command.log"


class Unforeseen(TenshuError):
    """A fault of the program."""

    code = "command.unforeseen"
    status = 500
    message = "Something went wrong inside tenshu (incident {incident})."
    hint = "The details stand in {log}. Send them with the incident number to support."


class UnforeseenUnlogged(TenshuError):
    """A fault of the program, where no log can be written either."""

    code = "command.unforeseen"
    status = 500
    message = "Something went wrong inside tenshu (incident {incident}): {kind}."
    hint = "No log could be written. Is the data folder right and writable?"


def record(error: Exception, invocation: Invocation) -> TenshuError:
    """Write the traceback to the data folder's log and return what to tell the person."""
    incident = new_incident()
    lines = traceback.format_exception(error)
    try:
        log = invocation.settings().logs / LOG
        with log.open("a") as file:
            file.write(f"{dt.datetime.now(dt.UTC).isoformat()} {incident}\n{''.join(lines)}")
    except (OSError, TenshuError):
        return UnforeseenUnlogged(incident=incident, kind=type(error).__name__)
    return Unforeseen(incident=incident, log=log)
