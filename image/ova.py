"""An OVA: descriptor, manifest and disk in one archive, which VMware and others import."""

import hashlib
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from image import ovf
from image.artefact import version
from image.paths import EPOCH
from image.vmdk import write_vmdk

DISK: Final = "tenshu-disk1.vmdk"


def write_ova(raw: Path, checksum: str, target: Path) -> None:
    """Write the machine of a disk whose content has that SHA-256. Raise Failed."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="ova-") as folder:
        vmdk = Path(folder) / DISK
        write_vmdk(raw, checksum, vmdk)
        disk = ovf.Disk(vmdk.name, vmdk.stat().st_size, raw.stat().st_size)
        described = ovf.descriptor(disk, version())
        with vmdk.open("rb") as data:
            sums = (
                ("tenshu.ovf", hashlib.sha256(described).hexdigest()),
                (vmdk.name, hashlib.file_digest(data, "sha256").hexdigest()),
            )
            manifest = "".join(f"SHA256({name})= {digest}\n" for name, digest in sums)
            # DSP0243 5.3: the descriptor first, files in the order in which it names them
            with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
                add(archive, "tenshu.ovf", BytesIO(described))
                add(archive, "tenshu.mf", BytesIO(manifest.encode()))
                add(archive, vmdk.name, data)


def add(archive: tarfile.TarFile, name: str, data: BinaryIO) -> None:
    """Add a file; nothing of it but name and content counts."""
    entry = tarfile.TarInfo(name)
    data.seek(0, 2)
    entry.size, entry.mode, entry.mtime = data.tell(), 0o644, EPOCH
    data.seek(0)
    archive.addfile(entry, data)
