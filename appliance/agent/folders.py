"""Which folder may hold a repository: the one place where a path comes from a person."""

import os
from collections.abc import Iterable
from pathlib import Path

from appliance.contract.backup_errors import FolderRefused
from appliance.contract.folder_reasons import FOLDER_REASONS
from appliance.place import Place


def accept_folder(place: Place, text: str, taken: Iterable[str]) -> Path:
    """Return the folder that a person named for a repository. Raise FolderRefused with the reason.

    Nothing of the appliance itself, no root, no link anywhere in the path, nothing filled that is
    not a Borg repository, nothing that the agent cannot write.
    """
    try:
        reason = _reason(place, Path(os.path.normpath(text)), text, set(taken))
    except OSError:  # a part of more than 255 bytes, a loop of links
        reason = "astray"
    if reason:
        raise FolderRefused(folder=text, reason=FOLDER_REASONS[reason])
    return Path(os.path.normpath(text))


def is_repository(folder: Path) -> bool:
    """Return True if a Borg repository stands in the folder."""
    return (folder / "config").is_file() and (folder / "data").is_dir()


def _reason(place: Place, folder: Path, text: str, taken: set[str]) -> str:
    if not text.startswith("/") or "\0" in text:
        return "relative"
    if "::" in text or "{" in text or "}" in text:
        return "spelling"
    real = folder.resolve()
    if real == Path("/"):
        return "root"
    for own in (place.data.resolve(), place.keys.resolve(), place.restores.resolve()):
        if real.is_relative_to(own) or own.is_relative_to(real):
            return "own"
    if real != folder:
        return "link"
    return "taken" if str(folder) in taken else _state(folder)


def _state(folder: Path) -> str:
    if not folder.exists():
        if not folder.parent.is_dir():
            return "parent"
        return "" if os.access(folder.parent, os.W_OK | os.X_OK) else "unwritable"
    if not folder.is_dir():
        return "file"
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return "unwritable"
    held = {path.name for path in folder.iterdir()}
    if not held or is_repository(folder):
        return ""
    # Borg wants it empty, and this folder belongs to the file system itself
    return "top" if held == {"lost+found"} else "filled"
