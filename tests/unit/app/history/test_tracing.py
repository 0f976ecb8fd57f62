"""An incident is traced at once, by whoever may see the history, without asking the maker."""

import pytest

from app.audit.event import Source
from app.history.operations import OneEvent, SearchEvents, get_event, search_events
from app.operations.context import Actor, Context, Plane
from app.operations.errors import NotAllowed
from app.operations.operation import NoRequest
from app.operations.permissions import Permission, Rights
from app.storage.operations import clean_storage

pytestmark = pytest.mark.sql


def person(appliance, account, *permissions):
    return Context(
        appliance,
        actor=Actor(
            account=account, name=account.title(), rights=Rights((p, "") for p in permissions)
        ),
        source=Source(peer="192.0.2.7", device="Firefox"),
        plane=Plane.CONSOLE,
    )


def test_what_one_person_did_is_found_with_when_where_and_outcome_METI_46(appliance):
    operator = person(appliance, "operator", Permission.SETTINGS_MANAGE)
    stranger = person(appliance, "stranger")
    clean_storage(operator, NoRequest())
    with pytest.raises(NotAllowed):
        clean_storage(stranger, NoRequest())
    auditor = person(appliance, "auditor", Permission.AUDIT_VIEW)

    (found,) = search_events(auditor, SearchEvents(actor="stranger")).rows

    told = get_event(auditor, OneEvent(event=found.id)).row
    assert (told.verb, told.outcome, told.peer) == ("storage.clean", "refused", "192.0.2.7")
    assert (told.actor, told.actor_name) == ("stranger", "Stranger")
    assert told.at > 0


def test_the_history_is_not_shown_to_who_may_not_see_it_METI_46(appliance):
    with pytest.raises(NotAllowed):
        search_events(person(appliance, "operator", Permission.SETTINGS_MANAGE), SearchEvents())
