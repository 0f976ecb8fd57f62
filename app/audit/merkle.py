"""The Merkle tree of RFC 6962, section 2.1: a pure core without input or output.

Rules
-----
- The hash of a leaf is SHA-256(0x00 || content), of a node SHA-256(0x01 || left || right).
- The left subtree of n leaves holds the largest power of two smaller than n.
- A tree of n leaves is known by its *frontier*: the roots of the perfect subtrees that the set
  bits of n name, largest first. Appending, the root, and everything that the sealer needs follow
  from these at most 64 hashes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


def leaf_hash(content: bytes | bytearray) -> bytes:
    """Return the hash of a leaf with this content."""
    return _sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two others."""
    return _sha256(b"\x01" + left + right).digest()


def levels_of(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return all complete nodes over `leaves`, level by level; level 0 is the leaves themselves.

    Level h holds the roots of the perfect subtrees of 2**h leaves; what does not fill one is
    left out.
    """
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = b"".join(levels[-1])
        levels.append(
            [
                _sha256(b"\x01" + below[start : start + 64]).digest()
                for start in range(0, len(below) - 63, 64)
            ]
        )
    return levels


def frontier_at(levels: Sequence[Sequence[bytes]], size: int) -> list[bytes]:
    """Return the frontier of the first `size` leaves, out of `levels_of` at least that many."""
    return [
        levels[height][(size >> height) - 1]
        for height in range(size.bit_length() - 1, -1, -1)
        if size >> height & 1
    ]


def root_of(frontier: Iterable[bytes]) -> bytes:
    """Return the root of the tree with this frontier."""
    root = b""
    for subtree in reversed(list(frontier)):
        root = node_hash(subtree, root) if root else subtree
    return root or EMPTY_ROOT


class Tree:
    """A tree that grows: keeps size and frontier, nothing else."""

    __slots__ = ("_frontier", "size")

    def __init__(self, size: int = 0, frontier: Iterable[bytes] = ()) -> None:
        self.size = size
        self._frontier = list(frontier)
        if len(self._frontier) != size.bit_count():
            msg = f"{len(self._frontier)} hashes are no frontier of {size} leaves"
            raise ValueError(msg)

    @property
    def frontier(self) -> tuple[bytes, ...]:
        """Roots of the perfect subtrees, largest first."""
        return tuple(self._frontier)

    @property
    def root(self) -> bytes:
        """Root of the tree as it is now."""
        return root_of(self._frontier)

    def append(self, leaf: bytes) -> None:
        """Add one leaf, given its hash."""
        self.append_subtree(leaf, 0)

    def append_subtree(self, root: bytes, height: int) -> None:
        """Add a perfect subtree of 2**height leaves; the size must be a multiple of that."""
        if self.size & ((1 << height) - 1):
            msg = f"a subtree of {1 << height} leaves does not fit behind {self.size}"
            raise ValueError(msg)
        filled = self.size >> height
        while filled & 1:
            root = node_hash(self._frontier.pop(), root)
            filled >>= 1
        self._frontier.append(root)
        self.size += 1 << height

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaves, given their hashes."""
        for leaf in leaves:
            self.append_subtree(leaf, 0)

    def copy(self) -> "Tree":
        """Return a tree that grows on its own from here."""
        return Tree(self.size, self._frontier)


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size` (at least 2)."""
    return 1 << (size - 1).bit_length() - 1


class Forest:
    """A finished tree whose every node can be asked for; for making proofs."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self._levels = levels_of(leaves)

    def root(self, first: int = 0, end: int | None = None) -> bytes:
        """Return the root over the leaves from `first` to before `end`, an RFC 6962 range."""
        end = self.size if end is None else end
        size = end - first
        if size <= 0:
            return EMPTY_ROOT
        if not size & (size - 1):
            return self._levels[size.bit_length() - 1][first >> size.bit_length() - 1]
        middle = first + _split(size)
        return node_hash(self.root(first, middle), self.root(middle, end))

    def inclusion(self, position: int) -> list[bytes]:
        """Return the audit path of a leaf, nearest hash first (RFC 6962, section 2.1.1)."""
        first, end, path = 0, self.size, []
        while end - first > 1:
            middle = first + _split(end - first)
            if position < middle:
                path.append(self.root(middle, end))
                end = middle
            else:
                path.append(self.root(first, middle))
                first = middle
        return path[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that the first `old` leaves are a prefix (RFC 6962, section 2.1.2)."""
        if not 0 < old < self.size:
            return []
        first, end, path, whole = 0, self.size, [], True
        while old < end:
            middle = first + _split(end - first)
            if old <= middle:
                path.append(self.root(middle, end))
                end = middle
            else:
                path.append(self.root(first, middle))
                first, whole = middle, False
        if not whole:
            path.append(self.root(first, end))
        return path[::-1]


def verify_inclusion(
    leaf: bytes, position: int, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Tell whether `path` proves that `leaf` stands at `position` (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    node, last, found = position, size - 1, leaf
    for sibling in path:
        if not last:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return not last and found == root


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Tell whether `path` proves that the old tree is a prefix of the new (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    if not hashes:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if not last:
            return False
        if node & 1 or node == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        node, last = node >> 1, last >> 1
    return not last and before == old_root and after == new_root


def is_frontier_of(frontier: Sequence[bytes], size: int, root: bytes) -> bool:
    """Tell whether these hashes are the frontier of the tree with this size and root."""
    return len(frontier) == size.bit_count() and root_of(frontier) == root
