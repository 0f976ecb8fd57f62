"""The appliance's SSH authority: its key never leaves the machine, and signs for windows alone.

`ssh-keygen` signs and revokes: it knows every kind of key that sshd takes, those in devices too.
Every number that was ever given and is not open stands in the list of revoked ones, so sshd refuses
a certificate whose window was closed though its time is not over.
"""

import os
import re
import tempfile
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.maintenance.errors import KeyNotInDevice, KeyTooWeak, KeyUnreadable
from appliance.contract.maintenance.state import Window
from appliance.contract.secret import Secret
from appliance.durable import sync_folder, write_whole
from appliance.machine.programs import ask

ENOUGH: Final = 3072
"""Bits of an RSA key (NIST SP 800-57: 128 bits of security)."""
KINDS: Final = frozenset({"ED25519", "ED25519-SK", "ECDSA", "ECDSA-SK", "RSA"})
"""Keys themselves; what somebody else has certified is none of them."""
_TOLD: Final = re.compile(r"^(?P<bits>\d+) (?P<print>SHA256:\S+) .*\((?P<kind>[A-Z0-9-]+)\)$")


class PublicKey:
    """A public key that ssh-keygen could read."""

    def __init__(self, text: str) -> None:
        """Read the one line of a `.pub` file. Raise KeyUnreadable, KeyTooWeak."""
        self.line = " ".join(text.split()[:2]) + "\n"  # without the comment
        with tempfile.TemporaryDirectory(prefix="tenshu-key-") as folder:
            path = Path(folder) / "key.pub"
            path.write_bytes(self.line.encode())
            try:
                told = _TOLD.match(ask("ssh-keygen", "-l", "-f", str(path)))
            except ProgramRefused as error:
                said = str(error.parameters["said"]).replace(str(path), "–")
                raise KeyUnreadable(said=said) from None
        if told is None or told["kind"] not in KINDS:
            raise KeyUnreadable(said=told["kind"] if told else "–")
        self.fingerprint, self.kind = told["print"], told["kind"]
        if self.kind == "RSA" and int(told["bits"]) < ENOUGH:
            raise KeyTooWeak(bits=told["bits"])

    @property
    def in_device(self) -> bool:
        """Tell whether the private half never leaves a device (FIDO)."""
        return self.kind.endswith("-SK")

    def require_device(self) -> None:
        """Raise KeyNotInDevice for a key in a file."""
        if not self.in_device:
            raise KeyNotInDevice


def make_key() -> tuple[Secret, str]:
    """Return a new private key, kept nowhere, and its public half."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return Secret(private.decode("ascii")), public.decode("ascii")


class Authority:
    """The key pair in one folder, and the list of what it has revoked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key, self.public = folder / "authority", folder / "authority.pub"
        self.revoked = folder / "revoked"

    def ensure(self) -> None:
        """Make the authority at its first use, with a list that revokes nothing. Raise OSError."""
        if self.public.exists() and self.revoked.exists():
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private, public = make_key()
        write_whole(self.key, private.reveal().encode())
        write_whole(self.public, f"{public} tenshu maintenance\n".encode())
        self.revoke(())

    def sign(self, window: Window, key: PublicKey) -> str:
        """Return the certificate of a window for a key. Raise ProgramRefused, OSError."""
        times = f"0x{window.opened_at // 1000:x}:0x{window.until // 1000:x}"
        options = ["clear", "permit-pty", f"source-address={','.join(window.networks)}"]
        if window.hardware:
            options.append("verify-required")
        with tempfile.TemporaryDirectory(prefix="tenshu-key-") as folder:
            path = Path(folder) / "key.pub"
            path.write_text(key.line, "ascii")
            ask(
                "ssh-keygen", "-q", "-s", str(self.key),
                "-I", f"tenshu-window-{window.number}", "-n", window.user,
                "-z", str(window.number), "-V", times,
                *(word for one in options for word in ("-O", one)), str(path),
            )  # fmt: skip
            made = (Path(folder) / "key-cert.pub").read_text("ascii")
        return " ".join(made.split()[:2])  # without the comment, which names a folder

    def revoke(self, ranges: tuple[tuple[int, int], ...]) -> None:
        """Write the list anew: these ranges of numbers and no others. Raise ProgramRefused."""
        with tempfile.TemporaryDirectory(prefix="revoked-", dir=self.folder) as folder:
            wanted, made = Path(folder) / "wanted", Path(folder) / "made"
            wanted.write_text("".join(map(_as_serials, ranges)), "ascii")
            ask("ssh-keygen", "-q", "-k", "-f", str(made), "-s", str(self.public), str(wanted))
            with made.open("rb") as file:
                os.fsync(file.fileno())
            made.rename(self.revoked)
        sync_folder(self.folder)


def _as_serials(numbers: tuple[int, int]) -> str:
    first, last = numbers
    return f"serial: {first}\n" if first == last else f"serial: {first}-{last}\n"


def closed_ranges(newest: int, is_open: bool) -> tuple[tuple[int, int], ...]:
    """Return the numbers that must open nothing. Pure. Only the newest window may be open."""
    last = newest - 1 if is_open else newest
    return ((1, last),) if last else ()
