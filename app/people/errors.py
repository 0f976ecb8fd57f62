"""What can go wrong with a list of people."""

from app.core.errors import TenshuError


class NoList(TenshuError):
    """The file holds no list of people."""

    code = "people.no_list"
    status = 422
    message = "“{name}” holds no list of people: {reason}"
    hint = "The first row names the columns, such as 社員番号 and 氏名; each row below is a person."


class ListTooLong(TenshuError):
    """A list has more rows than one import takes."""

    code = "people.list_too_long"
    status = 422
    message = "The list has {rows} rows; one import takes up to {limit}."
    hint = "Divide the list and import the parts."


class NoKeyColumn(TenshuError):
    """No column says who a row is about."""

    code = "people.no_key_column"
    status = 422
    message = "No column holds the employee number or the login ID."
    hint = "Choose the column that tells who each row is about."


class RowsFaulty(TenshuError):
    """All or nothing was asked for, and some rows do not fit."""

    code = "people.rows_faulty"
    status = 422
    message = "{rows} rows do not fit, so nothing was changed."
    hint = "Correct them in the list, or import only the rows that fit."


class NothingToDo(TenshuError):
    """The list says what stands already."""

    code = "people.nothing_to_do"
    status = 409
    message = "The list holds no differences: there is nothing to change."
    hint = "Change the list, or leave it."


class ListChanged(TenshuError):
    """Somebody changed accounts since the preview."""

    code = "people.list_changed"
    status = 409
    message = "Since the preview somebody changed accounts: the list now changes {people} people."
    hint = "Look at the preview again."
