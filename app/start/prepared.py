"""A data folder that is ready to run."""

from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings
from app.operations.context import Appliance


@dataclass(frozen=True, slots=True)
class Prepared:
    """A data folder that is ready to run, and what the person at the machine needs to know."""

    appliance: Appliance
    fingerprint: str
    """SHA-256 of the certificate that both planes show."""
    authority: Path
    """Certificate of the authority, to be trusted by browsers."""
    lock: int
    """Descriptor of the lock on the data folder (`app.core.data_folder.take`)."""

    @property
    def settings(self) -> Settings:
        """The settings that it was prepared for."""
        return self.appliance.settings
