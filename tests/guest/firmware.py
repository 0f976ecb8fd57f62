"""What a machine starts from its own disk with: UEFI firmware, and the variables it keeps."""

import shutil
from pathlib import Path

from tests.guest.emulator import firmware_file


def firmware(variables: Path) -> list[str]:
    """Return the options of the firmware, without Secure Boot; its variables are kept in a file."""
    if not variables.exists():
        shutil.copyfile(firmware_file("OVMF_VARS_4M.fd"), variables)
    flash, code = "if=pflash,format=raw", firmware_file("OVMF_CODE_4M.fd")
    return ["-drive", f"{flash},readonly=on,file={code}", "-drive", f"{flash},file={variables}"]
