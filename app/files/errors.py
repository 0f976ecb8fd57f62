"""What can go wrong with a file that somebody brings.

The codes are older than this place: programs know them.
"""

from app.core.errors import TenshuError


class UploadGone(TenshuError):
    """The uploaded file is not in the spool, or belongs to somebody else."""

    code = "tables.upload_gone"
    status = 404
    message = "The uploaded file is not here any more."
    hint = "Upload it again."


class UploadTooLarge(TenshuError):
    """An upload exceeds what one import may hold."""

    code = "tables.upload_too_large"
    status = 413
    message = "The file is larger than {megabytes} MB."
    hint = "Divide the file and import the parts."


class NotCsv(TenshuError):
    """The uploaded file is no text with columns."""

    code = "tables.not_csv"
    status = 422
    message = "“{name}” cannot be read as CSV: {reason}"
    hint = "Save it as CSV (UTF-8) and upload it again."
