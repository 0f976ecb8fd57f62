"""One person on a form: searched for while one types, and with the form's own answer (F4)."""

import pytest

from app.identity.operations import accounts, groups
from app.operations.context import SYSTEM, Appliance, Context
from tests.faces import Browser

PLACE = "/accounts/choices?field=successor"


@pytest.fixture
def people(appliance: Appliance) -> dict[str, str]:
    """Two whose names begin alike, by login ID."""
    here = Context(appliance, actor=SYSTEM)
    named = {"jiro": "佐藤 次郎", "saburo": "佐藤 三郎"}
    return {
        login_id: accounts.create_account(
            here, accounts.NewAccount(login_id=login_id, name=name)
        ).account.id
        for login_id, name in named.items()
    }


def test_people_come_while_one_types_and_a_sole_one_is_picked_F4(
    admin: Browser, people: dict[str, str]
) -> None:
    by_htmx = {"headers": {"hx-request": "true"}}
    several = admin.get(f"{PLACE}&successor=佐藤", **by_htmx).text
    assert "2人" in several
    assert "checked" not in several
    sole = admin.get(f"{PLACE}&successor=三郎", **by_htmx).text
    assert f'value="{people["saburo"]}" checked' in sole
    assert 'name="successor-for" value="三郎"' in sole
    assert "該当する人はいません" in admin.get(f"{PLACE}&successor=nobody", **by_htmx).text
    assert "radio" not in admin.get(f"{PLACE}&successor=", **by_htmx).text
    assert admin.get(f"{PLACE}&successor=佐藤").headers["location"] == "/accounts"


def test_two_people_are_compared_by_a_part_of_the_name_without_a_script_METI_45(
    admin: Browser, people: dict[str, str]
) -> None:
    place = f"/accounts/{people['jiro']}/compare"
    asked = admin.get(f"{place}?with=佐藤").text
    assert f'value="{people["saburo"]}"' in asked
    assert 'id="answer"' not in asked
    picked = admin.get(f"{place}?with=佐藤&with-for=佐藤&with-account={people['saburo']}").text
    assert 'id="answer"' in picked
    assert f'value="{people["saburo"]}" checked' in picked
    linked = admin.get(f"{place}?with={people['saburo']}").text
    assert 'value="saburo"' in linked, "people read login IDs"
    other = admin.get(f"{place}?with=hanako&with-for=佐藤&with-account={people['saburo']}").text
    assert "佐藤 三郎" not in other, "what was picked for another text counts no more"
    assert 'id="answer"' in other


@pytest.mark.parametrize(
    ("path", "field"),
    [("/accounts/{jiro}/leaving", "successor"), ("/reviews", "owner")],
)
def test_a_part_of_a_name_changes_nothing_before_somebody_is_picked_F4(
    admin: Browser, people: dict[str, str], path: str, field: str
) -> None:
    answer = admin.post(path.format(**people), {field: "三郎", "leaves_on": "", "name": "2027年度"})
    assert answer.status_code == 422
    assert "下の候補から選んでください" in answer.text
    assert 'value="三郎"' in answer.text
    assert f'value="{people["saburo"]}" checked' in answer.text


def test_a_member_is_picked_by_a_part_of_the_name_F4(
    admin: Browser, appliance: Appliance, people: dict[str, str]
) -> None:
    here = Context(appliance, actor=SYSTEM)
    group = groups.create_group(here, groups.NewGroup(name="経理")).id
    asked = admin.post(f"/groups/{group}/members", {"login_id": "三郎"})
    assert asked.status_code == 422
    picked = {"login_id": "三郎", "login_id-for": "三郎", "login_id-account": people["saburo"]}
    assert "/confirm/" in admin.post(f"/groups/{group}/members", picked).headers["location"]
    head = {"rev": "1", "parent": "", "head": "三郎"}
    assert f'id="field-head-{people["saburo"]}"' in admin.post(f"/groups/{group}/place", head).text
