"""Is it in doubt which machine this is? Then nothing is sent (`appliance.contract.identity`)."""

from typing import Final

from app.core.settings import Settings

FILE_NAME: Final = "doubt.json"


def in_doubt(settings: Settings) -> bool:
    """Tell whether an administrator has to decide first."""
    return (settings.data / FILE_NAME).exists()
