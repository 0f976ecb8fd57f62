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


class RowsDoNotFit(TenshuError):
    """All or nothing was asked for, and a row did not fit while the rows were written."""

    code = "tables.rows_do_not_fit"
    status = 422
    message = "Row {row} does not fit, so nothing was imported: {reason}"
    hint = "Correct the row and import the file again, or let the rows that fit be imported."


class OutOfReach(TenshuError):
    """What was written would lie outside of the rows that the person may reach."""

    code = "tables.out_of_reach"
    status = 403
    message = "With these values the record would not be among those that you may work with."
    hint = "Choose other values, or ask whoever designs the table."


class TooManyCells(TenshuError):
    """Somebody without the right to export asks for more than may be copied at once."""

    code = "tables.too_many_cells"
    status = 403
    message = "Without the right to export, up to {limit} cells are handed out at once."
    hint = "Take fewer rows or columns, or ask for the right to export."


class NoFurtherPages(TenshuError):
    """A program of somebody without the right to export goes through a list page by page."""

    code = "tables.no_further_pages"
    status = 403
    message = "Without the right to export, a program gets the first page of a list only."
    hint = "Search or filter for what you need, or ask for the right to export."


class NothingToFetch(TenshuError):
    """The file of an export is not there any more, or not yet."""

    code = "tables.nothing_to_fetch"
    status = 404
    message = "The file of this export is not here."
    hint = "It is kept for two days. Export again."


class DoesNotFitBack(TenshuError):
    """A former value does not fit the field as it is today."""

    code = "tables.does_not_fit_back"
    status = 422
    message = "Nothing was put back: what “{field}” held does not fit any more. {reason}"
    hint = "Put back the other values alone, or change the field so that it fits."
