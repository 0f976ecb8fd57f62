"""What can go wrong with tables, imports and exports."""

from app.core.errors import TenshuError


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
