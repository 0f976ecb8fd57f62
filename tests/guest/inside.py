"""The door, as it runs in the guest: commands come in at a serial port, what they said goes out.

It comes with the guest's firmware (tests/guest/door.py), for Debian's own Python and nothing else.
"""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

NAME = "tenshu.door"


def port() -> Path:
    """Return the device of our port; its links in /dev are udev's, which may run later."""
    names = Path("/sys/class/virtio-ports").glob("*/name")
    (found,) = (one.parent.name for one in names if one.read_text().strip() == NAME)
    return Path("/dev", found)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Run one command to its end, or cut it and all that it began at its deadline."""
    pipe = subprocess.PIPE
    form: dict[str, Any] = {"text": True, "errors": "replace", "start_new_session": True}
    try:
        process = subprocess.Popen(asked["words"], stdin=pipe, stdout=pipe, stderr=pipe, **form)
    except OSError as error:
        return {"failed": str(error)}
    failed = {}
    try:
        out, errors = process.communicate(asked["stdin"], asked["seconds"])
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, errors = process.communicate()
        failed = {"failed": f"cut after {asked['seconds']} s: {out}{errors}"}
    return {"code": process.returncode, "out": out, "errors": errors, **failed}


def main() -> None:
    """Say which boot this is, then answer for as long as somebody asks."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    with port().open("r+b", buffering=0) as door:

        def say(message: dict[str, Any]) -> None:
            left = json.dumps(message).encode() + b"\n"
            while left:
                left = left[door.write(left) :]

        say({"boot": boot})
        for line in iter(door.readline, b""):
            asked = json.loads(line)
            say({"number": asked["number"], **answer(asked)})


if __name__ == "__main__":
    main()
