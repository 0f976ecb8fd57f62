"""A short name for what something was made from: same name, same content."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def fingerprint(*words: str, files: Iterable[Path] = (), below: Path = Path("/")) -> str:
    """Return the name of words and files; a file counts by its path below a folder, and content."""
    found = hashlib.sha256("\0".join(words).encode())
    for path in sorted(files):
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        found.update(f"\0{path.relative_to(below)}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:16]


def every_file(folder: Path) -> list[Path]:
    """Return the files below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
