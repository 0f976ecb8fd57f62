"""`tenshu privacy erase`: what would go is shown, and a name typed before it goes."""

from typing import Final

import click
import msgspec

from app.core.errors import TenshuError
from app.core.messages import mark
from app.operations.context import Context
from app.privacy.errors import PlaceUnknown
from app.privacy.operations.carrying_out import Forgotten
from app.privacy.operations.disclosing import DisclosureRef, FindingView, get_disclosure
from app.privacy.operations.erasing import ErasedPerson, ErasePerson, check, erase_person
from cli import searches
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request
from cli.waiting import asking_for_work, follow

NOTHING: Final = Forgotten()


class NotTheName(TenshuError):
    """What was typed is not the name of whoever is to be erased."""

    code = "command.not_the_name"
    message = "This is not the name. Nothing was erased."
    hint = "Type the name exactly as it is shown, spaces too."


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure would take."""

    name: str
    """Whom the search is about."""
    account: str
    """Identifier of the account that would be erased; empty: none."""
    findings: list[FindingView]
    """What would be erased beside it."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased at once, and what the job has erased."""

    asked: ErasedPerson
    done: Forgotten


@click.command
@click.argument("search")
@click.option("--basis", default="", help="Law, contract or rule under which it is done.")
@click.option("--account", is_flag=True, help="Erase the account and its values in the history.")
@click.option(
    "--finding",
    "numbers",
    type=int,
    multiple=True,
    metavar="NUMBER",
    help="Erase what was found under this number; may be given more than once.",
)
@click.option("--all", "everything", is_flag=True, help="Erase the account and all findings.")
@click.option("--preview", is_flag=True, help="Only say what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask for the name: erase.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the end.")
@everywhere
@this_call
def erase(
    invocation: Invocation,
    search: str,
    basis: str,
    account: bool,
    numbers: tuple[int, ...],
    everything: bool,
    preview: bool,
    yes: bool,
    no_wait: bool,
) -> None:
    """Erase the person of a search in every place. Nobody can bring back what is erased."""
    with asking_for_work(invocation) as context:
        chosen = choose(context, search, account or everything, None if everything else numbers)
        if preview:
            invocation.answer(chosen, lambda: describe(invocation, chosen))
            return
        wanted = request(
            ErasePerson,
            account=chosen.account,
            basis=basis.strip(),
            disclosure=search,
            findings=[one.id for one in chosen.findings],
        )
        with context.appliance.database.read() as session:  # before anybody types a name
            check(session, context.actor, wanted)
        if not yes:
            _ask_for_name(invocation, chosen)
        asked = erase_person(context, wanted)
        done = NOTHING
        if not no_wait:
            result = follow(invocation, context, asked.job).result
            done = msgspec.convert(result, Forgotten)
    text = mark("“{name}” is erased: {places} places, {rows} rows, {files} files.")
    if no_wait:
        text = mark("“{name}” is being erased: see tenshu jobs show {job}")
    counts = {"places": done.places, "rows": done.rows, "files": done.files}
    said = {"job": asked.job} if no_wait else counts
    invocation.answer(
        Erased(asked=asked, done=done), invocation.words(text, name=chosen.name, **said)
    )


def choose(
    context: Context, search: str, account: bool, numbers: tuple[int, ...] | None
) -> Preview:
    """Return what an erasure would take; `numbers` None: everything that can be erased.

    Raise NotFound or PlaceUnknown.
    """
    found = get_disclosure(context, request(DisclosureRef, disclosure=search))
    erasable = {one.id: one for one in searches.findings_of(context, search) if one.erasable}
    for number in numbers or ():
        if number not in erasable:
            raise PlaceUnknown(place=number)
    return Preview(
        name=searches.name_of(found),
        account=found.account if account else "",
        findings=[erasable[number] for number in (erasable if numbers is None else numbers)],
    )


def describe(invocation: Invocation, chosen: Preview) -> str:
    """Return for people what would be erased."""
    account = mark("the account, its values in the history, its uploads")
    lines = [chosen.name]
    if chosen.account:
        lines.append(f"· {invocation.words(account)}")
    return "\n".join([*lines, searches.table_of(invocation, chosen.findings)])


def _ask_for_name(invocation: Invocation, chosen: Preview) -> None:
    """Raise NotTheName unless the person's name is typed."""
    click.echo(describe(invocation, chosen), err=True)
    prompt = invocation.words(mark("All of it will be lost for good. Type the name"))
    typed: str = click.prompt(prompt, err=True)
    if typed.strip() != chosen.name:
        raise NotTheName
