"""Why the database itself does not take a row that was read well."""

from typing import Final

from app.core.messages import mark
from app.services.tables.types.registry import IS_TAKEN

TOO_LARGE: Final = mark("The row is too large for the database.")
DUPLICATE: Final = IS_TAKEN
