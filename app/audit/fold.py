"""Building the tree out of checked chunks, and holding it against the signed checkpoints."""

from collections.abc import Mapping, Sequence

from app.audit.merkle import EMPTY_ROOT, Tree, root_of
from app.audit.scan import CHUNK, HEIGHT, ChunkReport
from app.audit.verdict import Finding, Wrong


class Fold:
    """The tree as far as chunks have come; stops at the first wrong event."""

    def __init__(self, signed: Mapping[int, bytes], asked: Sequence[int] = ()) -> None:
        """Take the roots that signed checkpoints demand, and sizes whose roots others ask for."""
        self.signed = signed
        self.sizes = sorted({*signed, *asked} - {0})
        self.roots = {0: EMPTY_ROOT}
        """Root at every size of `sizes` reached so far."""
        self.erased: dict[int, int] = {}
        """Position of an erasure's event → parts that it took."""
        self.proven = 0
        """Events that signed checkpoints vouch for, as far as the tree has come."""
        self._wrong: Finding | None = None
        self._wrong_value: Finding | None = None
        self._gone: Finding | None = None
        self._tree = Tree()

    @property
    def wrong(self) -> Finding | None:
        """The first wrong event found."""
        return self._wrong or self._first_value

    def add(self, chunk: ChunkReport) -> bool:
        """Take the next chunk. Return False when there is no sense in going on.

        Wrong values do not break the tree: whether it was the values or the event that somebody
        altered, the next signed checkpoint tells. Whether values are gone rightly can be said only
        where all events behind are right: the erasure may be the one that was altered.
        """
        self._wrong_value = self._wrong_value or chunk.wrong_value
        self._gone = self._gone or chunk.gone
        for size in sorted(chunk.frontiers):
            # what stands before a wrong event is still held against its checkpoint
            if chunk.wrong is None or size <= chunk.wrong.position:
                self._reach(size, root_of([*self._tree.frontier, *chunk.frontiers[size]]))
        if self._wrong is None and chunk.wrong is not None:
            self._wrong = self._wrong_value or chunk.wrong
        if self._wrong is not None:
            return False
        if chunk.count == CHUNK:
            self._tree.append_subtree(chunk.frontier[0], HEIGHT)
        for position, parts in chunk.erased.items():
            self.erased[position] = self.erased.get(position, 0) + parts
        return True

    def _reach(self, size: int, root: bytes) -> None:
        self.roots[size] = root
        due = self.signed.get(size)
        if due is None or self._wrong is not None:
            return
        if due != root:
            self._wrong = Finding(
                wrong=Wrong.REWRITTEN,
                position=self.proven,
                parameters={"first": self.proven, "last": size - 1, "size": size},
            )
            return
        self.proven = size
        if self._wrong_value is not None and self._wrong_value.position < size:
            self._wrong = self._first_value

    @property
    def _first_value(self) -> Finding | None:
        found = [each for each in (self._wrong_value, self._gone) if each is not None]
        return min(found, key=lambda each: each.position, default=None)
