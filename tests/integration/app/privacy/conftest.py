"""The same office as the unit tests have, and a kit for a repository."""

from tests.integration.appliance.conftest import kit
from tests.unit.app.privacy.conftest import cheap_hashing, house, office, time

__all__ = ["cheap_hashing", "house", "kit", "office", "time"]
