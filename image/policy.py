"""The policy by which a TPM gives a machine's key to our kernel images, also to later ones.

ukify signs what PCR 11 will be while such an image starts, with the key that TENSHU_PCR_KEY names:
RSA with 2048 bits, in PEM. The image carries signatures and public half; machines are bound to that
half, so whoever holds the private one says which releases open their volumes (decision 50). Without
a key there is no policy, and the machine says so.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

from image.running import Failed

KEY: Final = "TENSHU_PCR_KEY"
PLACE: Final = "policy"
BEGINS: Final = "-----BEGIN "
"""A file in PEM."""


def policy_key() -> Path | None:
    """Return the private key, or nothing where none is named. Raise Failed."""
    named = os.environ.get(KEY)
    if not named:
        return None
    key = Path(named).absolute()
    if not key.is_file():
        raise Failed(f"{KEY}: no file {key}")
    text = key.read_text("ascii", "replace")
    if not (text.startswith(BEGINS) and "PRIVATE KEY" in text.splitlines()[0]):
        remedy = "make one: openssl genrsa -out pcr.pem 2048"
        raise Failed(f"{KEY}: {key} is no private key in PEM; {remedy}")
    return key


def policy_name() -> str:
    """Return what tells a disk with one policy from one with another; empty without."""
    key = policy_key()
    return hashlib.sha256(key.read_bytes()).hexdigest() if key else ""


def policy_folder() -> dict[str, Path]:
    """Return the folder that ukify has to see, by its name there."""
    key = policy_key()
    return {PLACE: key.parent} if key else {}


def policy_words() -> list[str]:
    """Return what ukify is told: sign PCR 11 for each phase of a start."""
    key = policy_key()
    if key is None:
        return []
    return [f"--pcr-private-key=/mnt/{PLACE}/{key.name}", "--pcr-banks=sha256"]
