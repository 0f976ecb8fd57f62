"""Backups as operations: repositories, key kit, runs."""

from app.backups.operations import kit, repositories, runs

__all__ = ["kit", "repositories", "runs"]
