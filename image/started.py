"""Which packages of the workshop come with the image: kernel, loader, and what the initrd took."""

from pathlib import Path
from typing import Final

from image.workshop import kernel_version, work

ALWAYS: Final = ("dracut-core", "systemd-boot-efi")
"""What the initrd is made by, and loader and stub."""
UNPACK: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd", b"\xfd7": "xz"}


def packages_of(initrd: Path, shop: Path) -> list[str]:
    """Return the names of the packages that an initrd has files of, with those of the kernel."""
    owners = _owners(shop)
    found = {owners[path] for path in files_of(initrd) if path in owners}
    return sorted({*found, *ALWAYS, f"linux-image-{kernel_version()}"})


def files_of(initrd: Path) -> list[str]:
    """Return the paths in an initrd, below its root."""
    with initrd.open("rb") as file:
        program = UNPACK[file.read(2)]
    told = work(
        *("sh", "-c", f"{program} --decompress --stdout /mnt/made/{initrd.name} | cpio -t --quiet"),
        brought={"made": initrd.parent},
        seconds=120,
    )
    return [_plain(path) for path in told.splitlines()]


def _owners(shop: Path) -> dict[str, str]:
    """Return the package of each file; folders belong to many and count for none."""
    found = {}
    for listed in sorted((shop / "var/lib/dpkg/info").glob("*.list")):
        package = listed.stem.partition(":")[0]
        for line in listed.read_text().splitlines():
            if not (shop / line[1:]).is_dir():
                found[_plain(line)] = package
    return found


def _plain(path: str) -> str:
    """Return a path as both name it: Debian moved these folders into /usr."""
    path = path.strip().removeprefix("./").lstrip("/")
    return f"usr/{path}" if path.startswith(("bin/", "sbin/", "lib/", "lib64/")) else path
