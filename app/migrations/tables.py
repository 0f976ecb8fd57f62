"""Every table of the core schema, imported so that the metadata knows it.

Found by their files: walking the packages would import all that their operations need, half a
second of each start.
"""

import importlib
from pathlib import Path
from typing import Final

import app

_ROOT: Final = Path(app.__file__).parent

for _path in sorted((*_ROOT.rglob("models.py"), *_ROOT.rglob("models/__init__.py"))):
    _place = _path.parent if _path.name == "__init__.py" else _path.with_suffix("")
    importlib.import_module(".".join(("app", *_place.relative_to(_ROOT).parts)))
