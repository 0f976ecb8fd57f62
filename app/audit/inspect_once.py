"""The process `python -m app.audit.inspect_once FOLDER KEY`: one verification, then the end."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from app.audit.inspection import (
    Inspection,
    Running,
    inspected,
    read_inspection,
    write_inspection,
)
from app.audit.note import parse_verifier_key
from app.audit.verify import verify
from app.core import clock
from app.core.background import give_way
from app.core.lifeline import die_with_parent

TOLD_EVERY: Final = 0.5
"""Seconds between two notes of how far it is."""


def inspect_once(folder: Path, key: str, told_every: float = TOLD_EVERY) -> None:
    """Verify the store in `folder` with the public key of its sealer; leave the result beside it.

    Raise NoteMalformed or OSError.
    """
    began, known, told = clock.now(), read_inspection(folder), time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal told
        if time.monotonic() - told >= told_every:
            told = time.monotonic()
            running = Running(since=began, done=done, of=of)
            write_inspection(folder, msgspec.structs.replace(known, running=running))

    write_inspection(
        folder, msgspec.structs.replace(known, running=Running(since=began, done=0, of=0))
    )
    verdict = verify(folder, [parse_verifier_key(key)], indexes=True, progress=tell)
    write_inspection(folder, Inspection(latest=inspected(verdict, began, clock.now())))


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments say, while everybody else goes first."""
    die_with_parent()
    give_way()
    folder, key = arguments
    inspect_once(Path(folder), key)


if __name__ == "__main__":
    main(sys.argv[1:])
