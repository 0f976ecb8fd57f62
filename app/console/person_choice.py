"""One person on a form: typed as a login ID, or picked among those whom a part of it fits."""

from collections.abc import Mapping
from typing import Any, Self

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.core.errors import InvalidInput, NotFound
from app.core.messages import mark
from app.identity.operations.finding import FoundPeople, PersonAsked, find_people
from app.operations.context import Context
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, need_sign_in, part
from app.web.routing import get

SEVERAL = mark("This is nobody's login ID. Choose the person below.")


class Choice(msgspec.Struct, frozen=True):
    """What a form says of a person."""

    text: str = ""
    """What was typed."""
    picked: str = ""
    """Account that was picked among those whom the text fits; empty: none was."""

    @classmethod
    def read(cls, form: Mapping[str, Any], field: str) -> Self:
        """Return the choice of a field. What was picked for another text counts no more."""
        text = str(form.get(field, "")).strip()
        picked = form.get(f"{field}-account", "") if form.get(f"{field}-for") == text else ""
        return cls(text, str(picked))


class Choices(msgspec.Struct, frozen=True):
    """What a person's field shows."""

    text: str = ""
    picked: str = ""
    found: FoundPeople | None = None
    """None: nobody was looked for yet."""


def choices_of(context: Context, choice: Choice) -> Choices:
    """Return whom a choice may mean, the most likely one picked."""
    if not choice.text:
        return Choices()
    found = _find(context, choice.text)
    sole = found.items[0].id if found.total == 1 else ""
    identified = found.exact == choice.text  # as an address does it; people read login IDs
    text = found.items[0].login_id if identified else choice.text
    return Choices(text, choice.picked or found.exact or sole, found)


def account_of(context: Context, choice: Choice, field: str) -> str:
    """Return the account that is meant. Raise NotFound, InvalidInput where nobody was picked.

    A part of a name that fits one person alone is no login ID: who changes something says whom.
    """
    if choice.picked:
        return choice.picked
    found = _find(context, choice.text)
    if found.items and not found.exact:
        raise InvalidInput(field=field, reason=SEVERAL)
    return _named(found, choice.text)


def named(context: Context, login_id: str) -> str:
    """Return the account of a login ID. Raise NotFound."""
    return _named(_find(context, login_id), login_id)


def _named(found: FoundPeople, text: str) -> str:
    if not found.exact:
        raise NotFound(kind=mark("account"), name=text)
    return found.exact


def _find(context: Context, text: str) -> FoundPeople:
    return find_people(context, ask(PersonAsked, text=text[:128]))


@get("/accounts/choices")
def show_choices(request: AnyRequest, field: FromQuery[str] = "") -> Answer:
    """Return whom the text of a field fits, for a page that asks while somebody types."""
    context = need_sign_in(request)
    choices = choices_of(context, Choice.read(request.query_params, field))
    return part(
        request, "console/person_choices.html", whole="/accounts", field=field, choices=choices
    )


def person_choice_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_choices]
