"""The person whom a form means is found among thousands (F4)."""

import pytest

from app.identity.operations import finding
from app.identity.operations.finding import PersonAsked, find_people


def found(house, text):
    answer = find_people(house.local, PersonAsked(text))
    return [one.login_id for one in answer.items], answer.exact, answer.total


@pytest.mark.sql
def test_a_part_finds_people_and_a_whole_login_id_stands_on_top_F4(house):
    people = {name: house.person(name) for name in ("taro", "kintaro", "hanako")}
    taro = people["taro"].id
    assert found(house, "TARO") == (["taro", "kintaro"], taro, 2)
    assert found(house, taro) == (["taro"], taro, 1)
    assert found(house, "Kinta") == (["kintaro"], "", 1)
    assert found(house, "100%") == ([], "", 0)


def test_only_the_first_are_shown_and_all_are_counted_F4(house, monkeypatch):
    monkeypatch.setattr(finding, "SHOWN", 1)
    for name in ("taro", "kintaro"):
        house.person(name)
    assert found(house, "tar") == (["kintaro"], "", 2)
