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


class OldWorkbook(TenshuError):
    """The workbook is of the format before 2007."""

    code = "files.old_workbook"
    status = 422
    message = "“{name}” is a workbook in Excel's old format (.xls)."
    hint = "Open it in Excel, save it as .xlsx, and upload it again."


class NotAWorkbook(TenshuError):
    """A packed file that holds no workbook of Excel."""

    code = "files.not_a_workbook"
    status = 422
    message = "“{name}” is a packed file, and no Excel workbook (.xlsx)."
    hint = "Save the list as .xlsx or CSV, and upload it again."


class SheetTooLarge(TenshuError):
    """A sheet spans more cells than fit."""

    code = "files.sheet_too_large"
    status = 413
    message = "The sheet of “{name}” spans more than {cells} cells, the empty ones included."
    hint = "Delete what stands far below or to the right of the list, or save it as CSV."


class NoSuchSheet(TenshuError):
    """The workbook has no sheet of that number."""

    code = "files.no_such_sheet"
    status = 422
    message = "“{name}” has no sheet {number}."
    hint = "Choose one of its sheets."


class NotJsonLines(TenshuError):
    """A line is not what JSON Lines are made of."""

    code = "files.not_json_lines"
    status = 422
    message = "Line {line} of “{name}” cannot be read: {reason}"
    hint = "Write one JSON object in each line (JSON Lines), and upload it again."
