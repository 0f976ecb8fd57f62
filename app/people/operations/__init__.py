"""What administrators do with a list of people."""

from app.people.operations import applying, exporting, importing, mailing, preview

__all__ = ["applying", "exporting", "importing", "mailing", "preview"]
