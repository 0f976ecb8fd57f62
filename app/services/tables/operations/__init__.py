"""What people do with tables, records, imports and exports."""

from app.services.tables.operations import (
    drift,
    exporting,
    fields,
    grouped,
    import_steps,
    importing,
    indexing,
    keeping,
    records,
    rejected,
    retype_steps,
    retyping,
    saved_views,
    sharing,
    tables,
)

__all__ = [
    "drift",
    "exporting",
    "fields",
    "grouped",
    "import_steps",
    "importing",
    "indexing",
    "keeping",
    "records",
    "rejected",
    "retype_steps",
    "retyping",
    "saved_views",
    "sharing",
    "tables",
]
