"""The machine's document and its certificates as operations."""

from app.machine.operations import applying, certificates, outgoing, reading, traffic

__all__ = ["applying", "certificates", "outgoing", "reading", "traffic"]
