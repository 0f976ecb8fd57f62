"""What can go wrong with tables, imports and exports."""

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


class TooManyColumns(TenshuError):
    """A file or a table has more columns than a table can have."""

    code = "tables.too_many_columns"
    status = 422
    message = "{columns} columns are too many; a table holds up to {limit}."
    hint = "Leave out columns that you do not need, or divide the table."


class ColumnsDoNotFit(TenshuError):
    """The columns chosen for an import are not those of the file."""

    code = "tables.columns_do_not_fit"
    status = 422
    message = "The file has {found} columns, but {given} were described."
    hint = "Look at the preview again and describe each column of the file."


class NotReady(TenshuError):
    """Nobody sees the table while it is imported."""

    code = "tables.not_ready"
    status = 409
    message = "“{name}” is still being imported."
    hint = "Wait until the import is done; its progress stands under Jobs."


class Unfit(ValueError):
    """A text is no value of a field's kind. `reason` is an English text of the catalogue."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
