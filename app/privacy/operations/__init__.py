"""Disclosure, erasure and retention as operations."""

from app.privacy.operations import (
    carrying_out,
    disclosing,
    downloading,
    erasing,
    keeping,
    searching,
)

__all__ = ["carrying_out", "disclosing", "downloading", "erasing", "keeping", "searching"]
