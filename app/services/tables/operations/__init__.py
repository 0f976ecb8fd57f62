"""What people do with tables, records, imports and exports."""

from app.services.tables.operations import (
    drift,
    exporting,
    fields,
    import_steps,
    importing,
    keeping,
    records,
    rejected,
    retype_steps,
    retyping,
    tables,
)

__all__ = [
    "drift",
    "exporting",
    "fields",
    "import_steps",
    "importing",
    "keeping",
    "records",
    "rejected",
    "retype_steps",
    "retyping",
    "tables",
]
