"""Is the history whole? Content, values, structure, checkpoints, epochs, in one pass.

Nothing but the store and the public key is needed, so anybody can verify a copy anywhere. What a
store cannot show by itself is that its newest part was cut off: only a checkpoint held elsewhere
excludes truncation and rollback.
"""

import base64
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Final

from app.audit.against import hold_against
from app.audit.checkpoint import Checkpoint, note_hash, open_checkpoint, read_checkpoint
from app.audit.chunks import read_chunks
from app.audit.epoch import Epoch, read_epochs
from app.audit.erasure import Erasures, read_erasures
from app.audit.errors import NoteMalformed, SignatureInvalid, StoreUnreadable
from app.audit.fold import Fold
from app.audit.indexes import altered_structure, compare_indexes
from app.audit.merkle import HASH_BYTES, is_frontier_of
from app.audit.note import VerifierKey
from app.audit.scan import CHUNK, ChunkReport, identifier_in
from app.audit.shares import Shares
from app.audit.store import reading, schema_is_ours
from app.audit.verdict import Erased, Finding, State, Verdict, Wrong
from app.audit.worker import Helper, check_shares

Progress = Callable[[int, int], None]
"""Called with the number of events checked and of all events."""


def _untold(done: int, of: int) -> None:
    """Tell nobody."""


WORTH_A_HELPER: Final = 160 * CHUNK
"""Events; below, a second process takes longer to start than it saves."""


def verify(
    folder: Path,
    keys: Sequence[VerifierKey],
    *,
    against: Sequence[str] = (),
    processes: int = 1,
    indexes: bool = False,
    progress: Progress = _untold,
) -> Verdict:
    """Verify the sealed store in `folder` with the public keys of its sealer.

    `against` are checkpoints held elsewhere, as signed notes; one that is none, or not signed by
    `keys`, raises NoteMalformed or SignatureInvalid. `processes` 2 shares the work with a second
    process. `indexes` also compares every index of the file with its table: what search goes by.
    """
    held = [open_checkpoint(note, keys) for note in against]
    try:
        with reading(folder) as connection:
            if not schema_is_ours(connection):
                return Verdict(state=State.TAMPERED, wrong=altered_structure("schema"))
            erasures, epochs = read_erasures(connection), read_epochs(connection)
            check = partial(
                _verify, connection, folder, keys, held=held, indexes=indexes, progress=progress
            )
            verdict = check(erasures=erasures, epochs=epochs, processes=processes)
            if verdict.state is State.TAMPERED:
                # an erasure or epoch that the search does not see explains what looks wrong
                every = read_erasures(connection, thorough=True)
                declared = read_epochs(connection, thorough=True)
                if (every.all, declared) != (erasures.all, epochs):
                    verdict = check(erasures=every, epochs=declared, processes=1)
            return verdict
    except StoreUnreadable as error:
        return Verdict(state=State.UNREADABLE, reason=str(error))


def _verify(
    connection: sqlite3.Connection,
    folder: Path,
    keys: Sequence[VerifierKey],
    *,
    held: Sequence[Checkpoint],
    erasures: Erasures,
    epochs: Sequence[Epoch],
    processes: int,
    indexes: bool,
    progress: Progress,
) -> Verdict:
    signed, bad_checkpoint = _check_checkpoints(connection, keys, epochs)
    size = max(signed, default=0)
    asked = [checkpoint.size for checkpoint in held if checkpoint.size <= size]
    fold = Fold({size: checkpoint.root for size, checkpoint in signed.items()}, asked)
    read = _read_shared if processes > 1 and size >= WORTH_A_HELPER else _read_alone
    reports = read(
        connection,
        folder,
        size,
        sizes=fold.sizes,
        erasures=erasures,
        indexes=indexes,
        checked=lambda done: progress(done, size),
    )
    structure: Finding | None = None
    for report in reports:
        if isinstance(report, Finding):
            structure = report
        elif not fold.add(report):
            break
    wrong = (
        fold.wrong
        or bad_checkpoint
        or _check_outside(connection, size)
        or _check_frontier(connection, signed[size])
    )
    compared, rolled_back = (
        hold_against(held, size, fold.roots, epochs) if not wrong else ((), None)
    )
    wrong = wrong or rolled_back or structure
    return Verdict(
        state=State.TAMPERED if wrong else State.WHOLE,
        size=size,
        root=base64.b64encode(fold.roots[size]).decode() if size in fold.roots else "",
        proven=fold.proven,
        checkpoints=len(signed),
        wrong=wrong,
        epochs=tuple(epochs),
        erased=tuple(Erased(each, fold.erased.get(each.position, 0)) for each in erasures.all),
        against=compared,
    )


def _read_alone(
    connection: sqlite3.Connection,
    folder: Path,
    size: int,
    *,
    sizes: Sequence[int],
    erasures: Erasures,
    indexes: bool,
    checked: Callable[[int], None],
) -> Iterator[ChunkReport | Finding]:
    """Give the report of each chunk, in order, and what is wrong with the indexes."""
    with ThreadPoolExecutor(1) as beside:
        compared = beside.submit(compare_indexes, folder) if indexes else None
        for chunk in read_chunks(connection, 0, size, sizes, erasures):
            checked(chunk.first + chunk.count)
            yield chunk
        if compared is not None and (structure := compared.result()) is not None:
            yield structure


def _read_shared(
    connection: sqlite3.Connection,
    folder: Path,
    size: int,
    *,
    sizes: Sequence[int],
    erasures: Erasures,
    indexes: bool,
    checked: Callable[[int], None],
) -> Iterator[ChunkReport | Finding]:
    """Give the same; a second process compares the indexes, and takes what shares it can."""
    with (
        closing(Shares.part(size)) as shares,
        Helper(folder, shares, sizes, indexes=indexes) as helper,
    ):
        own = check_shares(connection, shares, sizes, erasures, checked)
        answer = helper.answer()
        yield from sorted(own + answer.chunks, key=attrgetter("first"))
        if answer.structure is not None:
            yield answer.structure


def _check_checkpoints(
    connection: sqlite3.Connection, keys: Sequence[VerifierKey], epochs: Sequence[Epoch]
) -> tuple[dict[int, Checkpoint], Finding | None]:
    """Return the stored checkpoints that hold, and the lowest place where one does not.

    The newest is checked by its signature, each older one by the hash that the next one names;
    behind a break the signature decides again.
    """
    signed: dict[int, Checkpoint] = {}
    bad: Finding | None = None
    above = head = _frontier_size(connection)
    due: bytes | None = None  # the hash that the next checkpoint names; None where it is not known
    rows = connection.execute(
        "SELECT size, CAST(note AS BLOB) FROM checkpoints ORDER BY size DESC"
    ).fetchall()
    if not rows or rows[0][0] != head:
        bad = _bad_checkpoint(Wrong.CHECKPOINT, head)
    for size, raw in rows:
        note = raw.decode(errors="replace")
        chained = due is not None and note_hash(note) == due
        checkpoint = read_checkpoint(note) if chained else _opened(note, keys)
        newest = max((epoch.number for epoch in epochs if epoch.position < size), default=0)
        if checkpoint is not None and (checkpoint.size, checkpoint.epoch) != (size, newest):
            checkpoint = None
        if checkpoint is None or not (chained or due is None):
            kind = Wrong.CHECKPOINT if size == rows[0][0] else Wrong.CHAIN
            bad = _bad_checkpoint(kind, above)
        if checkpoint is not None:
            signed[size] = checkpoint
        due, above = checkpoint.previous if checkpoint else None, size
    return signed, _bad_checkpoint(Wrong.CHAIN, above) if due else bad


def _opened(note: str, keys: Sequence[VerifierKey]) -> Checkpoint | None:
    try:
        return open_checkpoint(note, keys)
    except (NoteMalformed, SignatureInvalid):
        return None


def _bad_checkpoint(wrong: Wrong, size: int) -> Finding:
    return Finding(wrong=wrong, position=max(size - 1, 0), parameters={"size": size})


def _frontier_size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT max(size) FROM frontier").fetchone()[0] or 0)


def _check_outside(connection: sqlite3.Connection, size: int) -> Finding | None:
    """Look for events and values outside of what the newest checkpoint covers."""
    row = connection.execute(
        "SELECT position, content FROM events WHERE position < 0 OR position >= ?"
        " ORDER BY position LIMIT 1",
        (size,),
    ).fetchone()
    if row:
        return Finding(wrong=Wrong.INSERTED, position=row[0], event=identifier_in(row[1]))
    row = connection.execute(
        "SELECT position, name FROM parts WHERE position < 0 OR position >= ?"
        " ORDER BY position LIMIT 1",
        (size,),
    ).fetchone()
    if row:
        name = bytes(row[1]).decode(errors="replace")
        return Finding(wrong=Wrong.VALUE_INSERTED, position=row[0], parameters={"name": name})
    return None


def _check_frontier(connection: sqlite3.Connection, head: Checkpoint) -> Finding | None:
    rows = connection.execute("SELECT hashes FROM frontier ORDER BY size").fetchall()
    hashes = rows[-1][0]
    frontier = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    if len(rows) == 1 and is_frontier_of(frontier, head.size, head.root):
        return None
    return Finding(wrong=Wrong.FRONTIER, position=head.size - 1)
