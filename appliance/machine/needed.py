"""What the appliance's functions reach, kept on disk: the machine starts with what it knew."""

from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.outgoing import Needed
from appliance.durable import write_whole

FILE: Final = "needed.json"


def read_needed(folder: Path) -> tuple[Needed, ...]:
    """Return what was told last; nothing before the first time."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=tuple[Needed, ...])
    except FileNotFoundError:
        return ()


def keep_needed(folder: Path, needed: tuple[Needed, ...]) -> None:
    """Write down what is needed, whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / FILE, msgspec.json.encode(needed))
