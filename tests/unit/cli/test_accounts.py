"""`tenshu accounts`: the break-glass on the machine itself (F1, F4)."""

import io
import json
import sqlite3
import time


def test_an_account_is_made_listed_shown_suspended_and_taken_back_F4(owned):
    made = owned("accounts", "create", "suzuki", "--name", "鈴木", "--json")
    assert made.code == 0, made.err
    assert made.json["account"]["login_id"] == "suzuki"
    assert made.json["initial_password"]
    listed = owned("accounts", "list", "--json").json["items"]
    assert [one["login_id"] for one in listed] == ["suzuki", "yamada"]
    downward = owned("accounts", "list", "--sort", "-login_id", "--json").json
    assert [one["login_id"] for one in downward["items"]] == ["yamada", "suzuki"]
    assert downward["total"] == 2
    assert "鈴木" in owned("accounts", "list").out
    assert owned("accounts", "suspend", "suzuki", "--json").json["state"] == "suspended"
    shown = owned("accounts", "show", "suzuki", "--json").json
    assert shown["account"]["state"] == "suspended"
    assert "suzuki" in owned("accounts", "show", "suzuki").out
    assert "active" in owned("accounts", "resume", "suzuki").out
    only = owned("accounts", "list", "--state", "suspended", "--json").json
    assert only["items"] == []


def test_roles_are_given_shown_and_taken(owned):
    owned("accounts", "create", "suzuki", "--name", "鈴木")
    given = owned("accounts", "roles", "suzuki", "--give", "auditor", "--json")
    assert given.code == 0, given.err
    assert [one["role"] for one in given.json["items"]] == ["auditor"]
    assert "auditor" in owned("accounts", "roles", "suzuki").out
    assert owned("accounts", "roles", "suzuki", "--take", "auditor", "--json").json["items"] == []
    assert owned("accounts", "roles", "suzuki", "--take", "auditor").code == 1
    assert owned("accounts", "roles", "suzuki", "--give", "emperor").code == 1


def test_why_somebody_may_something_is_told_with_what_gives_it_and_on_which_day_F4(owned):
    owned("accounts", "create", "suzuki", "--name", "鈴木")
    owned("accounts", "roles", "suzuki", "--give", "auditor")
    why = ("accounts", "why", "suzuki")
    may = owned(*why, "audit.export", "--json").json
    assert (may["answer"]["allowed"], may["answer"]["active"]) == (True, True)
    assert [one["role_name"] for one in may["answer"]["gives"]] == ["Auditor"]
    shown = owned(*why, "audit.export")
    assert shown.out.splitlines()[0] == "yes"
    assert "gives" in shown.out
    assert "Auditor" in shown.out
    assert owned(*why, "accounts.manage").out == "no\n"
    assert owned(*why, "records.view", "--scope", "tables/12").out == "no\n"
    today = time.strftime("%Y-%m-%d")
    assert owned(*why, "audit.export", "--at", today).out.startswith("yes")
    before = owned(*why, "audit.export", "--at", "2001-01-01")
    assert before.out == "no: the account was suspended or not yet there\n"


def test_why_names_the_rules_about_from_where_too_F2(owned):
    owned("accounts", "create", "suzuki", "--name", "鈴木")
    owned("accounts", "roles", "suzuki", "--give", "auditor")
    owned("access", "set", "role", "auditor", "--network", "192.0.2.0/24")
    shown = owned("accounts", "why", "suzuki", "audit.export").out
    assert "Role: Auditor" in shown
    assert "192.0.2.0/24" in shown
    assert "Not needed" in shown


def test_a_question_that_makes_no_sense_is_refused_with_its_reason(owned):
    why = ("accounts", "why", "yamada", "audit.export", "--json")
    for day in ("2999-01-01", "someday"):
        refused = owned(*why, "--at", day)
        assert (refused.code, refused.error["code"]) == (1, "invalid_input"), day
    assert owned("accounts", "why", "nobody", "audit.export", "--json").error["code"] == "not_found"
    unknown = owned("accounts", "why", "yamada", "fly", "--json")
    assert (unknown.code, unknown.error["code"]) == (1, "invalid_input")


def test_a_person_leaves_on_a_day_stays_after_all_or_is_ended_now_F4(owned):
    for login_id in ("suzuki", "sato"):
        owned("accounts", "create", login_id, "--name", login_id.title())
    assert "Sessions" in owned("accounts", "leave", "suzuki").out
    day = ("accounts", "leave", "suzuki", "--on", "2099-03-31", "--successor", "sato")
    assert "2099-03-31  sato" in owned(*day).out
    assert owned("accounts", "leave", "suzuki", "--stay", "--json").json["leaves_on"] == ""
    assert owned("accounts", "leave", "suzuki", "--stay", "--json").error["code"] == (
        "leaving.not_leaving"
    )
    both = owned("accounts", "leave", "suzuki", "--stay", "--now")
    assert both.code == 2
    ended = owned("accounts", "leave", "suzuki", "--now", "--json").json
    assert ended["account"]["state"] == "suspended"
    refused = owned("accounts", "leave", "yamada", "--on", "2099-03-31", "--json")
    assert refused.error["code"] == "leaving.no_owner_would_remain"


def test_the_last_owner_is_not_suspended_even_here(owned):
    refused = owned("accounts", "suspend", "yamada", "--json")
    assert refused.code == 1
    assert refused.error["hint"]


def test_a_locked_out_person_gets_a_password_and_a_new_factor(owned, monkeypatch):
    given = owned("accounts", "reset-password", "yamada", "--json")
    assert given.json["initial_password"]
    monkeypatch.setattr("sys.stdin", io.StringIO("another long passphrase\n"))
    chosen = owned("accounts", "reset-password", "yamada", "--password-file", "-", "--json")
    assert chosen.json["initial_password"] == "another long passphrase"
    reset = owned("accounts", "reset-factor", "yamada")
    assert reset.code == 0
    assert "next sign-in" in reset.out


def test_an_unknown_login_id_and_a_name_that_does_not_fit_are_refused(owned):
    assert owned("accounts", "show", "nobody", "--json").error["code"] == "not_found"
    refused = owned("accounts", "create", "x", "--name", "", "--json")
    assert refused.error["code"] == "invalid_input"


def test_what_is_done_at_the_machine_is_in_the_history_as_local(owned, environ):
    owned("accounts", "create", "suzuki", "--name", "鈴木")
    with sqlite3.connect(environ["TENSHU_DATA"] + "/tenshu.sqlite") as connection:
        rows = connection.execute("SELECT content FROM audit_outbox").fetchall()
    connection.close()
    events = [json.loads(content) for (content,) in rows]
    made = [event for event in events if event["verb"] == "accounts.create"]
    assert [(event["actor"], event["plane"]) for event in made] == [("local", "local")]
