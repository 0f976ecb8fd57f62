"""A TPM 2.0 of a guest (swtpm): what it keeps lies in a folder; another folder is another TPM."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.guest.emulator import program
from tests.running import wait_until


@contextlib.contextmanager
def tpm(state: Path) -> Iterator[list[str]]:
    """Switch a TPM on, and give the options of QEMU that plug it in."""
    state.mkdir(exist_ok=True)
    control = state / "control"
    control.unlink(missing_ok=True)
    words = ["socket", "--tpm2", f"--tpmstate=dir={state}", f"--ctrl=type=unixio,path={control}"]
    with (state / "log").open("a") as log:
        process = subprocess.Popen(program("swtpm", *words), stdout=log, stderr=log)
    try:
        wait_until(control.exists, "the TPM listens", 20)
        yield [
            *("-chardev", f"socket,id=tpm-line,path={control}"),
            *("-tpmdev", "emulator,id=tpm,chardev=tpm-line"),
            *("-device", "tpm-crb,tpmdev=tpm"),
        ]
    finally:
        process.kill()
        process.wait(20)
