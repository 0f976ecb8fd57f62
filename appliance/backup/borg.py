"""Borg, spoken to in JSON only.

Options are those that Borg 1.2 and 1.4 both know. The passphrase goes through a pipe, never on a
command line or into an environment (but see `Borg.change_passphrase`). Borg's configuration, cache
and security notes lie in a folder of this copy of the appliance, so that two copies never share
them, and every question that Borg could ask is answered beforehand, on the safe side.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from appliance.backup import locks
from appliance.backup.borg_errors import explain
from appliance.backup.borg_json import Created, CreatedArchive, Line, ListedFile, Listing
from appliance.backup.process import Ended, find, run_program
from appliance.backup.reporter import Reporter
from appliance.contract.backup_errors import (
    BorgMissing,
    BorgUnsupported,
    RepositoryGone,
    RepositoryLocked,
)
from appliance.contract.secret import Secret

LOCK_SECONDS: Final = 5
"""How long to wait for somebody else's lock."""
FINDINGS: Final = 20
NOTHING: Final[Mapping[str, str]] = {}


def borg_version() -> str:
    """Return the version of Borg. Raise BorgMissing, or BorgUnsupported if it is not 1.2 or 1.4."""
    program = find("borg")
    if program is None:
        raise BorgMissing
    ended = run_program(
        [program, "--version"], _environment(Path("/nonexistent"), ""), Reporter(), _drop
    )
    version = ended.output.decode(errors="replace").split()[-1:] or ["?"]
    if not version[0].startswith(("1.2.", "1.4.")):
        raise BorgUnsupported(version=version[0])
    return version[0]


def _drop(line: bytes) -> None:
    """Hear a line that tells nothing that the exit code does not."""


def _environment(base: Path, host: str, *, moved: bool = False) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(base),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "BORG_BASE_DIR": str(base),
        # names this copy in locks: Borg then knows its own dead processes' locks by itself
        "BORG_HOST_ID": host,
        "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes" if moved else "no",
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "no",
        "BORG_DISPLAY_PASSPHRASE": "no",
    }


class Borg:
    """One repository, opened with its passphrase.

    `base` is Borg's folder of this copy. `moved` accepts that a known repository stands in another
    folder than before: only where a person has just named the folder. `alone` says that no other
    process of this copy works in the repository, so that a lock with our name is a dead one's.
    `unlocked` reads beside a running backup. `log` gets Borg's own words.
    Every method raises the errors of `appliance.contract.backup_errors`.
    """

    def __init__(
        self,
        folder: Path,
        passphrase: Secret,
        base: Path,
        reporter: Reporter | None = None,
        *,
        moved: bool = False,
        alone: bool = False,
        unlocked: bool = False,
        log: Callable[[bytes], None] = _drop,
    ) -> None:
        self.folder = folder
        self._passphrase, self._base, self._moved, self._log = passphrase, base, moved, log
        self._alone, self._unlocked = alone, unlocked
        self._reporter = reporter or Reporter()
        self._program = find("borg")
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._host = locks.host_of(base)

    def create_repository(self) -> None:
        """Make the repository: repokey-blake2 is AES-256 with BLAKE2b, the key within (METI-33)."""
        self._run("init", "--encryption", "repokey-blake2", self._location())

    def listing(self) -> Listing:
        """Return the repository's identifier and its archives, oldest first."""
        ended = self._run(
            "list", "--json", "--format", "{comment}", *self._reading(), self._location()
        )
        return msgspec.json.decode(ended.output, type=Listing)

    def create(
        self,
        archive: str,
        folder: Path,
        names: Sequence[str],
        comment: str,
        on_progress: Callable[[Line], None],
    ) -> CreatedArchive:
        """Archive `names` of `folder`. A warning is a failure: nothing there may change or fail."""
        ended = self._run(
            "--progress",
            "create",
            "--json",
            "--compression",
            "zstd",
            # files are content-addressed and linked, which changes their ctime, not their content
            "--files-cache",
            "mtime,size",
            "--comment",
            comment,
            self._location(archive),
            *names,
            folder=folder,
            on_progress=on_progress,
        )
        return msgspec.json.decode(ended.output, type=Created).archive

    def contents(self, archive: str) -> Iterator[ListedFile]:
        """Yield every file and folder of an archive."""
        ended = self._run("list", "--json-lines", *self._reading(), self._location(archive))
        for line in ended.output.splitlines():
            yield msgspec.json.decode(line, type=ListedFile)

    def extract(
        self,
        archive: str,
        into: Path,
        names: Sequence[str] = (),
        on_progress: Callable[[Line], None] = lambda line: None,  # noqa: ARG005 - nobody listens
    ) -> None:
        """Write an archive's files (all, or those named) into the folder `into`."""
        self._run(
            "--progress",
            "extract",
            *self._reading(),
            self._location(archive),
            *names,
            folder=into,
            on_progress=on_progress,
        )

    def delete(self, archive: str) -> None:
        """Take an archive out again, also when the run itself was told to end."""
        self._run("delete", self._location(archive), reporter=Reporter())

    def change_passphrase(self, passphrase: Secret) -> None:
        """Let the repository open with another passphrase, and not with this one any more.

        Borg takes a new passphrase from its environment only, which nobody but root and this user
        can read. The key that encrypts the archives stays the same.
        """
        self._run(
            "key",
            "change-passphrase",
            self._location(),
            variables={"BORG_NEW_PASSPHRASE": passphrase.reveal()},
        )
        self._passphrase = passphrase

    def destroy(self, on_tick: Callable[[], None]) -> None:
        """Delete the whole repository, and what this copy remembers of it.

        `--force` asks and reads nothing first, so that a damaged one can be deleted too: whoever
        calls has made sure that it is the right one. Borg deletes its `config` first, then the
        whole folder.
        """
        self._run("delete", "--force", self._location(), on_tick=on_tick)

    def check(self, on_progress: Callable[[Line], None]) -> tuple[bool, tuple[str, ...]]:
        """Read and verify every byte. Return whether all is whole, and Borg's words if not.

        `--verify-data` covers repository and archives; `--archives-only` would find no flipped bit.
        """
        findings: list[str] = []

        def hear(line: Line) -> None:
            on_progress(line)
            if line.levelname in {"WARNING", "ERROR", "CRITICAL"} and len(findings) < FINDINGS:
                findings.append(line.message[:200])

        ended = self._run(
            "--progress",
            "check",
            "--verify-data",
            self._location(),
            on_progress=hear,
            fine=(0, 1),
        )
        return ended.exit_code == 0, tuple(findings) if ended.exit_code else ()

    def _location(self, archive: str = "") -> str:
        return f"{self.folder}::{archive}" if archive else str(self.folder)

    def _reading(self) -> tuple[str, ...]:
        # a write-protected disk takes no lock, and nobody can change it under us
        locking = os.access(self.folder, os.W_OK) and not self._unlocked
        return () if locking else ("--bypass-lock",)

    def _run(
        self,
        *arguments: str,
        folder: Path | None = None,
        on_progress: Callable[[Line], None] = lambda line: None,  # noqa: ARG005 - nobody listens
        fine: tuple[int, ...] = (0,),
        reporter: Reporter | None = None,
        on_tick: Callable[[], None] = lambda: None,
        variables: Mapping[str, str] = NOTHING,
    ) -> Ended:
        reporter = reporter or self._reporter
        try:
            return self._run_once(
                arguments, folder, on_progress, fine, reporter, on_tick, variables
            )
        except RepositoryLocked:
            if not (self._alone and locks.left_by(self._host, self.folder)):
                raise
        # our own, of a process that is dead although its number lives on (a restarted machine)
        self._run_once(("break-lock", self._location()), None, on_progress, (0,), reporter)
        return self._run_once(arguments, folder, on_progress, fine, reporter, on_tick, variables)

    def _run_once(
        self,
        arguments: Sequence[str],
        folder: Path | None,
        on_progress: Callable[[Line], None],
        fine: tuple[int, ...],
        reporter: Reporter,
        on_tick: Callable[[], None] = lambda: None,
        variables: Mapping[str, str] = NOTHING,
    ) -> Ended:
        if self._program is None:
            raise BorgMissing
        if arguments[0] != "init" and not (self.folder / "config").is_file():
            raise RepositoryGone(folder=str(self.folder))
        words: list[Line] = []

        def hear(raw: bytes) -> None:
            try:
                line = msgspec.json.decode(raw, type=Line)
            except msgspec.DecodeError:  # a library's warning in between
                self._log(raw)
                return
            if line.type == "log_message":
                self._log(raw)
                words.append(line)
            on_progress(line)

        ended = run_program(
            [self._program, "--log-json", "--lock-wait", str(LOCK_SECONDS), *arguments],
            {**_environment(self._base, self._host, moved=self._moved), **variables},
            reporter,
            hear,
            folder=folder,
            secret=self._passphrase.reveal().encode(),
            secret_variable="BORG_PASSPHRASE_FD",  # noqa: S106 - the name of a variable
            on_tick=on_tick,
        )
        if ended.exit_code not in fine:
            raise explain(ended.exit_code, words, arguments, self.folder, self._base)
        return ended
