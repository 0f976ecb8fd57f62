"""What the machine says of its volume and its TPM, nothing added."""

from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.volume.errors import KeeperFailed
from appliance.contract.volume.state import Opened
from appliance.machine.programs import ask
from appliance.volume.head import Head, read_head
from appliance.volume.judging import Tpm
from appliance.volume.report import Report

TOLD: Final = Path("/run/tenshu-volume")
"""Written by the initrd: what opened the volume, and what was typed for it."""
DEVICE: Final = Path("/dev/md/tenshu-state")
VARIABLES: Final = Path("/sys/firmware/efi/efivars")
SECURE_BOOT: Final = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
MEASURED: Final = "StubPcrKernelImage-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
TPM: Final = Path("/sys/class/tpm/tpm0/tpm_version_major")
POLICY: Final = Path("/run/systemd")
SIGNATURE: Final = "tpm2-pcr-signature.json"
PUBLIC_KEY: Final = "tpm2-pcr-public-key.pem"


def is_own() -> bool:
    """Tell whether the machine started from the appliance's own disk."""
    return (TOLD / "opened").exists()


def opened() -> Opened:
    """Return what opened the volume at this start."""
    try:
        return Opened((TOLD / "opened").read_text("ascii").strip())
    except (OSError, ValueError):
        return Opened.unprotected


def typed() -> bytes:
    """Return what was typed at this start, or nothing."""
    try:
        return (TOLD / "typed").read_bytes()
    except OSError:
        return b""


def forget_typed() -> None:
    """Forget it: the machine has a key of its own."""
    (TOLD / "typed").unlink(missing_ok=True)


def report() -> Report:
    """Return what came of asking a key server at this start; an empty one where none was asked."""
    try:
        return msgspec.json.decode((TOLD / "server.json").read_bytes(), type=Report)
    except (OSError, msgspec.MsgspecError):
        return Report()


def head() -> Head:
    """Return the volume's head. Raise KeeperFailed."""
    try:
        return read_head(ask("cryptsetup", "luksDump", "--dump-json-metadata", str(DEVICE)))
    except (ProgramRefused, msgspec.MsgspecError) as error:
        raise KeeperFailed(said=str(error)) from error


def tpm() -> Tpm:
    """Return what of the TPM matters."""
    return Tpm(
        present=_text(TPM) == "2",
        measured=(VARIABLES / MEASURED).exists(),
        policy=all((POLICY / name).exists() for name in (SIGNATURE, PUBLIC_KEY)),
        secure_boot=_last_byte(VARIABLES / SECURE_BOOT) == 1,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except OSError:
        return ""


def _last_byte(path: Path) -> int:
    """Return a variable's one byte, after four of attributes."""
    try:
        return path.read_bytes()[-1]
    except (OSError, IndexError):
        return 0
