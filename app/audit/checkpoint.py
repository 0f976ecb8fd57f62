"""Checkpoints (c2sp.org/tlog-checkpoint): one signed note that stands for the whole history.

    tenshu/audit/…          name of the history
    1284                    number of events
    CsUYapGGPo4dkMgI…       root of the Merkle tree, base64
    epoch 1763690298000     newest declared restore that it holds, 0 for none
    previous m4XkRq0bNw…    SHA-256 of the published checkpoint before, base64

    — tenshu/audit/… x08go/ZJku…

The last two are extension lines. The epoch lets a later verification tell a rollback that was
declared from one that was not. The hash makes the checkpoints a chain, so that none of them can be
altered or taken away, and one signature vouches for all.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.audit.errors import NoteMalformed
from app.audit.merkle import HASH_BYTES
from app.audit.note import VerifierKey, open_note, parse_note, sign_note
from app.core.messages import mark

MAX_SIZE: Final = 2**63 - 1
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_KEPT = re.compile(
    r"[^\s+\ufeff\"]+\n"  # name
    r"[0-9]{1,19}\n"  # number of events
    r"[A-Za-z0-9+/]{43}=\n"  # root
    r"(?:[^\n]+\n)*\n"  # extensions
    r"(?:— [^\s+]+ [A-Za-z0-9+/=]+(?:\n|(?=[^A-Za-z0-9+/=])|\Z))+"
)
_EPOCH: Final = "epoch "
_PREVIOUS: Final = "previous "


class Checkpoint(msgspec.Struct, frozen=True):
    """What a checkpoint says."""

    origin: str
    size: int
    """Number of events."""
    root: bytes
    """32 bytes."""
    epoch: int = 0
    """Number of the newest epoch among these events (`app.audit.epoch`)."""
    previous: bytes = b""
    """SHA-256 of the note that was published before; empty for the first."""

    @property
    def text(self) -> str:
        """The lines that are signed."""
        lines = [self.origin, str(self.size), _encode(self.root), f"{_EPOCH}{self.epoch}"]
        if self.previous:
            lines.append(_PREVIOUS + _encode(self.previous))
        return "\n".join(lines) + "\n"

    def sign(self, key: Ed25519PrivateKey) -> str:
        """Return the signed note; the key's name is the origin."""
        return sign_note(self.text, self.origin, key)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the signed lines of a checkpoint. Raise NoteMalformed where they are none."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise NoteMalformed(reason=mark("name, number of events and root are expected"))
    origin, size, encoded, *extensions = lines
    root = _hash(encoded)
    if not root:
        raise NoteMalformed(reason=mark("the root is not 32 bytes in base64"))
    if not _NUMBER.fullmatch(size) or int(size) > MAX_SIZE:
        raise NoteMalformed(reason=mark("the number of events is not a number"))
    # lines that we do not know belong to somebody else's extension
    epoch = _extension(extensions, _EPOCH)
    previous = _hash(_extension(extensions, _PREVIOUS))
    return Checkpoint(
        origin, int(size), root, int(epoch) if _NUMBER.fullmatch(epoch) else 0, previous
    )


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


def split_notes(text: str) -> list[str]:
    """Split a file of checkpoints, one below the other, into its notes.

    Empty lines between them do not matter, nor Windows line ends, nor what a power cut left of one.
    """
    blocks = [block.strip("\n") for block in re.split(r"\n{2,}", text.replace("\r\n", "\n"))]
    return [
        f"{head}\n\n{signatures}\n"
        for head, signatures in pairwise(blocks)
        if signatures.startswith("— ")
    ]


def find_notes(text: str) -> list[str]:
    """Return the notes in whatever a checkpoint was kept in: a file, a mail, a log of syslog.

    Logs put a sign in the place of a line end (`#012`, or as JSON has it), something in front of
    the first line, and leave the last line end out.
    """
    for other in ("\r\n", "#012", "\\n"):
        text = text.replace(other, "\n")
    return [f"{found[0].rstrip()}\n" for found in _KEPT.finditer(text)]


def note_hash(note: str) -> bytes:
    """Return what the next checkpoint names as `previous`."""
    return hashlib.sha256(note.encode()).digest()


def _extension(lines: Sequence[str], name: str) -> str:
    return next((line.removeprefix(name) for line in lines if line.startswith(name)), "")


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _hash(encoded: str) -> bytes:
    """Return 32 bytes, or none where `encoded` is not the one standard form of them."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if len(raw) == HASH_BYTES and _encode(raw) == encoded else b""
