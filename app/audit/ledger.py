"""The sealer's own side of the store: events in, one signed checkpoint over all of them.

A transaction of the store holds the events, their values, the erasures that they ask for, the
frontier of the grown tree and the checkpoint. Either all of it is on disk, or none.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from app.audit.checkpoint import Checkpoint, note_hash, open_checkpoint
from app.audit.durable import write_durably
from app.audit.epoch import read_epochs
from app.audit.erasure import erase, erasure_of, export_erasures, read_erasures
from app.audit.errors import (
    NoteMalformed,
    SignatureInvalid,
    SigningKeyForeign,
    StoreTampered,
    StoreUnwritable,
)
from app.audit.event import Event
from app.audit.merkle import HASH_BYTES, Tree, is_frontier_of, leaf_hash
from app.audit.note import VerifierKey, parse_verifier_key
from app.audit.published import append_note
from app.audit.sealed import CONTENT
from app.audit.signing import Signer
from app.audit.store import ERASURES_NAME, FILE_NAME, KEYS_NAME, TOLD, open_for_sealing, seals
from app.core.messages import mark
from app.core.write_ahead import empty_log

_NEWEST: Final = "SELECT position FROM events WHERE verb = ? AND outcome = 'done' AND"

AtStep = Callable[[str], None]
"""Called between any two steps that a kill could part; tests end the process there."""


class Ledger:
    """The store, open for sealing."""

    def __init__(self, folder: Path, signer: Signer, at_step: AtStep) -> None:
        """Open the store in `folder`, or begin a new one.

        A new one is empty and not yet committed: seal its first event at once. Raise StoreTampered
        if what stands there is not what was signed last.
        """
        self.folder = folder
        self.keys = read_keys(folder)
        self.note = ""
        """The newest signed checkpoint; empty in a new store."""
        self.epoch = 0
        self._signer = signer
        self._at_step = at_step
        self._connection = open_for_sealing(folder)
        self._tree = Tree()
        self._published = ""
        self.is_new = self._connection.in_transaction
        # a kill may have come between an erasure and the clearing
        self._log_holds_erased = not self.is_new
        try:
            if self.is_new:
                self.accept_own_key()
            else:
                self._continue()
        except BaseException:
            self._connection.close()
            raise

    @property
    def size(self) -> int:
        """Number of sealed events."""
        return self._tree.size

    def accept_own_key(self) -> None:
        """Write our public key below those that signed before; then it is one of the store's."""
        if self._signer.verifier not in self.keys:
            self.keys = [*self.keys, self._signer.verifier]
            text = "".join(f"{key}\n" for key in self.keys)
            write_durably(self.folder / KEYS_NAME, text.encode())

    def require_own_key(self) -> None:
        """Raise SigningKeyForeign unless our key is one of the store's."""
        if self._signer.verifier not in self.keys:
            raise SigningKeyForeign(
                signed_by=", ".join(key.name for key in self.keys), own=self._signer.name
            )

    def sealed(self, identifiers: Sequence[str]) -> dict[str, str]:
        """Return those of the identifiers that are sealed already, with their content."""
        return dict(
            self._connection.execute(
                "SELECT id, content FROM events WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(identifiers),),
            ).fetchall()
        )

    def newest(self, verb: str) -> int:
        """Return the position of the newest event of this verb, `audit.…`, that was done, or -1."""
        found = self._connection.execute(
            " ".join((_NEWEST, TOLD, "ORDER BY position DESC LIMIT 1")),
            (verb,),
        ).fetchone()
        return -1 if found is None else int(found[0])

    def seal(self, events: Sequence[Event], *, epoch: int | None = None) -> None:
        """Seal events in this order, durably, or none of them.

        Raise StoreUnwritable if the store does not take them now, StoreTampered if somebody else
        wrote into it.
        """
        tree, epoch = self._tree.copy(), self.epoch if epoch is None else epoch
        leaves = [leaf_hash(event.content.encode()) for event in events]
        try:
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            erased = self._insert(events, leaves)
            tree.extend(leaves)
            note = self._write_head(tree, epoch)
            self._at_step("signed")
            self._connection.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            self._connection.rollback()
            raise StoreTampered(path=self._path, reason=str(error)) from error
        except sqlite3.OperationalError as error:
            self._connection.rollback()
            raise StoreUnwritable(path=self._path, reason=str(error)) from error
        self._tree, self.epoch, self.note = tree, epoch, note
        self._at_step("committed")
        if erased:
            self._log_holds_erased = True
            self._list_erasures()

    def clear_log(self) -> None:
        """Let erased values leave the write-ahead log too; what still reads puts that off.

        Raise StoreUnwritable.
        """
        if self._log_holds_erased:
            try:
                self._log_holds_erased = not empty_log(self._connection)
            except sqlite3.OperationalError as error:
                raise StoreUnwritable(path=self._path, reason=str(error)) from error

    def publish(self) -> None:
        """Write the newest checkpoint into the log that is shipped off the machine."""
        if self.note != self._published:
            append_note(self.folder, self.note)
            self._published = self.note
            self._at_step("published")

    def _list_erasures(self) -> None:
        """Write the list of erasures beside the store: each backup takes it along.

        An older archive that is restored then loses again what was erased since it was made.
        """
        listed = export_erasures(read_erasures(self._connection).all)
        write_durably(self.folder / ERASURES_NAME, listed.encode())

    def close(self) -> None:
        """Close the store."""
        self._connection.close()

    @property
    def _path(self) -> Path:
        return self.folder / FILE_NAME

    def _insert(self, events: Sequence[Event], leaves: Sequence[bytes]) -> int:
        """Insert events and values, carry out erasures; return how many values went."""
        first = self._tree.size
        positions = range(first, first + len(events))
        self._connection.executemany(
            "INSERT INTO events (position, content, seal) VALUES (?, ?, ?)",
            zip(positions, [event.content for event in events], seals(leaves, first), strict=True),
        )
        self._at_step("inserted events")
        self._connection.executemany(
            "INSERT INTO parts (position, name, salt, value) VALUES (?, ?, ?, ?)",
            [
                (position, part.name, bytes.fromhex(part.salt), part.values)
                for position, event in zip(positions, events, strict=True)
                for part in event.parts
            ],
        )
        self._at_step("inserted parts")
        contents = zip(positions, (CONTENT.decode(event.content) for event in events), strict=True)
        erasures = [erasure_of(position, content) for position, content in contents]
        return sum(erase(self._connection, each) for each in erasures if each is not None)

    def _write_head(self, tree: Tree, epoch: int) -> str:
        """Sign the grown tree. The head before it goes, unless it was published."""
        previous = note_hash(self._published) if self._published else b""
        note = Checkpoint(self._signer.name, tree.size, tree.root, epoch, previous).sign(
            self._signer.key
        )
        if self.note and self.note != self._published:
            self._connection.execute("DELETE FROM checkpoints WHERE size = ?", (self._tree.size,))
        self._connection.execute(
            "INSERT INTO checkpoints (size, note) VALUES (?, ?)", (tree.size, note)
        )
        self._connection.execute("DELETE FROM frontier")
        self._connection.execute(
            "INSERT INTO frontier (size, hashes) VALUES (?, ?)",
            (tree.size, b"".join(tree.frontier)),
        )
        return note

    def _continue(self) -> None:
        """Go on from the newest checkpoint, whose tree must be what stands in the store."""
        try:
            size, self.note = self._connection.execute(
                "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
            ).fetchone() or (0, "")
            head = open_checkpoint(self.note, self.keys or [self._signer.verifier])
            last = self._connection.execute("SELECT max(position) FROM events").fetchone()[0]
            if (head.size, last) != (size, size - 1):
                raise StoreTampered(
                    path=self._path, reason=mark("its newest checkpoint does not cover its events")
                )
            self._tree = self._kept_tree(head) or self._computed_tree(head)
            self.epoch = max((each.number for each in read_epochs(self._connection)), default=0)
        except (NoteMalformed, SignatureInvalid, sqlite3.DatabaseError) as error:
            raise StoreTampered(path=self._path, reason=str(error)) from error
        if not self.keys:
            self.accept_own_key()
        self.publish()
        self._list_erasures()  # a kill may have come between an erasure and its list

    def _kept_tree(self, head: Checkpoint) -> Tree | None:
        """Return the tree of the kept frontier, if it is the signed one."""
        for (hashes,) in self._connection.execute("SELECT hashes FROM frontier"):
            kept = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
            if is_frontier_of(kept, head.size, head.root):
                return Tree(head.size, kept)
        return None

    def _computed_tree(self, head: Checkpoint) -> Tree:
        """Return the tree of the stored events. Raise StoreTampered if it is not the signed one."""
        tree = Tree()
        rows = self._connection.execute(
            "SELECT CAST(content AS BLOB) FROM events ORDER BY position"
        )
        tree.extend(leaf_hash(content) for (content,) in rows)
        if tree.root != head.root:
            raise StoreTampered(
                path=self._path, reason=mark("its events do not fit its newest checkpoint")
            )
        return tree


def read_keys(folder: Path) -> list[VerifierKey]:
    """Return the public keys that lie beside a store, oldest first; none where there is no file.

    They are a convenience: who wants proof keeps the key elsewhere. Raise NoteMalformed.
    """
    try:
        text = (folder / KEYS_NAME).read_text()
    except FileNotFoundError:
        return []
    return [parse_verifier_key(line) for line in text.splitlines() if line]
