"""The machine's files: put into place, compared, taken away.

What was put is written down before it is (`placed.json`), so that a file of an earlier version is
found and removed whatever was killed in between.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.durable import write_whole
from appliance.machine.plan.desired import Concern, Desired, File

PLACED: Final = "placed.json"


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """What was put on the machine, and how the kernel showed the rules right after."""

    files: dict[str, str] = {}
    """SHA-256 by path."""
    rules: str = ""
    """SHA-256 of the rules as the kernel lists them."""


def digest_of(content: bytes | str) -> str:
    """Return the SHA-256, hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


class Root:
    """The folder in which the machine's files begin, and the list of what was put there."""

    def __init__(self, path: Path, own: Path) -> None:
        self.path, self._list = path, own / PLACED

    def placed(self) -> Placed:
        """Return what was put so far."""
        try:
            return msgspec.json.decode(self._list.read_bytes(), type=Placed)
        except FileNotFoundError:
            return Placed()

    def _write_down(self, placed: Placed) -> None:
        write_whole(self._list, msgspec.json.encode(placed))

    def note_rules(self, rules: str) -> None:
        """Write down how the kernel lists the rules that were just loaded."""
        self._write_down(msgspec.structs.replace(self.placed(), rules=rules))

    def changed(self, desired: Desired) -> frozenset[Concern]:
        """Return the concerns whose files are not as desired."""
        wanted = desired.by_path()
        found = {one.concern for one in desired.files if self._read(one.path) != one.content}
        gone = [path for path in self.placed().files if path not in wanted]
        return frozenset(found | {concern_of(path) for path in gone})

    def put(self, desired: Desired) -> None:
        """Put files into place, each in one step, and take away what is desired no more."""
        wanted = desired.by_path()
        new = {path: digest_of(one.content) for path, one in wanted.items()}
        before = self.placed()
        union = msgspec.structs.replace(before, files={**before.files, **new})
        self._write_down(union)
        for one in desired.files:
            if self._read(one.path) != one.content:
                write_file(self.path, one)
        for path in union.files:
            if path not in wanted:
                (self.path / path).unlink(missing_ok=True)
        self._write_down(msgspec.structs.replace(before, files=new))

    def has_put(self, desired: Desired) -> bool:
        """Tell whether this is what was put last, whatever became of it since."""
        files = self.placed().files
        return all(files.get(one.path) == digest_of(one.content) for one in desired.files)

    @contextlib.contextmanager
    def replacing(self, desired: Desired) -> Iterator[None]:
        """Replace files of a version that stays; noted when what is done with them has worked."""
        for one in desired.files:
            write_file(self.path, one)
        yield
        placed = self.placed()
        new = {one.path: digest_of(one.content) for one in desired.files}
        self._write_down(msgspec.structs.replace(placed, files={**placed.files, **new}))

    def drifted(self) -> Iterator[tuple[str, bool]]:
        """Yield path and whether it is missing of each file that is not as it was put."""
        for path, digest in sorted(self.placed().files.items()):
            content = self._read(path)
            if content is None:
                yield path, True
            elif digest_of(content) != digest:
                yield path, False

    def read(self, path: str) -> str:
        """Return the content of a file; nothing where it is not there."""
        return self._read(path) or ""

    def _read(self, path: str) -> str | None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return (self.path / path).read_text("utf-8", "surrogateescape")
        return None


def write_file(root: Path, file: File, *, durable: bool = True) -> None:
    """Write one file below `root`. Raise OSError."""
    path = root / file.path
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    write_whole(path, file.content.encode("utf-8", "surrogateescape"), file.mode, durable=durable)
    os.chmod(path, file.mode)  # noqa: PTH101 - whatever the process's mask took away


def concern_of(path: str) -> Concern:
    """Return whose file a path is; of files of an earlier version only the path is known."""
    for start, concern in OWNERS.items():
        if path.startswith(start):
            return concern
    return Concern.EDGE


OWNERS: Final = {
    "etc/nftables": Concern.FIREWALL,
    "etc/systemd/network": Concern.NETWORK,
    "etc/hostname": Concern.NETWORK,
    "etc/chrony": Concern.TIME,
    "etc/ssh": Concern.SSH,
    "etc/nginx": Concern.EDGE,
    "etc/tenshu": Concern.OUTGOING,
}
