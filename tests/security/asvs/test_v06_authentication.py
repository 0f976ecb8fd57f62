"""V6: passwords, codes, and every way to a session."""

import random
import re
import secrets

import msgspec
import pyotp
import pytest
from sqlmodel import select

from app.core.secret import Secret
from app.identity import common_passwords, password_rules, passwords, recovery_codes, totp
from app.identity.errors import UnsuitablePassword
from app.identity.models import Account, ConsoleCredential, WorkspaceCredential
from app.identity.operations import credentials
from app.identity.password_rules import PasswordPolicy
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.registry import all_operations
from app.web.gate import Gate
from tests.faces import PASSWORD, Browser, Owner
from tests.security.asvs import written
from tests.security.conftest import Seat, new_account
from tests.security.walk import Page, addresses

PAGE = "authentication.md"


def test_the_page_of_authentication_says_how_guessing_is_slowed_ASVS_6_1_1() -> None:
    text = written.section(PAGE, "How guessing is slowed")
    told = dict(written.values(text))
    assert len(told) == len(written.rows(text)) == 6
    for name, value in told.items():
        assert written.value_of(name) in written.means(value), name
    assert "locks nobody out" in text
    assert "nobody can set them" in text


def test_the_words_of_the_context_are_written_down_and_refused_ASVS_6_1_2_ASVS_6_2_11() -> None:
    text = written.section(PAGE, "Passwords")
    words = re.findall(r"`([^`]+)`", text)
    assert set(words) == set(password_rules.PRODUCT_WORDS)
    assert "- the person's login ID,\n- the person's name,\n" in text
    for word in (*words, "t.yamada", "山田 花子"):
        for dressed in (word * 4, f"{word}{word}2026!!!!", f"2026-{word}-{word}-1!"):
            with pytest.raises(UnsuitablePassword):
                password_rules.judge(
                    PasswordPolicy(),
                    Secret(dressed),
                    has_factor=True,
                    known=("t.yamada", "山田 花子"),
                )


def test_every_way_to_a_session_is_written_down_and_there_is_no_other_ASVS_6_1_3_ASVS_6_3_4() -> (
    None
):
    """One function begins sessions, one place calls it, and these operations lead there."""
    beginning = [
        path
        for path, source in written.sources()
        for name, _ in written.calls(source)
        if name in ("session_rows.begin", "begin") and "session_rows" in source
    ]
    assert beginning == ["app/identity/sign_in_flow.py"]
    open_to_all = {each.name for each in all_operations() if each.permission == "anybody"}
    ways = {name for name in open_to_all if not name.endswith((".status", ".sign_out", ".resume"))}
    assert {name.partition(".")[0] for name in ways} == {
        *("sign_in", "setup", "invitations"),
        "screen",  # a proof for one change, at the machine itself: it begins no session
    }
    text = written.section(PAGE, "Ways to a session")
    table = written.rows(text)
    assert [row[:2] for row in table] == [
        ["Sign-in page", "console"],
        ["Sign-in page", "workspace"],
        ["Sign-in page, *Sign in with a passkey*", "console, workspace"],
        ["First setup", "console"],
        ["Invitation, a one-time link that an administrator makes", "that of the link"],
    ]
    for word in (
        "API token",
        "command line",
        "no default account",
        "no secret question",
        "own screen begins none",
    ):
        assert word in text


def test_a_change_of_the_password_asks_for_the_current_one_ASVS_6_2_3(admin: Browser) -> None:
    fields = {
        each["name"] for each in Page(admin.get("/account").text).all("input") if "name" in each
    }
    assert {"current", "new", "again"} <= fields
    new = "takai yama no ue no shiro"
    for current in ("", "wrong", new):
        form = {"current": current, "new": new, "again": new}
        assert admin.post("/account/password", form).status_code in (401, 403, 422)
    form = {"current": PASSWORD, "new": new, "again": new}
    assert admin.post("/account/password", form).status_code == 303


def test_every_field_of_a_password_is_masked_and_open_to_password_managers_ASVS_6_2_6_ASVS_6_2_7(
    seat: Seat, admin: Browser, stranger: Browser, planes: dict[Plane, Gate]
) -> None:
    pages = [
        person.get(address.filled()).text
        for plane in planes
        for person in (seat("owner", plane), Browser(planes[plane], {}))
        for address in addresses(planes[plane])
        if address.method == "GET"
    ]
    stranger.post("/sign-in", {"login_id": "x", "password": "x"})
    found: dict[str, set[str]] = {}
    for text in pages:
        for field in Page(text).all("input"):
            name = field.get("name", "")
            if name in ("password", "current", "new", "again") or name.endswith("_password"):
                assert field["type"] == "password", field
                assert field.get("autocomplete") in ("current-password", "new-password"), field
                assert "maxlength" not in field, "nothing that is pasted is cut off"
                assert not any(each.startswith("on") for each in field)
                found.setdefault(name, set()).add(field["autocomplete"])
    assert "current-password" in found["password"]
    assert "new-password" in found["new"]
    script = stranger.get(re.search(r"/assets/tenshu\.\w+\.js", pages[0])[0]).text  # type: ignore[index]
    assert "onpaste" not in script
    assert not re.search(r"[\"'](?:paste|cut)[\"']", script)


def test_every_sign_of_a_password_counts_ASVS_6_2_8() -> None:
    for right in ("Hiroi Sora ni Kumo", " leading and trailing ", "x" * 200 + "y", "pass\tword ひ"):
        hashed = passwords.hash_password(Secret(right))
        assert passwords.verify(hashed, Secret(right))
        for wrong in (right.swapcase(), right.strip() + "\t", right[:-1], right + "x", right[1:]):
            assert not passwords.verify(hashed, Secret(wrong)), wrong


def test_a_new_appliance_has_no_account_and_no_usual_name_opens_it_ASVS_6_3_2(
    appliance: Appliance, workspace_application: Gate
) -> None:
    with appliance.database.read() as session:
        assert session.exec(select(Account)).all() == []
    for number, name in enumerate(("root", "admin", "administrator", "sa", "tenshu", "guest")):
        person = Browser(workspace_application, {}, f"192.0.2.{number + 1}")
        for password in ("", name, "password", "admin123"):
            form = {"login_id": name, "password": password}
            assert person.post("/sign-in", form).status_code == 401


def test_an_initial_password_is_random_follows_the_rules_and_must_be_changed_ASVS_6_4_1(
    appliance: Appliance, workspace_application: Gate
) -> None:
    account = new_account(appliance, "staff", login_id="fresh")
    local = Context(appliance, actor=SYSTEM)
    given = {
        credentials.reset_password(
            local, credentials.PasswordReset(account=account)
        ).initial_password.reveal()
        for _ in range(20)
    }
    assert len(given) == 20
    for each in given:
        password_rules.judge(PasswordPolicy(), Secret(each), has_factor=False, known=("fresh",))
        assert len(each.replace("-", "")) * 5 >= 112, "random bits: five in each sign"
    newest = credentials.reset_password(local, credentials.PasswordReset(account=account))
    person = Browser(workspace_application, {})
    form = {"login_id": "fresh", "password": newest.initial_password.reveal()}
    assert person.post("/sign-in", form).headers["location"].startswith("/sign-in")
    assert person.get("/account").status_code == 303, "not in before it is changed"
    step = {"step": "new_password", "answer": newest.initial_password.reveal()}
    assert person.post("/sign-in/step", step).status_code in (409, 422), "nor by the same one"
    step = {"step": "new_password", "answer": "takai yama no ue no shiro"}
    assert person.post("/sign-in/step", step).status_code == 303
    assert person.get("/account").status_code == 200
    old = Browser(workspace_application, {})
    assert old.post("/sign-in", form).status_code == 401


def test_nothing_asks_for_a_hint_or_a_secret_question_ASVS_6_4_2(
    seat: Seat, planes: dict[Plane, Gate]
) -> None:
    wrong = re.compile(r"hint|secret_question|security_question|maiden|pet_name|birth")
    fields = {
        field.name
        for operation in all_operations()
        for field in msgspec.structs.fields(operation.request_type)
    }
    assert len(fields) > 50
    assert {name for name in fields if wrong.search(name)} == set()
    for plane, gate in planes.items():
        for person in (seat("owner", plane), Browser(gate, {})):
            for path in ("/sign-in", "/account", "/setup"):
                names = [each.get("name", "") for each in Page(person.get(path).text).all("input")]
                assert not [name for name in names if wrong.search(name)]


def test_a_reset_password_does_not_go_around_the_second_factor_ASVS_6_4_3(
    owner: Owner, stranger: Browser, appliance: Appliance
) -> None:
    local = Context(appliance, actor=SYSTEM)
    reset = credentials.PasswordReset(account=owner.account)
    given = credentials.reset_password(local, reset).initial_password.reveal()
    stranger.post("/sign-in", {"login_id": "hanako", "password": given})
    new = "takai yama no ue no shiro"
    stranger.post("/sign-in/step", {"step": "new_password", "answer": new})
    assert stranger.get("/account").status_code == 303
    shown = stranger.get("/sign-in").text
    steps = {each["value"] for each in Page(shown).all("input") if each.get("name") == "step"}
    assert steps & {"totp", "new_password"}
    assert "otpauth" not in shown, "no new factor at the door"
    stranger.post("/sign-in/step", {"step": "totp", "answer": owner.phone.now()})
    stranger.post("/sign-in/step", {"step": "new_password", "answer": new})
    assert stranger.get("/account").status_code == 200, "with the factor the way is open"


def test_a_recovery_code_is_random_long_and_kept_as_a_hash_ASVS_6_5_2_ASVS_6_5_4(
    owner: Owner, appliance: Appliance
) -> None:
    signs = recovery_codes.ALPHABET
    assert len(signs) == 32, "five bits in each sign"
    for code in owner.recovery_codes:
        tidy = code.replace("-", "")
        assert set(tidy) <= set(signs)
        assert len(tidy) * 5 >= 112
    with appliance.database.read() as session:
        kept = [
            row.secret
            for table in (ConsoleCredential, WorkspaceCredential)
            for row in session.exec(select(table).where(table.kind == "recovery_code"))
        ]
    assert len(kept) == len(set(kept)) == 10
    assert all(re.fullmatch(r"[0-9a-f]{64}", each) for each in kept)


def test_secrets_come_from_the_systems_random_source_ASVS_6_5_3(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the predictable source fixed, all of them still differ."""
    makers = (
        recovery_codes.new_code,
        totp.new_secret,
        lambda: Secret(secrets.token_urlsafe(32)),
    )
    for make in makers:
        made = set()
        for _ in range(3):
            random.seed(1)
            made.add(make().reveal())
        assert len(made) == 3
    assert isinstance(pyotp.random, random.SystemRandom)


def test_the_most_used_passwords_are_refused_ASVS_6_2_4_ASVS_6_2_12() -> None:
    """Those that occur most often in what was stolen elsewhere, of a length that we take."""
    leaked = [each for each in common_passwords.breached() if len(each) >= 8]
    assert len(leaked) >= 3000
    for text in leaked:
        with pytest.raises(UnsuitablePassword):
            password_rules.judge(PasswordPolicy(), Secret(text), has_factor=True, known=())
