"""Templates as bytecode: `python -m app.web.design.compiled`, when an image is made.

Python's own modules are compiled there too, for nobody writes beside them later. Jinja compares a
template's text with what was compiled of it, so a changed one is compiled anew, in memory.
"""

from pathlib import Path
from typing import Final

from jinja2.bccache import Bucket, BytecodeCache

FOLDER: Final = Path(__file__).with_suffix("")


class Compiled(BytecodeCache):
    """What lies in a folder; nothing is written there."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Read from `folder`, which may be missing."""
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, if there is something for it."""
        try:
            with (self.folder / bucket.key).open("rb") as file:
                bucket.load_bytecode(file)
        except FileNotFoundError:
            return

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Leave it: the folder is the image's."""


class Making(Compiled):
    """Writes as well."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the bucket."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder / bucket.key).open("wb") as file:
            bucket.write_bytecode(file)


def compile_all(folder: Path = FOLDER) -> int:
    """Compile every template there is; return how many."""
    # which imports this module
    from app.web.design.assets import collect_assets  # noqa: PLC0415
    from app.web.design.environment import create_environment  # noqa: PLC0415

    environment = create_environment(collect_assets())
    environment.bytecode_cache = Making(folder)
    names = environment.list_templates(extensions=["html"])
    for name in names:
        environment.get_template(name)
    return len(names)


if __name__ == "__main__":
    compile_all()
