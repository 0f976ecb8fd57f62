"""`python -m app.offsite.put_file FOLDER NAME`: write standard input into a file of a folder.

It imports nothing of the appliance but what it needs: it lives for a moment, and may die hanging.
"""

import sys
from pathlib import Path
from typing import Final

from app.audit.durable import write_durably
from app.core.lifeline import die_with_parent

NO_FOLDER: Final = 3


def main() -> int:
    """Write; on failure return NO_FOLDER, or say why in a line on standard error and return 1."""
    folder, name = sys.argv[1:]
    try:
        if not Path(folder).is_dir():
            return NO_FOLDER
        write_durably(Path(folder, name), sys.stdin.buffer.read())
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        return 1
    return 0


if __name__ == "__main__":
    die_with_parent()
    sys.exit(main())
