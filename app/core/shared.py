"""Files that several users of the machine share.

Where each process has a user of its own, what they share lies in folders that hand their group on
(setgid, inode(7)); everywhere else a file is for its owner alone. So the folder says who may read.
"""

import stat
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600


def mode_in(folder: Path, shared: int) -> int:
    """Return the mode of a new file in `folder`: `shared` where the folder hands its group on."""
    return shared if folder.stat().st_mode & stat.S_ISGID else PRIVATE
