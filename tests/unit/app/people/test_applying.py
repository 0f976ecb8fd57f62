"""A list is applied: people come, change, move and leave, each with one event (F4)."""

from app.jobs.models import JobState
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
