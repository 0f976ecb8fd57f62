"""A file that cannot be read at all is asked for anew, with the reason."""

from app.core.errors import TenshuError
from app.services.tables.views import TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, field_errors, need_sign_in, page


def ask_for_another(
    request: AnyRequest, error: TenshuError, into: TableView | None = None
) -> Answer:
    """Return the page that takes a file, for a new table or into one that is there."""
    told = field_errors(need_sign_in(request).language, error)
    return page(
        request,
        "workspace/table_new.html",
        status=error.status,
        errors={"file": told.get("", "")},
        into=into,
    )
