"""What people do with tables, records, imports and exports."""

from app.services.tables.operations import exporting, importing, records, tables

__all__ = ["exporting", "importing", "records", "tables"]
