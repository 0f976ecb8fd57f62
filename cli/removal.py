"""`tenshu backup forget-repository` and `delete-repository`: a repository leaves."""

import click

from app.backups.errors import NameDiffers
from app.backups.operations.removal import (
    DoomedRepository,
    Loss,
    NamedRepository,
    delete_repository,
    describe_loss,
    forget_repository,
)
from app.backups.operations.repositories import OneRepository
from app.core.messages import mark
from cli.invocation import Invocation, everywhere, this_call
from cli.repositories import find, follow
from cli.table import moment


@click.command("forget-repository")
@click.argument("repository")
@everywhere
@this_call
def forget(invocation: Invocation, repository: str) -> None:
    """Take REPOSITORY (name or identifier) off the list; its archives stay where they are."""
    with invocation.context() as context:
        found = find(context, repository)
        gone = forget_repository(context, NamedRepository(repository=found.id, name=found.name))
    text = mark("“{name}” is off the list. Its archives stay in {folder}.")
    invocation.answer(gone, invocation.words(text, name=gone.name, folder=gone.folder))


@click.command("delete-repository")
@click.argument("repository")
@click.option("--yes", is_flag=True, help="Do not ask for the name: delete.")
@everywhere
@this_call
def delete(invocation: Invocation, repository: str, yes: bool) -> None:
    """Delete REPOSITORY (name or identifier) with all its archives. Nobody can bring them back."""
    with invocation.context() as context:
        loss = describe_loss(context, OneRepository(repository=find(context, repository).id))
        _warn(invocation, loss)
        if not yes:
            _ask_for_name(invocation, loss.repository.name)
        doomed = DoomedRepository(
            repository=loss.repository.id,
            name=loss.repository.name,
            archives=loss.archives,
            newest=loss.newest.name if loss.newest else "",
        )
        ended = follow(context, delete_repository(context, doomed))
    text = mark("“{name}” is deleted with all its archives.")
    invocation.answer(ended, invocation.words(text, name=loss.repository.name))


def _warn(invocation: Invocation, loss: Loss) -> None:
    """Tell a person what will be lost."""
    one = loss.repository
    if loss.archives is None:
        text = mark("“{name}” in {folder}: nobody can read at present what it holds.")
        invocation.tell(text, name=one.name, folder=one.folder)
        return
    invocation.tell(
        mark("“{name}” in {folder}: {archives} archives, the newest of {newest}, {bytes} bytes."),
        name=one.name,
        folder=one.folder,
        archives=loss.archives,
        newest=moment(loss.newest.at) if loss.newest else "–",
        bytes=loss.stored_bytes,
    )


def _ask_for_name(invocation: Invocation, name: str) -> None:
    """Raise NameDiffers unless the repository's name is typed."""
    prompt = invocation.words(mark("All of it will be lost. Type the repository's name"))
    typed: str = click.prompt(prompt, err=True)
    if typed != name:
        raise NameDiffers
