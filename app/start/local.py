"""The machine's own console: who asks when nobody asks over the network."""

import getpass

from app.audit.event import Source
from app.operations.context import Actor, Appliance, Context, Plane

ACCOUNT = "local"


def local_context(appliance: Appliance, language: str = "en", incident: str = "") -> Context:
    """Return the context of the person at the machine: may confirm what it asks, is recorded so."""
    return Context(
        appliance,
        actor=Actor(account=ACCOUNT, name=_user(), local=True),
        source=Source(peer=ACCOUNT),
        plane=Plane.LOCAL,
        language=language,
        incident=incident,
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return "?"
