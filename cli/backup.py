"""`tenshu backup`: repositories, backups, the key kit, and a restore on a machine without any."""

import os
from pathlib import Path

import click

from app.backups.operations.kit import KitEnd, keep_kit, kit_state, show_kit
from app.backups.operations.repositories import (
    ListOfArchives,
    NewRepository,
    OneRepository,
    create_repository,
    list_archives,
    list_repositories,
)
from app.backups.operations.runs import run_backup
from app.core.messages import mark
from app.machine.errors import MachineError
from app.operations.operation import NoRequest
from appliance.contract.runs import BackupResult, RestoreResult
from cli import removal, renewal
from cli.ask import secret_from
from cli.invocation import Invocation, everywhere, this_call
from cli.progress import Bar
from cli.repositories import find, follow
from cli.table import columns, moment


@click.group
@everywhere
def backup() -> None:
    """Back up, and restore."""


@backup.group
@everywhere
def repository() -> None:
    """Where the backups go."""


backup.add_command(renewal.connect)
backup.add_command(renewal.new_kit)
backup.add_command(removal.forget)
backup.add_command(removal.delete)


@repository.command
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="What people call it; the folder's name by default.")
@everywhere
@this_call
def create(invocation: Invocation, folder: Path, name: str | None) -> None:
    """Make an encrypted repository in FOLDER; the first one makes the key kit too."""
    whole = folder.absolute()
    with invocation.context() as context:
        made = create_repository(context, NewRepository(name=name or whole.name, folder=str(whole)))
        is_kept = kit_state(context, NoRequest()).kept
    invocation.answer(made, f"{made.id}  {made.name}  {made.folder}")
    if not is_kept:
        invocation.tell(mark("Keep the key kit now: tenshu backup kit"))


@repository.command("list")
@everywhere
@this_call
def list_(invocation: Invocation) -> None:
    """List the repositories."""
    with invocation.context() as context:
        found = list_repositories(context, NoRequest())
    heads = [invocation.words(head) for head in (mark("Repository"), mark("Name"), mark("Folder"))]
    known = invocation.words(mark("not connected"))
    rows = [
        (one.id, one.name, one.folder if one.connected else f"{one.folder} ({known})")
        for one in found.repositories
    ]
    invocation.answer(found, lambda: columns(heads, rows))


@backup.command
@click.argument("repository", default="")
@click.option("--no-wait", is_flag=True, help="Return at once; the backup goes on.")
@everywhere
@this_call
def run(invocation: Invocation, repository: str, no_wait: bool) -> None:
    """Back up the whole appliance into REPOSITORY (name or identifier; the only one by default)."""
    with invocation.context() as context:
        chosen = find(context, repository).id
        started = run_backup(context, OneRepository(repository=chosen))
        ended = started if no_wait else follow(context, started)
    invocation.answer(ended, lambda: _told(invocation, ended.backup) if ended.backup else ended.id)


@backup.command
@click.argument("repository", default="")
@everywhere
@this_call
def archives(invocation: Invocation, repository: str) -> None:
    """List the archives of REPOSITORY, the newest first."""
    with invocation.context() as context:
        chosen = find(context, repository).id
        found = list_archives(context, ListOfArchives(repository=chosen))
    heads = [invocation.words(head) for head in (mark("Archive"), mark("Begun at"), mark("Bytes"))]
    rows = [(one.name, moment(one.at), one.bytes or "") for one in found.archives]
    invocation.answer(found, lambda: columns(heads, rows))


@backup.command
@click.option("--kept", is_flag=True, help="It stands on paper: type its last group, forget it.")
@click.option("--end-file", help="File with the last group; - is stdin.")
@everywhere
@this_call
def kit(invocation: Invocation, kept: bool, end_file: str | None) -> None:
    """Show the key kit, to print it; it opens every archive on any machine."""
    with invocation.context() as context:
        if kept:
            end = secret_from(end_file, invocation.words(mark("Last group of the key kit")))
            state = keep_kit(context, KitEnd(end=end))
            invocation.answer(state, invocation.words(mark("The key kit is kept on paper only.")))
            return
        shown = show_kit(context, NoRequest())
    invocation.answer(shown, f"{shown.text.reveal()}\n{shown.number}")
    invocation.tell(mark("When it stands on paper: tenshu backup kit --kept"))


@backup.command
@click.option("--repository", required=True, type=click.Path(path_type=Path), help="Its folder.")
@click.option("--archive", help="Name of the archive; the newest by default.")
@click.option("--kit-file", help="File with the key kit; - is stdin. Asked for by default.")
@everywhere
@this_call
def restore(
    invocation: Invocation, repository: Path, archive: str | None, kit_file: str | None
) -> None:
    """Restore into an empty data folder: --data FOLDER [--keys FOLDER]; the kit is all it needs."""
    if not invocation.is_told("TENSHU_DATA"):
        raise click.UsageError(invocation.words(mark("Say into which folder: --data FOLDER")))
    settings = invocation.settings()
    elsewhere = invocation.is_told("TENSHU_DATABASE_URL")
    text = secret_from(kit_file, invocation.words(mark("Key kit")))
    # here, not above: no other command needs Borg's side
    from appliance.backup.reporter import Reporter  # noqa: PLC0415
    from appliance.backup.restore import restore as restore_archive  # noqa: PLC0415
    from appliance.contract.errors import ApplianceError  # noqa: PLC0415
    from appliance.contract.kit import KeyKit  # noqa: PLC0415
    from appliance.contract.secret import Secret as MachineSecret  # noqa: PLC0415

    bar = Bar()
    os.umask(0o077)
    try:
        result = restore_archive(
            repository,
            KeyKit.from_text(MachineSecret(text.reveal())),
            settings.data,
            settings.keys,
            archive=archive,
            database_url=settings.database_url if elsewhere else None,
            reporter=Reporter(lambda at: bar.show(at.phase.value, at.percent)),
        )
    except ApplianceError as error:
        raise MachineError(error) from error
    finally:
        bar.close()
    invocation.answer(result, lambda: _told(invocation, result))
    invocation.tell(mark("Start it with: tenshu start --data {data}"), data=result.data)


def _told(invocation: Invocation, result: BackupResult | RestoreResult) -> str:
    return invocation.words(
        mark("{archive}: {bytes} bytes, {files} files, {rows} rows, {seconds} s"),
        archive=result.archive,
        bytes=result.bytes,
        files=result.files,
        rows=result.rows,
        seconds=round(result.milliseconds / 1000, 1),
    )
