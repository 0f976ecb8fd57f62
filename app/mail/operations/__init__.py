"""What people and the courier do with mail."""

from app.mail.operations import delivery, messages, relay

__all__ = ["delivery", "messages", "relay"]
