"""The tree of hashes over a slot, read by ourselves: which blocks are right, and which are not.

The format is that of dm-verity, version 1 (kernel, Documentation/admin-guide/device-mapper/verity):
a header that nothing covers, then the levels, the one of a single block first. A block's hash is
SHA-256 over salt and block; the root is that of the first level's block. Reading passes the memory
by: what is read comes from the disk, and nothing of it stays.
"""

import errno
import hashlib
import os
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

BLOCK: Final = 4096
DIGEST: Final = 32
A_BLOCK: Final = BLOCK // DIGEST
"""Hashes in a block of the tree."""
HEADER: Final = struct.Struct("<8sII16s32sIIQH6x256s")
SIGNATURE: Final = b"verity\0\0"
CHUNK: Final = 1 << 20
"""Bytes that are read at once."""
MOST: Final = 1 << 21
"""Blocks of data: eight gigabytes, eight times a slot."""


class NoTree(Exception):
    """Nothing of what is there belongs to the root."""


class Header(NamedTuple):
    """What a tree says of itself."""

    salt: bytes
    blocks: int
    """Of the data."""

    @property
    def levels(self) -> list[int]:
        """Return how many blocks each level has, the single one first."""
        found = [-(-self.blocks // A_BLOCK)]
        while found[0] > 1:
            found.insert(0, -(-found[0] // A_BLOCK))
        return found

    @property
    def size(self) -> int:
        """Return how many bytes a tree has, its header too."""
        return (1 + sum(self.levels)) * BLOCK

    def digest(self, block: bytes | memoryview) -> bytes:
        """Return the hash of a block."""
        found = hashlib.sha256(self.salt)
        found.update(block)
        return found.digest()


class Tree(NamedTuple):
    """A tree that belongs to its root, all of it."""

    header: Header
    content: bytes
    roothash: str

    def block(self, number: int) -> bytes:
        """Return one of its own blocks, the header the first."""
        return self.content[number * BLOCK : (number + 1) * BLOCK]

    def expected(self, number: int) -> bytes:
        """Return the hash that a block of data must have."""
        begin = self.header.size - self.header.levels[-1] * BLOCK + number * DIGEST
        return self.content[begin : begin + DIGEST]


def header_of(content: bytes) -> Header | None:
    """Return what the first block of a tree says; nothing where that is none of ours."""
    if len(content) < BLOCK:
        return None
    signature, version, kind, _, name, of_data, of_tree, blocks, length, salt = HEADER.unpack_from(
        content
    )
    same = (signature, version, kind, name.rstrip(b"\0"), of_data, of_tree)
    if same != (SIGNATURE, 1, 1, b"sha256", BLOCK, BLOCK):
        return None
    if not 1 < blocks <= MOST or length > len(salt):
        return None
    return Header(salt[:length], blocks)


def good_tree(found: Sequence[bytes], roothashes: Sequence[str]) -> Tree:
    """Return the tree of one of these roots, each block of it from wherever it is right.

    Raise NoTree.
    """
    for first in found:
        header = header_of(first)
        for roothash in roothashes if header else ():
            content = header and _grown(header, first[:BLOCK], found, bytes.fromhex(roothash))
            if header and content:
                return Tree(header, content, roothash)
    raise NoTree


def _grown(header: Header, first: bytes, found: Sequence[bytes], root: bytes) -> bytes | None:
    """Return the whole tree, from the root down; nothing where a block is right nowhere."""
    content, wanted, begin = bytearray(first), [root], BLOCK
    for level, count in enumerate(header.levels):
        hashes = bytearray()
        for number in range(count):
            place = slice(begin + number * BLOCK, begin + (number + 1) * BLOCK)
            right = next(
                (o[place] for o in found if header.digest(o[place]) == wanted[number]), None
            )
            if right is None:
                return None
            hashes += right
        content += hashes
        begin += count * BLOCK
        below = [*header.levels, header.blocks][level + 1]
        wanted = [bytes(hashes[at * DIGEST : (at + 1) * DIGEST]) for at in range(below)]
    return bytes(content)


def wrong_in_tree(file: int, tree: Tree) -> Iterator[int]:
    """Yield the numbers of the blocks of a tree on a disk that are not as they should be."""
    for begin, chunk in chunks(file, tree.header.size):
        for at in range(0, min(CHUNK, tree.header.size - begin), BLOCK):
            right = tree.content[begin + at : begin + at + BLOCK]
            if chunk[at : at + BLOCK] != right:
                yield (begin + at) // BLOCK


def wrong_in_data(
    file: int, tree: Tree, told: Callable[[int], None] | None = None
) -> Iterator[int]:
    """Yield the numbers of the blocks of data on a disk that are not as they should be.

    `told` hears of each piece how long it took.
    """
    zeros = bytes(BLOCK)
    zero, digest = tree.header.digest(zeros), tree.header.digest
    began = time.monotonic_ns()
    for begin, chunk in chunks(file, tree.header.blocks * BLOCK):
        left = min(CHUNK, tree.header.blocks * BLOCK - begin)
        view = memoryview(chunk)
        for at in range(0, left, BLOCK):
            number, block = (begin + at) // BLOCK, view[at : at + BLOCK]
            if (zero if block == zeros else digest(block)) != tree.expected(number):
                yield number
        if told is not None:
            told(time.monotonic_ns() - began)
            began = time.monotonic_ns()


def chunks(file: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes of a device piece by piece."""
    for begin in range(0, size, CHUNK):
        yield begin, read(file, begin, min(CHUNK, size - begin))


def read(file: int, begin: int, length: int) -> bytes:
    """Return bytes from the disk itself; a block that cannot be read is one that is never right."""
    os.posix_fadvise(file, begin, length, os.POSIX_FADV_DONTNEED)
    try:
        found = os.pread(file, length, begin)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        found = _one_by_one(file, begin, length)
    finally:
        os.posix_fadvise(file, begin, length, os.POSIX_FADV_DONTNEED)
    return found


def _one_by_one(file: int, begin: int, length: int) -> bytes:
    found = bytearray()
    for at in range(begin, begin + length, BLOCK):
        try:
            found += os.pread(file, BLOCK, at).ljust(BLOCK, b"\0")
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            found += b"\xff" * BLOCK  # a block of zeros may be right
    return bytes(found)


def read_tree(file: int) -> bytes:
    """Return a tree as it lies on a disk, as long as its header says; else all there is.

    A header that says nothing does not hinder what the others have.
    """
    header = header_of(read(file, 0, BLOCK))
    size = header.size if header else os.lseek(file, 0, os.SEEK_END)
    return b"".join(chunk for _, chunk in chunks(file, size))


def is_whole(data: Path, tree: Path, roothash: str) -> bool:
    """Tell whether each block is what the root of the tree says. Raise OSError."""
    with data.open("rb", buffering=0) as blocks, tree.open("rb", buffering=0) as own:
        try:
            found = good_tree([read_tree(own.fileno())], [roothash])
        except NoTree:
            return False
        return next(wrong_in_data(blocks.fileno(), found), None) is None
