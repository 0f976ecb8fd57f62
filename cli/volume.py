"""`tenshu volume`: who opens the encrypted disks at a start, and the recovery key."""

import click

from app.core.messages import mark
from app.core.secret import Secret
from app.machine.operations.volume import (
    NamedServer,
    WantedKeeper,
    choose_keeper,
    look_at_server,
    make_recovery_key,
    show_volume,
)
from app.machine.volume_words import KEEPERS, OBSTACLES, OPENED, TROUBLES
from app.operations.operation import NoRequest
from appliance.contract.volume.state import Keeper, SeenServer, VolumeKeys
from cli.ask import secret_from
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request
from cli.table import columns

FILE = "First line is the passphrase; - is stdin. Without it, a person is asked."


@click.group
@everywhere
def volume() -> None:
    """Look at who opens the encrypted disks at a start, and change that."""


@volume.command
@everywhere
@this_call
def show(invocation: Invocation) -> None:
    """Show who opens the disks, and whether they are protected."""
    with invocation.context() as context:
        found = show_volume(context, NoRequest())
    invocation.answer(found, lambda: _told(invocation, found))


def protection(keys: VolumeKeys) -> str:
    """Return whether the disks are protected, as a marked text."""
    if keys.protected:
        return mark("The disks alone open nothing.")
    return mark("Not protected: the key lies on the disks.")


def _told(invocation: Invocation, found: VolumeKeys) -> str:
    words = invocation.words
    tpm = mark("keeps the key") if found.tpm else OBSTACLES[found.obstacle]
    recovery = mark("somebody has one") if found.recovery else mark("nobody has one")
    rows = [
        (words(mark("Keeper")), words(KEEPERS[found.chosen])),
        (words(mark("Opened at this start")), words(OPENED[found.opened])),
        (words(mark("TPM")), words(tpm)),
        (words(mark("Recovery key")), words(recovery)),
    ]
    if found.server:
        rows.append((words(mark("Key server")), found.server_address))
        rows.append((words(mark("Its thumbprint")), found.server_thumbprint))
    trouble = TROUBLES[found.server_trouble]
    said = [words(trouble), found.server_said] if trouble else []
    said += [found.said]
    said = [one for one in said if one]
    return "\n".join([words(protection(found)), columns(["", ""], rows), *said])


@volume.command("recovery-key")
@everywhere
@this_call
def recovery_key(invocation: Invocation) -> None:
    """Make a recovery key, told this once; the one before opens no more."""
    with invocation.context() as context:
        made = make_recovery_key(context, NoRequest())
    told = mark("Recovery key. It is kept nowhere: put it away, apart from the machine.")
    invocation.answer(made, lambda: f"{invocation.words(told)}\n\n{made.text.reveal()}")


@volume.command
@click.argument("url")
@everywhere
@this_call
def server(invocation: Invocation, url: str) -> None:
    """Ask a key server (tang) for its keys, to compare their thumbprint."""
    with invocation.context() as context:
        found = look_at_server(context, request(NamedServer, server=url))
    invocation.answer(found, lambda: _seen(invocation, found))


def _seen(invocation: Invocation, found: SeenServer) -> str:
    words = invocation.words
    told = mark("Compare with what tang-show-keys says on the server itself, then:")
    rows = [(words(mark("Thumbprint")), one) for one in (found.thumbprint, *found.others)]
    command = f"tenshu volume keeper server --server {found.server} --thumbprint {found.thumbprint}"
    return "\n".join([columns(["", ""], rows), words(told), f"  {command}"])


@volume.command
@click.argument("keeper", type=click.Choice([one.value for one in Keeper]))
@click.option("--passphrase-file", metavar="FILE", help=FILE)
@click.option("--server", metavar="URL", default="", help="The key server's address.")
@click.option("--thumbprint", default="", help="Of its signing key, as you compared it.")
@everywhere
@this_call
def keeper(
    invocation: Invocation, keeper: str, passphrase_file: str | None, server: str, thumbprint: str
) -> None:
    """Say who opens the disks at a start: TPM, key server, passphrase, or nobody."""
    passphrase: Secret | None = None
    if keeper == Keeper.passphrase.value:
        passphrase = secret_from(passphrase_file, invocation.words(mark("Passphrase")), twice=True)
    with invocation.context() as context:
        wanted = request(
            WantedKeeper,
            keeper=keeper,
            passphrase=passphrase,
            server=server,
            thumbprint=thumbprint,
        )
        found = choose_keeper(context, wanted)
    invocation.answer(found, lambda: _told(invocation, found))
