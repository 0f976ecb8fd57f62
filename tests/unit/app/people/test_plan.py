"""What a list would do: pure decisions, and every way in which a row does not fit (F4)."""

from itertools import count

import pytest

from app.files.csv_reading import Record
from app.people import entries, plan
from app.people.columns import Column, guess
from app.people.entries import read_entry
from app.people.present import Department, Person, Present
from tests import personnel

HEADINGS = (*personnel.HEADINGS, "状態")
COLUMNS = guess(HEADINGS)
EVERY_ROLE = frozenset({"owner", "staff", "auditor"})


def person(login_id="taro", number="E1", **told):
    found = {
        "id": f"id-{login_id}", "rev": 1, "employee_number": number, "login_id": login_id,
        "name": "山田 太郎", "kind": "staff", "state": "active", "language": "ja", "mail": "",
        "leaves_on": "", "is_owner": False, **told,
    }  # fmt: skip
    return Person(**found)


def compare(*rows, people=(), departments=(), givable=EVERY_ROLE):
    """Compare rows (heading → cell) with who is there."""
    read = [
        read_entry(Record(number, [row.get(name, "") for name in HEADINGS]), COLUMNS)
        for number, row in zip(count(2), rows)
    ]
    there = Present(
        people=list(people),
        departments={one.path: one for one in departments},
        givable=frozenset(givable),
    )
    return plan.plan([entry for entry, _ in read], [f for _, found in read for f in found], there)


def row(number="E1", login_id="taro", name="山田 太郎", **cells):
    return {"社員番号": number, "ログインID": login_id, "氏名": name, **cells}


def faults(found):
    return [(fault.row, fault.column, fault.reason) for fault in found.faults]


def test_a_row_that_says_what_stands_is_no_change_F4():
    found = compare(row(), people=[person()])
    assert (found.is_empty, found.unchanged, found.absent) == (True, 1, 0)


def test_who_is_not_in_the_list_stays_and_is_counted():
    found = compare(row(), people=[person(), person("jiro", "E2"), person("tv", "", kind="device")])
    assert (found.is_empty, found.absent) == (True, 1)


def test_full_width_ids_are_the_same_person():
    found = compare(row("Ｅ１", "ＴＡＲＯ"), people=[person()])
    assert (found.is_empty, found.faults) == (True, [])


def test_duplicate_keys_are_refused_in_every_row_where_they_stand():
    found = compare(row("Ｅ１", "a"), row("E1", "b"), row("E2", "B"), row("E3", "c"))
    assert faults(found) == [
        (2, "employee_number", plan.TWICE),
        (3, "employee_number", plan.TWICE),
        (3, "login_id", plan.TWICE),
        (4, "login_id", plan.TWICE),
    ]
    assert [change.key for change in found.changes] == ["c"]


def test_two_rows_about_one_account_by_different_keys_are_refused():
    found = compare(row(login_id=""), row(number=""), people=[person()])
    assert faults(found) == [(3, "", plan.TWICE)]


def test_two_people_of_one_name_are_two_people_F1():
    found = compare(row("E1", "taro1"), row("E2", "taro2"))
    assert [change.kind for change in found.changes] == [plan.Kind.NEW, plan.Kind.NEW]


def test_a_person_without_login_id_gets_the_employee_number_as_one():
    found = compare(row("Ｅ００７", ""))
    assert found.changes[0].key == "e007"
    assert faults(compare(row("E/7", ""))) == [(2, "login_id", plan.BAD_LOGIN_ID)]
    taken = compare(row("E7", ""), people=[person("e7", "E8")])
    assert faults(taken) == [(2, "employee_number", plan.TAKEN)]


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"社員番号": "", "ログインID": ""}, "employee_number", entries.NO_KEY),
        ({"氏名": ""}, "name", plan.NO_NAME),
        ({"氏名": "山\n田"}, "name", entries.BAD_NAME),
        ({"社員番号": "1 2"}, "employee_number", entries.BAD_NUMBER),
        ({"ログインID": "taro yamada"}, "login_id", entries.BAD_LOGIN_ID),
        ({"部署": "営業//一課"}, "department", entries.BAD_PATH),
        ({"部署": "営業/一課/営業"}, "department", entries.CIRCLE),
        ({"メール": "taro"}, "mail", entries.BAD_MAIL),
        ({"退職日": "2月30日"}, "leaves_on", "This is not a date."),
        ({"言語": "de"}, "language", entries.BAD_LANGUAGE),
        ({"役割": "社長"}, "role", entries.BAD_ROLE),
        ({"状態": "?"}, "state", entries.BAD_STATE),
        ({"部署": "営業", "部署長": "E99"}, "head", plan.NO_HEAD),
        ({"部署長": "○"}, "head", plan.HEAD_NOWHERE),
    ],
)
def test_a_cell_that_does_not_fit_is_told_with_row_column_and_reason_METI_22(cells, column, reason):
    found = compare({**row(), **cells}, row("E2", "jiro"))
    assert faults(found) == [(2, column, reason)]
    assert [change.key for change in found.changes] == ["jiro"]


def test_departments_that_stand_above_each_other_are_a_circle():
    found = compare(row(部署="営業/一課"), row("E2", "jiro", 部署="一課/営業"))
    assert faults(found) == [(3, "department", plan.BOTH_WAYS)]


def test_the_same_name_below_two_departments_is_two_departments():
    found = compare(row(部署="東京/総務課"), row("E2", "jiro", 部署="大阪／総務課"))
    assert found.departments == [("大阪",), ("東京",), ("大阪", "総務課"), ("東京", "総務課")]
    assert found.headless == [("大阪", "総務課"), ("東京", "総務課")]


def test_a_head_is_named_by_number_login_id_or_mark_and_only_once():
    found = compare(
        row(部署="一課", 部署長="E2"),
        row("E2", "jiro", 部署="一課", 部署長="はい"),
        row("E3", "saburo", 部署="一課", 部署長="TARO"),
        row("E4", "shiro", 部署="二課", 部署長="goro"),
        people=[person("goro", "E5")],
    )
    assert [(head.department, head.head) for head in found.heads] == [
        (("一課",), "jiro"),
        (("二課",), "goro"),
    ]
    assert faults(found) == [(4, "head", plan.TWO_HEADS)]


def test_a_head_whose_own_row_does_not_fit_costs_only_that_row():
    found = compare(row(部署="一課", 部署長="E2"), row("E2", "jiro", メール="?", 部署="一課"))
    assert faults(found) == [(3, "mail", entries.BAD_MAIL)]
    assert (len(found.changes), found.heads, found.headless) == (1, [], [("一課",)])


def test_a_head_who_leads_already_is_no_change():
    there = Department(id="d", path=("一課",), head="id-taro")
    taro = person(departments=frozenset({("一課",)}))
    assert compare(row(部署="一課", 部署長="○"), people=[taro], departments=[there]).is_empty


def test_who_moves_leaves_or_changes_is_told_apart_from_what_was_to_what_will_be():
    there = [Department(id="d", path=("一課",))]
    found = compare(
        row(氏名="山田 次郎"),
        row("E2", "jiro", 部署="二課"),
        row("E3", "saburo", 退職日="令和9年3月31日"),
        people=[
            person(), person("jiro", "E2", departments=frozenset({("一課",)})),
            person("saburo", "E3"),
        ],
        departments=there,
    )  # fmt: skip
    assert [change.kind.value for change in found.changes] == ["changed", "moved", "leaving"]
    assert found.changes[0].before == {"name": "山田 太郎"}
    assert found.changes[1].departments == [("一課",)]
    assert found.changes[2].after["leaves_on"] == "2027-03-31"


def test_a_second_post_stays_until_the_person_moves():
    both = frozenset({("一課",), ("二課",)})
    there = [Department(id="d", path=("一課",)), Department(id="e", path=("二課",))]
    assert compare(row(部署="一課"), people=[person(departments=both)], departments=there).is_empty


def test_an_empty_leaving_date_takes_the_date_back_an_empty_name_says_nothing():
    found = compare(row(氏名="", 退職日=""), people=[person(leaves_on="2027-03-31")])
    assert found.changes[0].after == {"leaves_on": ""}


def test_the_last_owner_does_not_leave_is_not_suspended_and_stays_owner_F4():
    owner = person(is_owner=True, roles=frozenset({"owner"}))
    for cells in ({"退職日": "2027-03-31"}, {"状態": "休職"}, {"役割": "staff"}):
        found = compare({**row(), **cells}, people=[owner])
        assert faults(found) == [(2, "", plan.LAST_OWNER)], cells
    other = person("jiro", "E2", is_owner=True, roles=frozenset({"owner"}))
    assert compare(row(退職日="2027-03-31"), people=[owner, other]).faults == []
    both = compare(row(退職日="2027-03-31"), row("E2", "jiro", 状態="停止"), people=[owner, other])
    assert [fault.row for fault in both.faults] == [2, 3]
    gained = compare(
        row(退職日="2027-03-31"), row("E2", "jiro", 役割="所有者"),
        people=[owner, person("jiro", "E2")],
    )  # fmt: skip
    assert gained.faults == []
    newcomer = compare(row(退職日="2027-03-31"), row("E9", "new", 役割="owner"), people=[owner])
    assert faults(newcomer) == [(2, "", plan.LAST_OWNER)]


def test_nobody_gives_or_touches_what_is_beyond_them_F4():
    beyond = person(reachable=False)
    assert faults(compare(row(氏名="x"), people=[beyond])) == [(2, "", plan.BEYOND)]
    given = compare(row(役割="owner"), people=[person()], givable=("staff",))
    assert faults(given) == [(2, "role", plan.BEYOND_ROLE)]
    there = [Department(id="d", path=("情シス",), reachable=False)]
    moved = compare(row(部署="情シス"), people=[person()], departments=there)
    assert faults(moved) == [(2, "department", plan.BEYOND_DEPARTMENT)]


def test_keys_that_belong_to_somebody_else_are_refused():
    there = [person(), person("jiro", "E2"), person("tv", "", kind="device")]
    assert faults(compare(row("E1", "jiro"), people=there)) == [(2, "login_id", plan.TWO_PEOPLE)]
    assert faults(compare(row("E9", "taro"), people=there)) == [(2, "login_id", plan.OTHER_NUMBER)]
    assert faults(compare(row("", "tv"), people=there)) == [(2, "login_id", plan.NO_PERSON)]


def test_a_broken_row_is_told_and_the_others_are_read():
    _, found = read_entry(Record(7, ["x"], "The row holds bytes."), COLUMNS)
    assert [(fault.row, fault.reason) for fault in found] == [(7, "The row holds bytes.")]


def test_headings_are_known_in_both_languages_and_any_width():
    assert guess(["社員番号", "Ｌｏｇｉｎ　ＩＤ", "full name", "E-Mail", "趣味"]) == [
        Column.EMPLOYEE_NUMBER, Column.LOGIN_ID, Column.NAME, Column.MAIL, None,
    ]  # fmt: skip
    assert guess(["氏名", "名前"]) == [Column.NAME, None]
