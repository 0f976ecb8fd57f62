"""`tenshu backup connect-repository` after a restore, and `new-kit` where the sheet is lost."""

import click

from app.backups.operations.kit import renew_kit
from app.backups.operations.repositories import ConnectedRepository, connect_repository
from app.core.messages import mark
from app.operations.operation import NoRequest
from cli.invocation import Invocation, everywhere, this_call
from cli.repositories import find
from cli.request import request


@click.command("connect-repository")
@click.argument("repository")
@click.option("--folder", default="", help="Where it stands now; the same folder by default.")
@everywhere
@this_call
def connect(invocation: Invocation, repository: str, folder: str) -> None:
    """Connect REPOSITORY again, which the appliance had before it was restored."""
    with invocation.context() as context:
        found = find(context, repository)
        wanted = request(ConnectedRepository, repository=found.id, folder=folder)
        connected = connect_repository(context, wanted)
    invocation.answer(connected, f"{connected.id}  {connected.name}  {connected.folder}")


@click.command("new-kit")
@everywhere
@this_call
def new_kit(invocation: Invocation) -> None:
    """Give all connected repositories a new key kit; the old one does not open them any more."""
    with invocation.context() as context:
        renewed = renew_kit(context, NoRequest())
    text = mark("Key kit {number} takes the place of {before} in {count} repositories.")
    told = {"number": renewed.number, "before": renewed.before, "count": renewed.repositories}
    invocation.answer(renewed, invocation.words(text, **told))
    invocation.tell(
        mark("It opens their older archives too. Copies from before still open with the old kit.")
    )
    invocation.tell(mark("Keep the key kit now: tenshu backup kit"))
