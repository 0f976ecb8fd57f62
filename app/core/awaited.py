"""A process loads its modules while the data folder is still being prepared, and waits here for it.

Loading takes longer than preparing. So where systemd runs the processes, the one that people wait
for starts beside the preparation (`app.start.before_units`), which tells it by a file: that it is
done, and what only then is known. Everywhere else nothing is waited for.
"""

import os
import shutil
import threading
from pathlib import Path
from typing import Final

PLACE: Final = "TENSHU_AWAITS"
"""The variable that names the file. It holds lines `NAME=value`, variables for the process."""
LOOKS_SECONDS: Final = 0.05


def tell(place: Path, owner: str, variables: dict[str, str]) -> None:
    """Tell a process of a user that it need not wait any more; the file is that user's alone."""
    beside = place.with_suffix(".new")
    beside.unlink(missing_ok=True)
    text = "".join(f"{name}={value}\n" for name, value in variables.items())
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    shutil.chown(beside, owner)
    beside.replace(place)


def await_told() -> None:
    """Wait until the file is there, if one is named, and take over what it says.

    As long as systemd lets a start take (TimeoutStartSec=): then it begins this one anew, since a
    preparation may migrate for longer.
    """
    if PLACE not in os.environ:
        return
    place, pause = Path(os.environ[PLACE]), threading.Event()
    while not place.exists():
        pause.wait(LOOKS_SECONDS)
    for line in place.read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ[name] = value
