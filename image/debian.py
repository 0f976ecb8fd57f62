"""The lowest layer: Debian's packages, by mmdebstrap, without a change of ours."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from image.fingerprint import fingerprint
from image.kept import kept
from image.mirrors import sources
from image.paths import EPOCH, KEPT, SUITE
from image.running import run

SECONDS = 600
ARCHIVES = "/var/cache/apt/archives"


def debian_name(wanted: Sequence[str]) -> str:
    """Return the name of a Debian with these packages."""
    return fingerprint(SUITE, *wanted, Path(__file__).read_text())


def debian(kind: str, wanted: Sequence[str]) -> Path:
    """Return the root of a Debian with these packages; make it where it is not there."""
    says = f"Making a Debian of {len(wanted)} packages and what they need ({kind})"
    return kept(f"debian-{kind}", debian_name(wanted), says, partial(_make, wanted))


def _make(wanted: Sequence[str], root: Path) -> None:
    cache = KEPT / "archives"  # what was fetched once is not fetched again
    cache.mkdir(exist_ok=True)
    command = [
        *("mmdebstrap", "--mode=root", "--variant=minbase", "--quiet"),
        '--aptopt=Apt::Install-Recommends "false"',
        '--aptopt=Acquire::Retries "5"',
        "--skip=essential/unlink",
        f'--setup-hook=mkdir -p "$1"{ARCHIVES}',
        f"--setup-hook=sync-in {cache} {ARCHIVES}",
        f"--customize-hook=sync-out {ARCHIVES} {cache}",
        f"--include={','.join(wanted)}",
        *(SUITE, str(root), *sources()),
    ]
    run(command, seconds=SECONDS, environ={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)})
