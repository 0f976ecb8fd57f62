"""Backups as operations: repositories, key kit, runs."""

from app.backups.operations import kit, removal, repositories, runs

__all__ = ["kit", "removal", "repositories", "runs"]
