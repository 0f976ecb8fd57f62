"""`tenshu people`: a list applied and handed out at the machine (F4)."""

from tests.personnel import as_csv, rows


def test_a_list_is_looked_at_applied_and_handed_out_as_it_came_F4(owned, tmp_path):
    file = tmp_path / "名簿.csv"
    file.write_bytes(as_csv(list(rows(5)), "cp932"))
    seen = owned("people", "import", str(file), "--preview", "--json")
    assert (seen.json["applied"], seen.json["counts"]["new"]) == (False, 5)
    applied = owned("people", "import", str(file), "--json")
    assert applied.code == 0, applied.err
    for name in ("people.xlsx", "people.csv"):
        out = tmp_path / name
        assert owned("people", "export", str(out), "--json").json["file"] == str(out)
        again = owned("people", "import", str(out), "--json").json["counts"]
        assert (again["unchanged"], again["new"], again["faulty"]) == (6, 0, 0), name


def test_rows_that_do_not_fit_are_told_and_nothing_is_applied_without_asking_F4(owned, tmp_path):
    table = list(rows(3))
    table[1][5] = "no mail"
    file = tmp_path / "list.csv"
    file.write_bytes(as_csv(table))
    assert owned("people", "import", str(file), "--json").error["code"] == "people.rows_faulty"
    assert owned("people", "import", str(file), "--preview").code == 1
    good = owned("people", "import", str(file), "--good-rows", "--json")
    assert (good.code, good.json["faults"][0]["row"]) == (0, 3)
    listed = owned("accounts", "list", "--json").json["items"]
    assert len(listed) == 3
