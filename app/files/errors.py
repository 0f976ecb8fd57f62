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


class Unfit(ValueError):
    """A text is not what should stand in its place; `reason` is a text of the catalogue."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnreadableWorkbook(TenshuError):
    """The uploaded file says that it is a workbook, and cannot be read as one."""

    code = "files.unreadable_workbook"
    status = 422
    message = "“{name}” cannot be read as an Excel workbook: it is damaged, or no workbook."
    hint = "Open it in Excel, save it as .xlsx, and upload it again."


class ProtectedWorkbook(TenshuError):
    """The workbook is encrypted with a password."""

    code = "files.protected_workbook"
    status = 422
    message = "“{name}” is protected by a password."
    hint = "Save it in Excel without a password, and upload it again."


class WorkbookTooLarge(TenshuError):
    """A workbook unpacks to more than fits."""

    code = "files.workbook_too_large"
    status = 413
    message = "“{name}” unpacks to more than {megabytes} MB."
    hint = "Keep only the sheet with the list, or save it as CSV."
