"""Firmware that starts nothing but what a key it knows has signed (Secure Boot).

What the firmware says, and that a first program runs, is enough: the machine need not come up.
"""

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from image.disk import Disk
from image.running import Failed
from image.secure_boot import CERTIFICATE, KEY, STARTED, Signer, signed, signer
from image.workshop import work
from tests.debian import appliance_disk, debian_with
from tests.guest.emulator import firmware_file
from tests.guest.machine import nvme, untouched
from tests.running import wait_until

pytestmark = [
    pytest.mark.image,
    pytest.mark.emulated,
    pytest.mark.together("image-disk"),
    pytest.mark.timeout(600),
]

OWNER = "0a7f1c1e-6f3b-4f5e-9d55-7e0c5a5c9b11"
UP = "\x1b[!p"
"""How systemd, the first program, resets its terminal: the kernel itself is told to be quiet."""
DENIED = ("Access Denied", "Security Violation")
SECONDS = 120
DOCS = Path(__file__).parents[3] / "docs"


def made(folder: Path, name: str) -> Signer:
    """Make a key and its certificate."""
    by = Signer(folder / f"{name}.key", folder / f"{name}.pem")
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    words += ["-subj", f"/CN={name}", "-keyout", str(by.key), "-out", str(by.certificate)]
    subprocess.run(words, check=True, capture_output=True)
    return by


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return made(tmp_path_factory.mktemp("keys"), "ours")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory, ours: Signer) -> Path:
    return signed(appliance_disk(), ours, tmp_path_factory.mktemp("signed"))


ONLY_OURS = "OVMF_VARS_4M.fd", ("--set-pk", "--add-kek", "--add-db")
OURS_BESIDE_MICROSOFTS = "OVMF_VARS_4M.ms.fd", ("--add-db",)
ONLY_MICROSOFTS = "OVMF_VARS_4M.ms.fd", ()
"""What a firmware's variables are made of: a file of OVMF's, and the lists our key is added to."""


def enforcing(by: Signer, folder: Path, base: str, lists: Sequence[str]) -> list[str]:
    """Return the options of a firmware that enforces what is in its lists."""
    tools = debian_with("variables", "ovmf", "python3-virt-firmware")
    words = ["virt-fw-vars", "--input", f"/usr/share/OVMF/{base}"]
    words += ["--output", f"/mnt/{folder.name}/variables", "--secure-boot"]
    certificate = f"/mnt/keys/{by.certificate.name}"
    for option in lists:
        words += [option, OWNER, certificate]
    script = """set -eu
root="$1" keys="$2" folder="$3"; shift 3
mount -t tmpfs tmpfs "$root/mnt"
mkdir "$root/mnt/keys" "$root/mnt/${folder##*/}"
mount --bind "$keys" "$root/mnt/keys"
mount --bind "$folder" "$root/mnt/${folder##*/}"
exec chroot "$root" "$@"
"""
    enter = ["unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh"]
    enter += [str(tools), str(by.certificate.parent), str(folder), *words]
    subprocess.run(enter, check=True, capture_output=True)
    flash, code = "if=pflash,format=raw", firmware_file("OVMF_CODE_4M.secboot.fd")
    return [
        *("-machine", "smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"),
        *("-drive", f"{flash},readonly=on,file={code}"),
        *("-drive", f"{flash},file={folder / 'variables'}"),
    ]


def said(disk: Path, by: Signer, folder: Path, known: tuple[str, Sequence[str]] = ONLY_OURS) -> str:
    """Switch a machine on whose firmware enforces what it knows; return what it says."""
    copy = folder / "disk"
    subprocess.run(["cp", "--sparse=always", str(disk), str(copy)], check=True)
    options = [*enforcing(by, folder, *known), *nvme(copy), "-m", "1024"]
    with untouched(folder / "guest", options) as serial:

        def told() -> str:
            return serial.read_text(errors="replace") if serial.exists() else ""

        wait_until(
            lambda: any(one in told() for one in (UP, *DENIED)), "it starts or is denied",
            SECONDS,
        )  # fmt: skip
        return told()


@pytest.mark.slow
@pytest.mark.parametrize("known", [ONLY_OURS, OURS_BESIDE_MICROSOFTS])
def test_firmware_with_our_key_starts_what_is_signed_V11(
    disk: Path, ours: Signer, tmp_path: Path, known: tuple[str, Sequence[str]]
) -> None:
    assert UP in said(disk, ours, tmp_path, known)


@pytest.mark.slow
def test_firmware_with_the_usual_keys_starts_it_not_and_each_page_on_importing_says_what_to_clear(
    disk: Path, ours: Signer, tmp_path: Path
) -> None:
    told = said(disk, ours, tmp_path, ONLY_MICROSOFTS)
    assert UP not in told
    assert any(one in told for one in DENIED)
    pages = [page.read_text() for page in (DOCS / "how-to").glob("import-on-*.md")]
    assert len(pages) == 4
    for page in pages:
        assert "Secure Boot" in page


@pytest.mark.slow
def test_firmware_with_our_key_starts_nothing_unsigned_V11(ours: Signer, tmp_path: Path) -> None:
    told = said(appliance_disk().raw, ours, tmp_path)
    assert UP not in told
    assert any(one in told for one in DENIED)


def programs(raw: Path, of: Disk, folder: Path) -> list[bytes]:
    """Return the programs that firmware starts from."""
    found = []
    for name in STARTED:
        start = f"/mnt/disk/{raw.name}@@{of.partitions[0]['offset']}"
        brought = {"disk": raw.parent, "out": folder}
        work("mcopy", "-n", "-i", start, f"::{name}", "/mnt/out/found", brought=brought, seconds=60)
        found.append((folder / "found").read_bytes())
        (folder / "found").unlink()
    return found


def blank(program: bytes) -> bytes:
    """Return a program (PE32+) without what a signature writes into its head."""
    (head,) = struct.unpack_from("<I", program, 0x3C)
    checksum, signatures = head + 24 + 64, head + 24 + 144
    left = bytearray(program)
    left[checksum : checksum + 4] = bytes(4)
    left[signatures : signatures + 8] = bytes(8)
    return bytes(left)


def test_a_signature_is_attached_and_all_else_stays_the_same_bit_by_bit_V11(
    disk: Path, tmp_path: Path
) -> None:
    unsigned = appliance_disk()
    for before, after in zip(
        programs(unsigned.raw, unsigned, tmp_path), programs(disk, unsigned, tmp_path), strict=True
    ):
        assert len(before) < len(after)
        assert blank(after).startswith(blank(before))
    begin = unsigned.partitions[1]["offset"]
    with disk.open("rb") as one, unsigned.raw.open("rb") as two:
        one.seek(begin)
        two.seek(begin)
        while chunk := two.read(1 << 24):
            assert one.read(1 << 24) == chunk


def test_key_and_certificate_must_belong_together(
    tmp_path: Path, ours: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signer() is None, "without them the image is not signed"
    monkeypatch.setenv(KEY, str(ours.key))
    with pytest.raises(Failed, match="name both"):
        signer()
    monkeypatch.setenv(CERTIFICATE, str(tmp_path / "missing"))
    with pytest.raises(Failed, match="no file"):
        signer()
    monkeypatch.setenv(CERTIFICATE, str(made(tmp_path, "other").certificate))
    with pytest.raises(Failed, match="is not of the key"):
        signer()
    monkeypatch.setenv(CERTIFICATE, str(ours.certificate))
    assert signer() == ours
