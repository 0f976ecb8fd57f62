"""The machine's document as operations."""

from app.machine.operations import applying, reading, traffic

__all__ = ["applying", "reading", "traffic"]
