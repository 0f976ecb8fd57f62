"""`tenshu privacy`: what is kept about a person, in one file; erasure; how long is kept."""

from pathlib import Path

import click

from app.core.messages import mark
from app.operations.context import Context
from app.privacy.operations.disclosing import (
    DisclosureFilter,
    DisclosureRef,
    NewDisclosure,
    delete_disclosure,
    disclose,
    list_disclosures,
)
from app.privacy.operations.downloading import DownloadDisclosure, download_disclosure
from cli import accounts, erasing, retention
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request
from cli.searches import describe, look_up, name_of
from cli.table import columns, moment
from cli.waiting import asking_for_work, follow

FILE = click.Path(dir_okay=False, path_type=Path)
LANGUAGE = click.Choice(["ja", "en"])


@click.group
@everywhere
def privacy() -> None:
    """Tell what is kept about a person, erase a person, keep data no longer than needed."""


privacy.add_command(erasing.erase)
privacy.add_command(retention.retention)


@privacy.command
@click.argument("login_id", required=False, default="")
@click.option(
    "--text",
    "texts",
    multiple=True,
    help="What names somebody: name, mail address, number; may be given more than once.",
)
@click.option("--save", "file", type=FILE, help="Save everything in FILE (ZIP) at the end.")
@click.option("--language", type=LANGUAGE, help="Language of the page in the file: ja or en.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the end.")
@everywhere
@this_call
def search(
    invocation: Invocation,
    login_id: str,
    texts: tuple[str, ...],
    file: Path | None,
    language: str | None,
    no_wait: bool,
) -> None:
    """Search every place for a person: for an account, for what names somebody, or for both."""
    if no_wait and file:
        raise click.UsageError(invocation.words(mark("Give one of --save and --no-wait.")))
    with asking_for_work(invocation) as context:
        account = accounts.find(context, login_id).id if login_id else ""
        made = disclose(context, request(NewDisclosure, account=account, text="\n".join(texts)))
        if not no_wait:
            follow(invocation, context, made.job)
        found = look_up(context, made.id)
        if file:
            _save(invocation, context, made.id, file, language)
    invocation.answer(found, lambda: describe(invocation, found))


@privacy.command("list")
@click.option("--after", default="", help="Where the page before ended.")
@everywhere
@this_call
def list_(invocation: Invocation, after: str) -> None:
    """List the searches for people, the newest first."""
    with invocation.context() as context:
        page = list_disclosures(context, request(DisclosureFilter, after=after))
    marked = (mark("Search"), mark("Name"), mark("State"), mark("Found"), mark("Asked for at"))
    heads = [invocation.words(head) for head in marked]
    rows = [
        (one.id, name_of(one), one.state, one.found, moment(one.created_at)) for one in page.items
    ]
    invocation.answer(page, lambda: columns(heads, rows))


@privacy.command
@click.argument("search")
@everywhere
@this_call
def show(invocation: Invocation, search: str) -> None:
    """Show a search and what it has found."""
    with invocation.context() as context:
        found = look_up(context, search)
    invocation.answer(found, lambda: describe(invocation, found))


@privacy.command
@click.argument("search")
@click.argument("file", type=FILE)
@click.option("--language", type=LANGUAGE, help="Language of the page in the file: ja or en.")
@everywhere
@this_call
def save(invocation: Invocation, search: str, file: Path, language: str | None) -> None:
    """Save everything about the person of a search in one FILE: a page, CSV and JSON (ZIP)."""
    with invocation.context() as context:
        _save(invocation, context, search, file, language)
    invocation.answer({"file": str(file), "bytes": file.stat().st_size}, str(file))


@privacy.command
@click.argument("search")
@everywhere
@this_call
def delete(invocation: Invocation, search: str) -> None:
    """Delete a search with all that it found; one that still runs is stopped."""
    with invocation.context() as context:
        gone = delete_disclosure(context, request(DisclosureRef, disclosure=search))
    invocation.answer(gone, gone.id)


def _save(
    invocation: Invocation, context: Context, search: str, file: Path, language: str | None
) -> None:
    """Write the file whole or not at all; nobody else on the machine may read it."""
    wanted = request(
        DownloadDisclosure, disclosure=search, language=language or invocation.language
    )
    download = download_disclosure(context, wanted)
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.touch(mode=0o600)
        with beside.open("wb") as opened:
            for chunk in download.chunks:
                opened.write(chunk)
        beside.replace(file)
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
