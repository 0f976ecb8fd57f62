"""`tenshu audit`: whole or not, proofs, checkpoints. Needs the sealed store and a public key."""

from pathlib import Path

import click

from app.audit.checkpoint import find_notes, open_checkpoint
from app.audit.errors import ProofMalformed, ProofOfAnother, StoreUnreadable
from app.audit.ledger import read_keys
from app.audit.note import VerifierKey, parse_verifier_key
from app.audit.prove import prove as prove_event
from app.audit.prove import verify_proof as check_proof
from app.audit.signing import load_signer
from app.audit.store import KEYS_NAME, reading
from app.audit.verdict import EXIT_TAMPERED, EXIT_UNREADABLE, EXIT_WHOLE
from app.audit.verify import verify as verify_store
from app.core.errors import TenshuError
from app.core.messages import mark
from app.start.keys import SIGNING_KEY
from cli import destinations
from cli.invocation import Invocation, everywhere, report, this_call
from cli.progress import Bar
from cli.request import request
from cli.verdicts import tell, tell_proven


class KeyNeeded(TenshuError):
    """There is no public key to check with."""

    code = "command.key_needed"
    message = "There is no public key to check with."
    hint = "Name the file that was kept since the appliance was set up: --key FILE."


NONE_YET = mark("it has no checkpoint yet")
STORE = click.option(
    "--store", type=click.Path(path_type=Path), help="Folder of a sealed store, or of its copy."
)
KEY = click.option(
    "--key", "key_file", type=click.Path(path_type=Path), help="File with the public key."
)


@click.group
@everywhere
def audit() -> None:
    """Verify the operation history and prove single events."""


audit.add_command(destinations.destinations)
audit.add_command(destinations.client_certificate)


@audit.command
@STORE
@KEY
@click.option(
    "--against",
    "--checkpoint",
    "against",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File with checkpoints that were kept elsewhere: the file of a folder, a mail, a log of "
    "syslog; may be given more than once.",
)
@everywhere
@this_call
def verify(
    invocation: Invocation, store: Path | None, key_file: Path | None, against: tuple[Path, ...]
) -> int:
    """Tell whether the history is whole. Exit code 0 whole, 3 tampered, 2 cannot be read."""
    bar = Bar()
    try:
        keys = _keys(invocation, store, key_file)
        verdict = verify_store(
            _store(invocation, store),
            keys,
            against=[note for path in against for note in _held(path, keys)],
            processes=2,
            indexes=True,
            progress=lambda done, total: bar.show("", 100 * done / max(total, 1)),
        )
    except TenshuError as error:
        report(error, invocation)
        return EXIT_UNREADABLE
    finally:
        bar.close()
    invocation.answer(verdict, lambda: tell(invocation, verdict))
    return verdict.exit_code


@audit.command
@click.argument("event")
@click.option("--reveal", is_flag=True, help="With the values that are not erased.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="File with a checkpoint that was kept elsewhere, in which the proof shall end.",
)
@STORE
@everywhere
@this_call
def prove(
    invocation: Invocation, event: str, reveal: bool, against: Path | None, store: Path | None
) -> None:
    """Print the proof that EVENT stands in the history, as JSON."""
    held = _read(against) if against else ""
    click.echo(prove_event(_store(invocation, store), event, reveal=reveal, against=held))


@audit.command("verify-proof")
@click.argument("file", type=click.Path(path_type=Path))
@KEY
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="File with a checkpoint that was kept elsewhere, in which the proof must end.",
)
@everywhere
@this_call
def verify_proof(
    invocation: Invocation, file: Path, key_file: Path | None, against: Path | None
) -> int:
    """Check a proof that `prove` made. Exit code 0 it holds, 3 it does not, 2 cannot be read."""
    try:
        proof, keys = _read(file), _keys(invocation, None, key_file)
        held = open_checkpoint(_read(against), keys) if against else None
    except TenshuError as error:
        report(error, invocation)
        return EXIT_UNREADABLE
    try:
        proven = check_proof(proof, keys, against=held)
    except (ProofMalformed, ProofOfAnother) as error:
        report(error, invocation)
        return EXIT_UNREADABLE
    except TenshuError as error:
        report(error, invocation)
        return EXIT_TAMPERED
    invocation.answer(proven, lambda: tell_proven(invocation, proven))
    return EXIT_WHOLE


@audit.command
@STORE
@click.option("--repository", default="", help="Take it out of a backup in this repository.")
@click.option("--archive", default="", help="Take it out of this archive; the newest by default.")
@everywhere
@this_call
def checkpoint(invocation: Invocation, store: Path | None, repository: str, archive: str) -> None:
    """Print the newest signed checkpoint, to be kept elsewhere; or that of a backup, to compare."""
    if repository or archive:
        size, note = _archived(invocation, repository, archive)
    else:
        size, note = _newest(_store(invocation, store))
    invocation.answer({"size": size, "checkpoint": note}, note.rstrip("\n"))


@audit.command
@click.option("--form", default="jsonl", type=click.Choice(["csv", "jsonl"]), help="csv or jsonl.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File; stdout by default.")
@everywhere
@this_call
def export(invocation: Invocation, form: str, output: Path | None) -> None:
    """Export the history; the export itself is recorded in it."""
    from app.history.operations import ExportEvents, export_events  # noqa: PLC0415 - see context()

    with invocation.context() as context:
        download = export_events(context, request(ExportEvents, form=form))
        with click.open_file(str(output) if output else "-", "wb") as file:
            for chunk in download.chunks:
                file.write(chunk)


def _store(invocation: Invocation, store: Path | None) -> Path:
    return invocation.settings().sealed_store if store is None else store


def _newest(folder: Path) -> tuple[int, str]:
    """Return size and text of a store's newest checkpoint. Raise StoreUnreadable."""
    with reading(folder) as connection:
        row = connection.execute(
            "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
        ).fetchone()
    if row is None:
        raise StoreUnreadable(path=folder, reason=NONE_YET)
    return row[0], row[1]


def _archived(invocation: Invocation, repository: str, archive: str) -> tuple[int, str]:
    """Return size and text of the checkpoint in an archive, as the machine's agent reads it."""
    from app.backups.operations import repositories  # noqa: PLC0415 - see context()
    from cli.repositories import find  # noqa: PLC0415

    with invocation.context() as context:
        which = request(
            repositories.ArchiveOf, repository=find(context, repository).id, archive=archive
        )
        found = repositories.read_checkpoint(context, which)
    if not found.checkpoint:
        raise StoreUnreadable(path=found.archive, reason=NONE_YET)
    return found.size, found.checkpoint


def _keys(invocation: Invocation, store: Path | None, key_file: Path | None) -> list[VerifierKey]:
    """Return the public keys to trust: the given one, else this appliance's own.

    The keys that lie beside a store are taken only where nothing better is there: whoever can
    forge a store can put a key beside it.
    """
    if key_file is not None:
        return [parse_verifier_key(line) for line in _read(key_file).splitlines() if line]
    if store is None:
        own = invocation.settings().keys / SIGNING_KEY
        if own.exists():
            return [load_signer(own).verifier]
    if not (_store(invocation, store) / KEYS_NAME).exists():
        raise KeyNeeded
    invocation.tell(mark("The public key was taken from beside the store: give yours with --key."))
    return read_keys(_store(invocation, store))


def _held(path: Path, keys: list[VerifierKey]) -> list[str]:
    """Return the checkpoints in a file; a log may hold those of other appliances too."""
    text = _read(path)
    notes = find_notes(text) or [text]
    names = {key.name for key in keys}
    return [note for note in notes if note.partition("\n")[0] in names] or notes


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnreadable(path=path, reason=str(error)) from error
