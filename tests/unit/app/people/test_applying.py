"""A list is applied: people come, change, move and leave, each with one event (F4)."""

import pytest
from sqlalchemy import delete, update
from sqlmodel import col, select

from app.identity.models import Grant, OwnRole
from app.identity.operations import accounts
from app.identity.operations.roles import NewRole, create_role
from app.identity.roles import Role
from app.jobs.lease import LEASE
from app.jobs.models import JobState
from app.operations.permissions import Permission
from app.people import running
from app.people.errors import ListChanged, NoKeyColumn, NothingToDo, RowsFaulty
from app.people.operations.applying import apply_part
from app.people.operations.exporting import ExportList, export_list
from app.people.operations.preview import ListSource, list_faults
from tests.personnel import as_csv, as_workbook, rows

KEY, LOGIN, NAME, DEPARTMENT, HEAD, MAIL, LEAVES, LANGUAGE, ROLE = range(9)


def test_forty_people_come_into_nested_departments_with_heads_F4(personnel):
    table = list(rows(40))
    seen = personnel.preview(table)
    assert (seen.counts["new"], seen.counts["faulty"], seen.total) == (40, 0, 40)
    job = personnel.apply(table)
    assert (job.state, job.result["counts"]) == (JobState.DONE, {"new": 40})
    person = personnel.account("user00001")
    assert (person.employee_number, person.mail) == ("E00001", "user00001@example.jp")
    assert personnel.departments_of("user00001") == ["一課"]
    made = personnel.events("accounts.create")
    assert len([event for event in made if event.get("references", {}).get("job") == job.id]) == 40
    assert personnel.preview(table).counts["unchanged"] == 40


def test_the_same_list_again_changes_nothing_and_a_month_later_only_the_differences_F4(personnel):
    table = list(rows(40))
    personnel.apply(as_csv(table, "cp932"))
    table[0][NAME] = "結婚 花子"
    table[1][DEPARTMENT] = "本社/新設課"
    table[2][LEAVES] = "令和13年3月31日"
    seen = personnel.preview(as_workbook(table, "社員名簿"))
    assert {kind: count for kind, count in seen.counts.items() if count} == {
        "changed": 1, "moved": 1, "leaving": 1, "unchanged": 37, "absent": 1,
    }  # fmt: skip
    before = len(personnel.events("accounts.update"))
    job = personnel.apply(as_workbook(table), "名簿.xlsx")
    assert job.result["counts"] == {"changed": 1, "moved": 1, "leaving": 1}
    assert len(personnel.events("accounts.update")) == before + 3
    assert personnel.account("user00003").leaves_on == "2031-03-31"
    assert personnel.departments_of("user00002") == ["新設課"]


def test_a_worker_killed_in_the_middle_leaves_whole_parts_and_the_next_goes_on_F4(
    personnel, monkeypatch
):
    monkeypatch.setattr(running, "PART", 10)
    job = personnel.start(list(rows(40)))
    parts = []

    def dies(context, part):
        if len(parts) == 2:
            raise KeyboardInterrupt  # nothing of the worker runs after it, as after a kill
        parts.append(part)
        return apply_part(context, part)

    with monkeypatch.context() as patched:
        patched.setattr(running, "apply_part", dies)
        with pytest.raises(KeyboardInterrupt):
            personnel.worker().work_once()
    assert personnel.job(job).done == 20
    personnel.house.time.advance(LEASE + 1)
    assert personnel.worker().work_once()
    found = personnel.job(job)
    assert (found.state, found.result["counts"]) == (JobState.DONE, {"new": 40})
    made = personnel.events("accounts.create")
    assert len([event for event in made if event.get("references", {}).get("job") == job]) == 40


def test_all_or_nothing_changes_nothing_where_a_row_does_not_fit_good_rows_applies_the_rest_F4(
    personnel,
):
    table = list(rows(5))
    table[2][MAIL] = "no mail"
    with pytest.raises(RowsFaulty):
        personnel.start(table)
    job = personnel.apply(table, good_rows=True)
    assert (job.result["counts"], job.result["faulty"]) == ({"new": 4}, 1)
    source = ListSource(upload=job.result["upload"])
    body = b"".join(list_faults(personnel.context, source).chunks)
    (_, line) = body.decode("utf-8-sig").splitlines()
    assert line.startswith("4,メール,no mail,メールアドレスではありません。,E00003")


def test_a_list_that_says_nothing_new_or_changed_since_the_preview_is_refused(personnel):
    table = list(rows(3))
    with pytest.raises(ListChanged):
        personnel.start(table, people=2)
    personnel.apply(table, people=3)
    with pytest.raises(NothingToDo):
        personnel.start(table)
    with pytest.raises(NoKeyColumn):
        personnel.start("氏名\n山田\n".encode())


def test_what_is_handed_out_comes_back_without_differences_and_runs_no_formula_METI_38(personnel):
    table = list(rows(6))
    table[0][NAME] = "=cmd|' /C calc'!A0"
    table[1][ROLE] = "auditor、staff"
    personnel.apply(table)
    for kind in ("xlsx", "csv", "csv-cp932"):
        body = b"".join(export_list(personnel.context, ExportList(format=kind)).chunks)
        seen = personnel.preview(body)
        assert (seen.counts["unchanged"], seen.total) == (7, 0), kind
        assert b"\n=cmd" not in body
        assert b",=cmd" not in body


def test_who_is_suspended_is_signed_out_and_roles_become_those_of_the_list_F4(personnel):
    personnel.apply(list(rows(2)))
    head = "ログインID,状態,役割\n"
    personnel.apply((head + "user00001,休職,監査担当者\n").encode())
    person = personnel.account("user00001")
    assert person.state == "suspended"
    assert "audit.view" in person.rights
    assert "records.view" not in person.rights
    personnel.apply((head + "user00001,復職,\n").encode())
    assert personnel.account("user00001").state == "active"


def test_a_role_held_until_a_day_is_held_without_an_end_where_the_list_gives_it_F4(personnel):
    table = list(rows(2))
    personnel.apply(table)
    with personnel.house.appliance.database.write() as session:
        session.exec(update(Grant).where(Grant.role == Role.STAFF).values(until=2**50))
    personnel.apply(table)
    with personnel.house.appliance.database.read() as session:
        kept = session.exec(select(Grant.until).where(Grant.role == Role.STAFF)).all()
    assert kept == [0, 0]


def own_role(personnel, name):
    new = NewRole(name=name, permissions=(Permission.RECORDS_EXPORT,))
    return create_role(personnel.house.local, new).role


def test_own_roles_stand_in_the_list_by_their_names_and_come_back_so_F4(personnel):
    role = own_role(personnel, "経理、締め")
    table = list(rows(2))
    table[0][ROLE], table[1][ROLE] = "経理、締め", "staff,Auditor"
    seen = personnel.preview(table)
    assert seen.counts["faulty"] == 0
    personnel.apply(table)
    person = personnel.account("user00001").id
    held = accounts.get_account(personnel.house.local, accounts.AccountRef(person))
    assert [grant.role for grant in held.grants] == [role]
    exported = b"".join(export_list(personnel.context, ExportList(format="csv")).chunks).decode()
    assert "経理、締め" in exported
    assert role not in exported
    assert personnel.preview(exported.encode()).counts["unchanged"] == 3
    table[0][ROLE] = "staff"
    (change,) = personnel.preview(table).rows
    assert [(one.before, one.after) for one in change.differences] == [("経理、締め", "スタッフ")]


def test_a_name_that_two_own_roles_share_but_for_its_width_names_neither_F4(personnel):
    own_role(personnel, "ＡＢ")
    own_role(personnel, "ab")
    table = list(rows(1))
    table[0][ROLE] = "AB"
    (fault,) = personnel.preview(table).rows
    assert (fault.shown, fault.column) == ("faulty", "役割")


def test_a_role_deleted_after_the_list_was_compared_gives_nothing_F4(personnel, monkeypatch):
    role = own_role(personnel, "経理")
    table = list(rows(1))
    table[0][ROLE] = "経理"

    def deletes_first(context, part):
        with personnel.appliance.database.write() as session:
            session.exec(delete(OwnRole).where(col(OwnRole.id) == role))
        return apply_part(context, part)

    monkeypatch.setattr(running, "apply_part", deletes_first)
    job = personnel.apply(table)
    assert (job.result["counts"], job.result["faulty"]) == ({}, 1)
    assert len(personnel.events("accounts.create")) == 1, "the owner alone"
