"""The machine's document as operations."""

from app.machine.operations import applying, reading

__all__ = ["applying", "reading"]
