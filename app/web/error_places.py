"""Where on a form an error stands that names no field: at the answer that it is about."""

from collections.abc import Mapping
from typing import Final

from app.core.errors import TenshuError
from app.identity.errors import (
    CodeAlreadyUsed,
    LoginIdTaken,
    NameTaken,
    RoleNameTaken,
    UnsuitableLoginId,
    UnsuitablePassword,
    WrongClaimCode,
    WrongCode,
    WrongPassword,
    WrongRecoveryCode,
)
from app.leaving.errors import NoOwnerWouldRemain, UnsuitableSuccessor
from app.privacy.errors import NobodyNamed
from app.web.pages import field_errors

PLACES: Final[dict[type[TenshuError], str]] = {
    WrongClaimCode: "code",
    WrongCode: "code",
    CodeAlreadyUsed: "code",
    WrongRecoveryCode: "code",
    WrongPassword: "current",
    UnsuitablePassword: "password",
    UnsuitableLoginId: "login_id",
    LoginIdTaken: "login_id",
    NameTaken: "name",
    UnsuitableSuccessor: "successor",
    NobodyNamed: "text",
    NoOwnerWouldRemain: "leaves_on",
    RoleNameTaken: "name",
}
"""Error → the field that is answered anew; whatever else stands above the form alone."""


def errors_at_fields(
    language: str,
    error: TenshuError,
    *,
    form: str = "",
    fields: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return field → what is wrong with it, by the identifiers of the page's fields.

    `fields` gives the form's own names for those of PLACES; `form` is what the identifiers of a
    form's fields begin with where a page has several forms. What concerns no field stands under
    the empty name.
    """
    found = {}
    for named, text in field_errors(language, error).items():
        place = named or _place_of(error)
        place = (fields or {}).get(place, place)
        found[f"{form}-{place}" if form and place else place] = text
    return found


def _place_of(error: TenshuError) -> str:
    return next((place for kind, place in PLACES.items() if isinstance(error, kind)), "")
