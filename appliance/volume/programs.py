"""The programs that change the volume's keys. Keys go to them in files that lie on no disk."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.contract.configuration.errors import ProgramRefused
from appliance.machine.programs import ask
from appliance.volume.facts import POLICY, PUBLIC_KEY, SIGNATURE

SECONDS: Final = 180
"""A TPM takes seconds; a slot for a passphrase is stretched on purpose."""
RANDOM: Final = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
"""A key of 256 random bits needs no stretching."""
STRETCHED: Final = ("--pbkdf", "argon2id", "--pbkdf-memory", "262144", "--pbkdf-parallel", "2",
                    "--iter-time", "2000")  # fmt: skip


class Volume:
    """One LUKS2 volume; `scratch` is a folder in memory, root's alone."""

    def __init__(self, device: Path, scratch: Path) -> None:
        self._device, self._scratch = str(device), scratch

    def opens(self, key: bytes) -> bool:
        """Tell whether a key opens it."""
        with self._file(key) as file:
            try:
                self._cryptsetup("open", "--test-passphrase", f"--key-file={file}", self._device)
            except ProgramRefused:
                return False
        return True

    def add(self, by: bytes, key: bytes, slot: int, *, stretched: bool = False) -> None:
        """Put a key into a slot, by one that opens the volume. Raise ProgramRefused."""
        how = STRETCHED if stretched else RANDOM
        with self._file(by) as known, self._file(key) as new:
            self._cryptsetup("luksAddKey", "--batch-mode", f"--key-file={known}",
                             f"--new-key-slot={slot}", *how, self._device, str(new))  # fmt: skip

    def kill(self, by: bytes, slot: int) -> None:
        """Destroy what a slot holds. Raise ProgramRefused."""
        with self._file(by) as known:
            self._cryptsetup("luksKillSlot", "--batch-mode", f"--key-file={known}", self._device,
                             str(slot))  # fmt: skip

    def write_token(self, text: str, number: int | None = None) -> None:
        """Write a token, over the one of that number. Raise ProgramRefused."""
        place = () if number is None else (f"--token-id={number}", "--token-replace")
        with self._file(text.encode()) as file:
            self._cryptsetup("token", "import", *place, f"--json-file={file}", self._device)

    def remove_token(self, number: int) -> None:
        """Remove a token; its slots stay. Raise ProgramRefused."""
        self._cryptsetup("token", "remove", f"--token-id={number}", self._device)

    def bind(self, by: bytes, registers: str) -> None:
        """Bind a new key to the TPM, where there is none. Raise ProgramRefused."""
        with self._file(by) as known:
            ask(
                "systemd-cryptenroll", f"--unlock-key-file={known}", "--tpm2-device=auto",
                f"--tpm2-pcrs={registers}", "--tpm2-public-key-pcrs=11",
                f"--tpm2-public-key={POLICY / PUBLIC_KEY}",
                f"--tpm2-signature={POLICY / SIGNATURE}", self._device,
                seconds=SECONDS,
            )  # fmt: skip

    def _cryptsetup(self, *words: str) -> None:
        ask("cryptsetup", *words, seconds=SECONDS)

    @contextlib.contextmanager
    def _file(self, content: bytes) -> Iterator[Path]:
        path = self._scratch / secrets.token_hex(8)
        try:
            path.touch(mode=0o600)
            path.write_bytes(content)
            yield path
        finally:
            path.unlink(missing_ok=True)
