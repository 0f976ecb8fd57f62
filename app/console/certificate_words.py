"""What the pages of certificates have in common: where they are, and what is wrong in a form."""

from typing import Final

from app.core.errors import TenshuError
from app.operations.context import Context
from app.operations.errors import Refused
from app.web.pages import field_errors
from appliance.contract.certificates.errors import CertificateProblem
from appliance.contract.errors import BY_CODE

PLACE: Final = "/network/certificates"
FIELDS: Final = {
    code: kind.field for code, kind in BY_CODE.items() if issubclass(kind, CertificateProblem)
}
"""Where a form says what is wrong, by the error's code."""


def errors_of(context: Context, error: TenshuError) -> dict[str, str]:
    """Return field → what is wrong."""
    if isinstance(error, Refused):
        raise error
    found = field_errors(context.language, error)
    if "" in found and error.code in FIELDS:
        return {FIELDS[error.code]: found[""]}
    return {name.partition("[")[0]: text for name, text in found.items()}
