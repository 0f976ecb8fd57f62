"""One signature over the checksums of all in build/: of whoever holds the key, afterwards.

`python -m image.signature` checks each file and signs; so does each build at its end. The key is
named by TENSHU_IMAGE_KEY: an Ed25519 key of OpenSSH, or the public half of one that an agent or a
token holds. It is no part of what is the same bit by bit.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from image.artefact import BUILT, version
from image.running import Failed, run, step

KEY: Final = "TENSHU_IMAGE_KEY"
SUMS: Final = "SHA256SUMS"
NAMESPACE: Final = "tenshu-image"
"""What the key signs here counts for nothing else (PROTOCOL.sshsig)."""
SIGNER: Final = "tenshu"
KIND: Final = "ED25519"


def seal(folder: Path) -> str:
    """Write the checksums of a folder's artefacts, sign them, and return what a person is told.

    Without a key there is no signature, also none of before. Raise Failed.
    """
    sums = write_sums(folder)
    signature = sums.with_name(f"{SUMS}.sig")
    signature.unlink(missing_ok=True)
    if not (named := os.environ.get(KEY)):
        return f"{sums}\nNot signed: {KEY} names no key."
    key = Path(named)
    _check_key(key)
    with step("Checking what is signed"):
        run(["sh", "-c", 'cd "$1" && sha256sum --check --quiet "$2"', "sh", str(folder), SUMS],
            seconds=600)  # fmt: skip
    _sign(key, sums)
    return f"{sums}\n{signature}\nWhoever checks it needs this line:\n{signers_line(key)}"


def write_sums(folder: Path) -> Path:
    """Write the checksums of this version's artefacts into one file."""
    beside = sorted(folder.glob(f"tenshu-{version()}.*.sha256"))
    lines = [one.read_text() for one in beside if one.with_suffix("").exists()]
    if not lines:
        raise Failed(f"{folder}: nothing is there to be signed; build it first: make image")
    sums = folder / SUMS
    sums.write_text("".join(lines))
    return sums


def signers_line(key: Path) -> str:
    """Return the line that names a key to whoever checks (ssh-keygen(1), ALLOWED SIGNERS)."""
    kind, public, *_ = _public(key).split()
    return f'{SIGNER} namespaces="{NAMESPACE}" {kind} {public}'


def _check_key(key: Path) -> None:
    if not key.is_file():
        raise Failed(f"{KEY}: no file {key}")
    told = run(["ssh-keygen", "-l", "-f", str(key)], seconds=30)
    if f"({KIND})" not in told:
        raise Failed(f"{KEY}: {key} is no Ed25519 key; make one: ssh-keygen -t ed25519")


def _sign(key: Path, sums: Path) -> None:
    """Sign, and look whether it holds."""
    run(["ssh-keygen", "-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE, str(sums)], seconds=300)
    with tempfile.TemporaryDirectory() as folder:
        signers = Path(folder) / "signers"
        signers.write_text(signers_line(key) + "\n")
        verify(sums, signers)


def verify(sums: Path, signers: Path) -> None:
    """Check the signature of checksums, as a customer does. Raise Failed."""
    words = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", SIGNER, "-n", NAMESPACE]
    script = 'sums="$1"; shift; exec "$@" < "$sums"'
    run(["sh", "-c", script, "sh", str(sums), *words, "-s", f"{sums}.sig"], seconds=30)


def _public(key: Path) -> str:
    beside = key.with_name(f"{key.name}.pub")
    if key.suffix == ".pub":
        return key.read_text()
    if beside.is_file():
        return beside.read_text()
    return run(["ssh-keygen", "-y", "-f", str(key)], seconds=300)


def main() -> None:
    """Sign what was built."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.stdout.write(f"{seal(BUILT)}\n")


if __name__ == "__main__":
    main()
