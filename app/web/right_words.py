"""The right of a review's line in words: `role:viewer tables/1` → *Viewer* `tables/1`."""

from collections.abc import Callable

from app.identity import own_roles
from app.web.asking import AnyRequest, appliance_of
from app.web.permission_names import PERMISSION_NAMES


def words_of_rights(request: AnyRequest) -> Callable[[str], tuple[str, str]]:
    """Return a function: the text of a right → its name, to be translated, and its scope."""
    with appliance_of(request).database.read() as session:
        names = own_roles.role_names(session)

    def words(right: str) -> tuple[str, str]:
        what, _, scope = right.partition(" ")
        role = what.removeprefix("role:")
        return (names.get(role, role) if role != what else PERMISSION_NAMES.get(what, what)), scope

    return words
