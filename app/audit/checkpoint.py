"""Checkpoints (c2sp.org/tlog-checkpoint): one signed note that stands for the whole history.

    tenshu/audit/…          name of the history
    1284                    number of events
    CsUYapGGPo4dkMgI…       root of the Merkle tree, base64
    epoch 1763690298000     newest declared restore that it holds, 0 for none (extension line)

    — tenshu/audit/… x08go/ZJku…

The epoch lets a later verification tell a rollback that was declared from one that was not.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.audit.errors import NoteMalformed
from app.audit.merkle import HASH_BYTES
from app.audit.note import VerifierKey, open_note, parse_note, sign_note
from app.core.messages import mark

MAX_SIZE: Final = 2**63 - 1
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_EPOCH: Final = "epoch "


class Checkpoint(msgspec.Struct, frozen=True):
    """What a checkpoint says."""

    origin: str
    size: int
    """Number of events."""
    root: bytes
    """32 bytes."""
    epoch: int = 0
    """Number of the newest epoch among these events (`app.audit.epoch`)."""

    @property
    def text(self) -> str:
        """The lines that are signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n{_EPOCH}{self.epoch}\n"

    def sign(self, key: Ed25519PrivateKey) -> str:
        """Return the signed note; the key's name is the origin."""
        return sign_note(self.text, self.origin, key)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the signed lines of a checkpoint. Raise NoteMalformed where they are none."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise NoteMalformed(reason=mark("name, number of events and root are expected"))
    origin, size, encoded, *extensions = lines
    try:
        root = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        root = b""
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != encoded:
        raise NoteMalformed(reason=mark("the root is not 32 bytes in base64"))
    if not _NUMBER.fullmatch(size) or int(size) > MAX_SIZE:
        raise NoteMalformed(reason=mark("the number of events is not a number"))
    return Checkpoint(origin, int(size), root, _epoch(extensions))


def open_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Return the checkpoint of a note signed by one of `keys`, under the history's own name.

    Raise NoteMalformed or SignatureInvalid.
    """
    text, signer = open_note(note, keys)
    checkpoint = parse_checkpoint(text)
    if signer.name != checkpoint.origin:
        raise NoteMalformed(reason=mark("it is signed under another name than its own"))
    return checkpoint


def read_checkpoint(note: str) -> Checkpoint:
    """Return what a note says, unchecked: only for texts whose signature was checked before."""
    return parse_checkpoint(parse_note(note).text)


def split_notes(text: str) -> Iterator[str]:
    """Split a file of checkpoints, one below the other, into its notes.

    Empty lines between them do not matter, nor Windows line ends.
    """
    lines: list[str] = []
    signed = False
    for line in text.replace("\r\n", "\n").split("\n"):
        if signed and not line.startswith("— "):
            yield "\n".join(lines) + "\n"
            lines, signed = [], False
        if line or lines:
            lines.append(line)
            signed = line.startswith("— ")
    if any(lines):
        yield "\n".join(lines) + "\n"


def _epoch(extensions: Sequence[str]) -> int:
    for line in extensions:
        number = line.removeprefix(_EPOCH)
        if number != line and _NUMBER.fullmatch(number):
            return int(number)
    return 0
