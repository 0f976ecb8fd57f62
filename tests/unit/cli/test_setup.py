"""`tenshu setup`: the first administrator, without a browser."""

import io

import pytest


def _person(tmp_path, text: str) -> str:
    file = tmp_path / "person.toml"
    file.write_text(text)
    return str(file)


PERSON = '[administrator]\nlogin_id = "yamada"\nname = "山田 太郎"\n'


def test_a_file_makes_the_first_administrator_on_a_folder_that_never_ran(
    tenshu, tmp_path, monkeypatch
):
    monkeypatch.setenv("TENSHU_ADMINISTRATOR_PASSWORD", "correct horse battery")
    made = tenshu("setup", "--json", "--from", _person(tmp_path, PERSON))
    assert made.code == 0, made.err
    assert made.json["login_id"] == "yamada"
    assert "correct horse" not in made.out + made.err
    again = tenshu("setup", "--json", "--from", _person(tmp_path, PERSON))
    assert again.code == 1


def test_the_password_comes_from_a_file_or_from_stdin_never_from_the_file_itself(
    tenshu, tmp_path, monkeypatch
):
    secret = tmp_path / "password"
    secret.write_text("correct horse battery\n")
    wrong = tenshu("setup", "--from", _person(tmp_path, PERSON + 'password = "x"\n'))
    assert wrong.code == 2
    assert "password_file" in wrong.err
    missing = tenshu("setup", "--from", _person(tmp_path, PERSON + 'password_file = "/nowhere"\n'))
    assert missing.code == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    from_stdin = tenshu("setup", "--from", _person(tmp_path, PERSON + 'password_file = "-"\n'))
    assert from_stdin.code == 0, from_stdin.err


def test_a_password_file_is_read_to_its_first_line_end(tenshu, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("correct horse battery\nsecond line\n")
    text = PERSON + f'password_file = "{secret}"\n'
    assert tenshu("setup", "--from", _person(tmp_path, text)).code == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 2),
        ("not toml", 2),
        ('[administrator]\nname = "x"\n', 1),
        ('[administrator]\nlogin_id = "y"\nname = "x"\nlanguage = "fr"\n', 1),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_words(tenshu, tmp_path, monkeypatch, text, code):
    monkeypatch.setenv("TENSHU_ADMINISTRATOR_PASSWORD", "correct horse battery")
    refused = tenshu("setup", "--from", _person(tmp_path, text))
    assert refused.code == code
    assert refused.err
    assert "Traceback" not in refused.err


def test_setup_without_a_file_says_what_to_give(tenshu):
    refused = tenshu("setup")
    assert refused.code == 2
    assert "--from FILE" in refused.err


def test_a_weak_password_is_refused(tenshu, tmp_path, monkeypatch):
    monkeypatch.setenv("TENSHU_ADMINISTRATOR_PASSWORD", "password")
    assert tenshu("setup", "--from", _person(tmp_path, PERSON)).code == 1


def test_a_new_claim_code_is_made_only_while_nobody_is_there(tenshu, tmp_path, owned):
    refused = owned("setup", "claim-code", "--json")
    assert refused.code == 1
    assert refused.error["hint"]
