"""`python -m app.offsite.put_file FOLDER NAME`: write standard input into a file of a folder.

It imports nothing of the appliance but what it needs: it lives for a moment, and may die hanging.
"""

import sys
from pathlib import Path
from typing import Final

from app.audit.durable import write_durably
from app.core.lifeline import die_with_parent

NO_FOLDER: Final = 3
AHEAD: Final = 4
DAY: Final = len("2026-11-29.txt")
"""What a name ends in; before it stands the name of the history."""
LARGEST: Final = 64 * 1024


def standing(note: str) -> tuple[int, int]:
    """Return epoch and size of a checkpoint (C2SP); (0, 0) where it is none.

    Nothing is proven by them: whoever may write the folder may write anything. So what is ahead
    only keeps us from replacing it, and an administrator verifies.
    """
    lines = note.splitlines()
    epoch = next((one.partition(" ")[2] for one in lines if one.startswith("epoch ")), "0")
    size = lines[1] if len(lines) > 1 else "0"
    is_one = all(one.isascii() and one.isdigit() and len(one) < 19 for one in (epoch, size))
    return (int(epoch), int(size)) if is_one else (0, 0)


def ahead(folder: Path, name: str, note: str) -> int:
    """Return the size of a checkpoint of this history that is ahead of ours; 0 for none.

    Only the newest two days are looked at: a folder may hold ten years of them.
    """
    begins = name[:-DAY]
    days = sorted(one for one in folder.iterdir() if one.name.startswith(begins))
    found = (0, 0)
    for path in days[-2:]:
        with path.open(errors="replace") as file:
            found = max(found, standing(file.read(LARGEST)))
    return found[1] if found > standing(note) else 0


def main() -> int:
    """Write; on failure return NO_FOLDER, or say why in a line on standard error and return 1.

    Where the folder knows more of this history than we do, return AHEAD and say how much.
    """
    folder, name = sys.argv[1:]
    try:
        if not Path(folder).is_dir():
            return NO_FOLDER
        note = sys.stdin.buffer.read()
        if more := ahead(Path(folder), name, note.decode(errors="replace")):
            sys.stderr.write(f"{more}\n")
            return AHEAD
        write_durably(Path(folder, name), note)
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        return 1
    return 0


if __name__ == "__main__":
    die_with_parent()
    sys.exit(main())
