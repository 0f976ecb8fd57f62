"""Where the planes were told to stand: so that a command of another shell speaks of the same ones.

A start with `TENSHU_CONSOLE_PORT=9443` is not known to the shell in which somebody types
`tenshu status` an hour later.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.core.settings import Settings, load_settings

FILE_NAME: Final = "last-start.json"
VARIABLES: Final = (
    "TENSHU_ADDRESS",
    "TENSHU_CONSOLE_PORT",
    "TENSHU_WORKSPACE_PORT",
    "TENSHU_HOST_NAMES",
    "TENSHU_EDGE",
)


def note(settings: Settings) -> None:
    """Keep what this start was told of addresses, in place of what the last one was."""
    told = settings.environment()
    beside = settings.run / f"{FILE_NAME}.new"
    beside.write_text(json.dumps({name: told[name] for name in VARIABLES}))
    beside.replace(settings.run / FILE_NAME)


def followed(environ: Mapping[str, str]) -> Settings:
    """Return the settings by these variables; what they leave open is as the last start had it.

    Raise InvalidSetting.
    """
    settings = load_settings(environ)
    told = _noted(settings.run / FILE_NAME)
    return load_settings({**told, **{name: text for name, text in environ.items() if text}})


def _noted(path: Path) -> dict[str, str]:
    """Return the variables; none where nothing was started, or what stands there is no list."""
    try:
        found = json.loads(os.fsdecode(path.read_bytes()))
    except (OSError, ValueError):
        return {}
    told = found if isinstance(found, dict) else {}
    return {name: str(told[name]) for name in VARIABLES if name in told}
