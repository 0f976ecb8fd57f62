"""What people do with tables, records, imports and exports."""

from app.services.tables.operations import (
    drift,
    exporting,
    import_steps,
    importing,
    keeping,
    records,
    rejected,
    tables,
)

__all__ = [
    "drift",
    "exporting",
    "import_steps",
    "importing",
    "keeping",
    "records",
    "rejected",
    "tables",
]
