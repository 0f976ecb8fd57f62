"""What happened through windows, one small file an entry, until the console has told the history.

    <data>/machine/maintenance/journal/00000012.json

Several processes append: whoever creates a number first has it, the others take the next.
"""

import os
import secrets
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.maintenance.state import Happening
from appliance.durable import sync_folder

NAME: Final = "name"
FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


class Journal:
    """The entries of one copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _of(self, number: int) -> Path:
        return self.folder / f"{number:08d}.json"

    def append(self, happening: Happening) -> Happening:
        """Write an entry down, durably; return it with its number. Raise OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.folder / f".{secrets.token_hex(8)}"
        number = self._newest()
        try:
            while True:
                number += 1
                numbered = msgspec.structs.replace(happening, number=number)
                handle = os.open(beside, FLAGS, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.encode(numbered))
                    file.flush()
                    os.fsync(file.fileno())
                try:
                    self._of(number).hardlink_to(beside)
                except FileExistsError:
                    continue
                return numbered
        finally:
            beside.unlink(missing_ok=True)
            sync_folder(self.folder)

    def after(self, number: int, limit: int) -> tuple[Happening, ...]:
        """Return the entries that follow a number, oldest first."""
        found: list[Happening] = []
        while len(found) < limit:
            number += 1
            try:
                raw = self._of(number).read_bytes()
            except FileNotFoundError:
                break
            found.append(msgspec.json.decode(raw, type=Happening))
        return tuple(found)

    def identifier(self) -> str:
        """Return what names this journal: one that is lost and begun anew has another name."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / NAME
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return path.read_text("ascii")
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(8))
        return path.read_text("ascii")

    def _newest(self) -> int:
        if not self.folder.is_dir():
            return 0
        numbers = (one.name[:8] for one in os.scandir(self.folder) if one.name.endswith(".json"))
        return max(map(int, numbers), default=0)
