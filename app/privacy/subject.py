"""By what a person is searched for."""

from collections.abc import Iterable
from typing import Final

from app.identity.models import Account

SHORTEST: Final = 2
"""One letter would find everybody."""
SHORTEST_LOGIN_ID: Final = 4
"""Short login IDs are parts of words."""


def texts_of(account: Account) -> list[str]:
    """Return what may name the person of an account in what others have written."""
    named = [account.name, account.mail, account.employee_number or ""]
    if len(account.login_id) >= SHORTEST_LOGIN_ID:
        named.append(account.login_id)
    spaceless = "".join(account.name.split())
    return clean([*named, spaceless])


def clean(texts: Iterable[str]) -> list[str]:
    """Return the texts that are long enough, each once."""
    stripped = (text.strip() for text in texts)
    return list(dict.fromkeys(text for text in stripped if len(text) >= SHORTEST))
