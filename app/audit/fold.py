"""Building the tree out of checked chunks, and holding it against the signed checkpoints."""

from collections.abc import Iterable, Mapping, Sequence

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
        self.wrong: Finding | None = None
        self._tree = Tree()
        self._proven = 0

    def add(self, chunk: ChunkReport) -> bool:
        """Take the next chunk. Return False when it is wrong and there is no sense in going on."""
        for size in sorted(chunk.frontiers):
            # what stands before a wrong event is still held against its checkpoint
            if chunk.wrong is None or size <= chunk.wrong.position:
                self._reach(size, root_of([*self._tree.frontier, *chunk.frontiers[size]]))
        self.wrong = self.wrong or chunk.wrong
        if self.wrong is not None:
            return False
        if chunk.count == CHUNK:
            self._tree.append_subtree(chunk.frontier[0], HEIGHT)
        for position, parts in chunk.erased.items():
            self.erased[position] = self.erased.get(position, 0) + parts
        return True

    def add_all(self, chunks: Iterable[ChunkReport]) -> bool:
        """Take chunks until one is wrong. Return whether all were right."""
        return all(self.add(chunk) for chunk in chunks)

    def _reach(self, size: int, root: bytes) -> None:
        self.roots[size] = root
        due = self.signed.get(size)
        if due == root:
            self._proven = size
        elif due is not None and self.wrong is None:
            self.wrong = Finding(
                wrong=Wrong.REWRITTEN,
                position=self._proven,
                parameters={"first": self._proven, "last": size - 1, "size": size},
            )
