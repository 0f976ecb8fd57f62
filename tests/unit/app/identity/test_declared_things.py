"""What packages declare of a person: told without secrets, forgotten where it tells who it was."""

from dataclasses import replace

import pytest

from app.core.secret import Secret
from app.identity import holdings, keeping, personal
from app.identity.models import Grant, Membership
from app.identity.operations import groups, requests, sign_in, tokens
from app.identity.operations.grants import NewGrant
from app.identity.operations.groups import GroupPlace, NewGroup
from app.operations.context import Plane
from tests.unit.app.identity.house import PASSWORD


def test_two_things_of_one_kind_are_refused_at_the_start():
    for declare, one in (
        (holdings.declare, holdings.all_holdings()[0]),
        (keeping.declare, keeping.all_kept()[0]),
        (personal.declare_about, personal.all_about()[0]),
        (personal.declare_searched, personal.all_searched()[0]),
    ):
        with pytest.raises(ValueError, match="two "):
            declare(replace(one))


def told(house, account: str) -> dict[str, list[dict]]:
    with house.appliance.database.read() as session:
        return {each.kind: list(each.told(session, account)) for each in personal.all_about()}


def forget(house, account: str) -> dict[str, int]:
    with house.appliance.database.write() as session:
        return {
            each.kind: each.forget(session, account)
            for each in personal.all_about()
            if each.forget is not None
        }


def test_all_that_stands_beside_an_account_is_told_and_no_secret_with_it_METI_31(house):
    person = house.person("tanaka", "owner")
    other = house.person("sato")
    group = groups.create_group(house.local, NewGroup(name="Sales"))
    groups.place_group(house.local, GroupPlace(group=group.id, rev=1, head=person.id))
    with house.appliance.database.write() as session:
        session.add(Membership(group=group.id, account=person.id))
        session.add(
            Grant(id="given", holder=other.id, role="viewer", created_by=person.id, created_at=1)
        )
    context = house.enter(person)
    tokens.create_token(
        context,
        tokens.NewToken(name="reports", rights=[tokens.WantedRight(permission="audit.view")]),
    )
    requests.prepare(context, "grants.give", NewGrant(holder=other.id, role="auditor"))
    sign_in.start(house.nobody(Plane.WORKSPACE), sign_in.Start(person.login_id, Secret(PASSWORD)))
    found = told(house, person.id)
    for kind in ("account", "groups", "grants", "sessions", "factors", "password", "tokens"):
        assert found[kind], kind
    assert found["requests"]
    assert [each["id"] for each in found["grants-given"]] == ["given"]
    assert not {"secret", "hash", "token_hash", "ticket_hash"} & {
        name for rows in found.values() for row in rows for name in row
    }


def test_what_told_who_it_was_is_forgotten_and_the_rest_stays_METI_31(house):
    person = house.person("tanaka", "viewer")
    house.enter(person)
    assert forget(house, person.id)["account"] == 1
    found = told(house, person.id)
    assert "tanaka" not in str(found)
    assert "192.0.2.10" not in str(found)


def test_of_somebody_unknown_nothing_is_told_and_nothing_forgotten(house):
    assert not any(told(house, "nobody").values())
    assert not any(forget(house, "nobody").values())
