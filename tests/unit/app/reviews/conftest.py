"""People in departments, and a clock that the test moves."""

from tests.unit.app.identity.conftest import cheap_hashing, house, time

__all__ = ["cheap_hashing", "house", "time"]
