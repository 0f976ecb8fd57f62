"""What firmware starts, signed: loader and kernel image, attached after the disk was made.

The signer is named by TENSHU_SECURE_BOOT_KEY and TENSHU_SECURE_BOOT_CERTIFICATE (PEM files). A
signature is added at the end of a program (PE); what stands before it, and both slots, stay the
same bit by bit. Firmware that has the certificate alone in its list (`db`) starts nothing else.
"""

import os
from pathlib import Path
from typing import Final, NamedTuple

from image.disk import Disk, entry
from image.running import Failed, run, step
from image.workshop import work

KEY: Final = "TENSHU_SECURE_BOOT_KEY"
CERTIFICATE: Final = "TENSHU_SECURE_BOOT_CERTIFICATE"
SIGN: Final = "/usr/lib/systemd/systemd-sbsign"
STARTED: Final = (
    "EFI/BOOT/BOOTX64.EFI",
    "EFI/systemd/systemd-bootx64.efi",
    f"EFI/Linux/{entry()}",
)
"""Each program on the partition that firmware starts from."""


class Signer(NamedTuple):
    """Who signs."""

    key: Path
    certificate: Path


def signer() -> Signer | None:
    """Return who signs, if somebody is named. Raise Failed."""
    named = [os.environ.get(one, "") for one in (KEY, CERTIFICATE)]
    if not any(named):
        return None
    if not all(named):
        raise Failed(f"{KEY} and {CERTIFICATE} belong together: name both, or none")
    found = Signer(*(Path(one).resolve() for one in named))
    for variable, path in zip((KEY, CERTIFICATE), found, strict=True):
        if not path.is_file():
            raise Failed(f"{variable}: no file {path}")
    public = run(["openssl", "pkey", "-in", str(found.key), "-pubout"], seconds=30)
    if run(["openssl", "x509", "-in", str(found.certificate), "-noout", "-pubkey"],
           seconds=30) != public:  # fmt: skip
        raise Failed(f"{CERTIFICATE}: {found.certificate} is not of the key {found.key}")
    return found


def signed(made: Disk, by: Signer, folder: Path) -> Path:
    """Write the disk with its start signed into a folder, and return it. Raise Failed."""
    raw = folder / made.raw.name
    with step("Signing what firmware starts"):
        run(["cp", "--sparse=always", str(made.raw), str(raw)], seconds=300)
        for name in STARTED:
            _sign(name, raw, made.partitions[0]["offset"], by)
    return raw


def _sign(name: str, raw: Path, offset: int, by: Signer) -> None:
    brought = {"made": raw.parent, "key": by.key.parent, "certificate": by.certificate.parent}
    start = ("-i", f"/mnt/made/{raw.name}@@{offset}")
    plain, written = "/mnt/made/plain.efi", "/mnt/made/signed.efi"
    keys = (f"/mnt/key/{by.key.name}", f"/mnt/certificate/{by.certificate.name}")
    for words in (
        ("mcopy", "-n", *start, f"::{name}", plain),
        (SIGN, "sign", f"--private-key={keys[0]}", f"--certificate={keys[1]}",
         f"--output={written}", plain),
        ("mcopy", "-o", *start, written, f"::{name}"),
    ):  # fmt: skip
        work(*words, brought=brought, seconds=120)
    for one in ("plain.efi", "signed.efi"):
        (raw.parent / one).unlink()
