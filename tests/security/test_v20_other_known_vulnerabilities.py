"""V20: what is known from elsewhere: templates, formats, archives, keys, randomness, packages."""

import ast
import gzip
import importlib.metadata
import json
import re
import time
from pathlib import Path

import pytest

from app.core.errors import TenshuError
from app.core.messages import explain
from app.operations.context import Appliance, Plane
from app.web.errors import WrongHost
from tests.faces import Browser
from tests.running import ROOT
from tests.security.conftest import Seat, new_account
from tests.security.walk import make_table

EVALUATED = (
    "{{ 7*191 }}",
    "${7*191}",
    "#{7*191}",
    "<%= 7*191 %>",
    "{7*191}",
    "%{7*191}",
    "{{config}}",
    "{{ ''.__class__.__mro__ }}",
    "{0.__class__.__init__.__globals__}",
    "{error.__class__}",
    "%s%n",
    "%(x)s",
    "{",
    "}",
    "{}",
    "{name}",
    "{field}",
)
DANGEROUS = {
    "pickle",
    "marshal",
    "shelve",
    "yaml",
    "telnetlib",
    "ftplib",
    "xml",
    "lxml",
    "dill",
    "imp",
}
"""Modules that run, or build objects of, what they read (CWE-502, CWE-611)."""


@pytest.mark.parametrize("text", EVALUATED)
def test_no_text_is_taken_for_a_template_or_format_V20(
    stranger: Browser, admin: Browser, appliance: Appliance, text: str
) -> None:
    account = new_account(appliance, "viewer", name=f"x{text}")
    answers = [
        stranger.post("/sign-in", {"login_id": text, "password": text, "back": f"/{text}"}),
        admin.get("/accounts", params={"q": text}),
        admin.get(f"/accounts/{account}"),
        admin.get("/history", params={"q": text}),
        admin.get("/history", params={"from": text}),
        admin.get("/api/v1/accounts", params={text: "1"}),
        admin.get("/account", params={"notice": text}),
        admin.post("/accounts/new", {"name": text, "login_id": text, "role": text}),
        admin.get("/sign-in", headers={"host": text.replace("%", "").replace("#", "")}),
    ]
    for answer in answers:
        assert answer.status_code < 500, (str(answer.request.url), text)
        assert "1337" not in re.sub(r"[\w-]{20,}|\d{10,}", "", answer.text), "7 × 191"
        assert "__globals__'" not in answer.text
        assert "class &#39;" not in answer.text


def test_the_parameters_of_an_error_are_never_its_format_V20() -> None:
    for text in EVALUATED:
        for language in ("ja", "en"):
            assert text in explain(language, WrongHost(host=text))[0]

    class Careless(TenshuError):
        message = "{what.__class__}"

    assert "class" in explain("en", Careless(what="x"))[0], "a careless template would show it"


XML_WITHOUT_DOCUMENT_TYPES = {"appliance/contract/seed/ovf.py", "app/files/packed.py"}
"""Their parsers end at a document type: there are no entities (tests of seeds, of workbooks)."""
CHANCE_WITHOUT_SECRETS = {"app/core/database.py"}
"""Waits for a while by chance, before a change is tried again: nothing that could be guessed."""


def risky(source: str) -> list[str]:
    """Return the calls and imports of a source that known attacks go by."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [each.name for each in node.names]
            )
            found += [name for name in names if name.partition(".")[0] in DANGEROUS | {"random"}]
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in (
                "eval",
                "exec",
                "compile",
                "__import__",
                "hashlib.md5",
                "hashlib.sha1",
                "tempfile.mktemp",
                "ssl._create_unverified_context",
                "os.tmpnam",
            ):
                found.append(called)
            for word in node.keywords:
                value = word.value.value if isinstance(word.value, ast.Constant) else None
                if (word.arg, value) in (("verify", False), ("check_hostname", False)):
                    found.append(f"{called}({word.arg}=False)")
    return found


def test_no_source_uses_what_known_attacks_go_by_V20() -> None:
    for planted in (
        "import pickle",
        "import random",
        "eval(x)",
        "hashlib.md5(x)",
        "from xml.etree import ElementTree",
        "httpx.get(u, verify=False)",
    ):
        assert risky(planted), planted
    walked = 0
    for folder in ("app", "appliance", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            walked += 1
            found = risky(path.read_text())
            if str(path.relative_to(ROOT)) in CHANCE_WITHOUT_SECRETS:
                found.remove("random")
            if str(path.relative_to(ROOT)) in XML_WITHOUT_DOCUMENT_TYPES:
                found.remove("xml.parsers")
            assert found == [], path
    assert walked > 200


def test_every_package_that_runs_is_the_one_of_the_hashed_lock_V20() -> None:
    lock = (ROOT / "requirements/runtime.txt").read_text()
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.+!-]+)", lock, re.MULTILINE))
    assert len(pinned) > 20
    entries = re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    for name, version in pinned.items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform or Python
        assert installed == version, name


def test_what_the_pages_load_is_locked_with_hashes_V20() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    locked = {name: one for name, one in packages.items() if name}
    assert locked
    assert all(one["integrity"].startswith("sha512-") for one in locked.values())
    for name, one in locked.items():
        there = ROOT / name / "package.json"
        assert json.loads(there.read_text())["version"] == one["version"], name


def test_a_compressed_body_is_not_unpacked_V20(stranger: Browser) -> None:
    """A bomb of ten kilobytes stays ten kilobytes."""
    bomb = gzip.compress(b"a" * 10_000_000)
    headers = {"content-encoding": "gzip", "content-type": "application/x-www-form-urlencoded"}
    began = time.monotonic()
    assert stranger.post("/sign-in", content=bomb, headers=headers).status_code in (400, 401)
    assert time.monotonic() - began < 5


def test_no_identifier_of_an_upload_is_a_path_V20(seat: Seat, appliance: Appliance) -> None:
    staff = seat("staff", Plane.WORKSPACE)
    (appliance.settings.data / "secret.csv").write_text("a,b\n1,2\n")
    for name in (
        "../secret.csv",
        "..%2fsecret.csv",
        "%2e%2e%2fsecret.csv",
        "/etc/passwd",
        str(appliance.settings.data / "secret.csv"),
        "0" * 27 + "\n",
        ".",
        "..",
        "*",
    ):
        body = {"upload": name}
        api = staff.post("/api/v1/tables/import/preview", json=body)
        assert api.status_code in (404, 422), name
    for path in ("/tables/import/..%2fsecret.csv", "/tables/import/%2e%2e"):
        assert staff.get(path).status_code == 404, path


def test_an_upload_reads_through_no_link_V20(seat: Seat, appliance: Appliance) -> None:
    staff = seat("staff", Plane.WORKSPACE)
    sent = staff.post("/uploads", files={"file": ("a.csv", b"a,b\n1,2\n")}).headers["location"]
    content = appliance.settings.spool / sent.rpartition("/")[2]
    secret = appliance.settings.data / "secret.csv"
    secret.write_text("secret,column\n1,2\n")
    content.unlink()
    content.symlink_to(secret)
    answer = staff.get(sent)
    assert answer.status_code == 404
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "text",
    [
        "a" * 60_000,
        "a " * 30_000,
        "-" * 60_000,
        "=" * 60_000,
        "\t" * 60_000,
        "'" * 60_000,
        "0" * 60_000,
    ],
    ids=lambda text: repr(text[:2]),
)
def test_no_pattern_takes_long_on_purpose_V20(stranger: Browser, admin: Browser, text: str) -> None:
    """Regular expressions that run away (CWE-1333)."""
    began = time.process_time()
    stranger.post("/sign-in", {"login_id": text, "password": "x", "back": text})
    admin.post("/api/v1/accounts", json={"login_id": text, "name": text})
    admin.post("/history/export", {"q": text, "from": text})
    stranger.get("/sign-in", headers={"host": "a" * 20_000})
    assert time.process_time() - began < 5


def test_lone_halves_of_characters_and_nul_are_refused_in_words_V20(
    admin: Browser, seat: Seat, appliance: Appliance
) -> None:
    table = make_table(appliance)
    staff = seat("staff", Plane.WORKSPACE)
    for path in (
        "/%ed%a0%80",
        "/accounts?q=%ed%b0%80",
        "/accounts?q=%ff",
        "/accounts?q=%c0%ae",
        "/accounts?q=%00",
        "/accounts/%00",
        "/accounts?q=%f4%90%80%80",
    ):
        assert admin.get(path).status_code == 400, path
    for body in (
        b'{"search":"\\ud800"}',
        b'{"search":"\\udc00x"}',
        b'{"search":"\xed\xa0\x80"}',
        b'{"search":"\xc0\xae"}',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{",
    ):
        answer = staff.post(f"/api/v1/tables/{table}/records/search", content=body)
        assert answer.status_code in (400, 422), body
    fine = staff.post(f"/api/v1/tables/{table}/records/search", json={"search": "\0"})
    assert fine.status_code == 422, "PostgreSQL would not take it"
    deep = {"where": {"filters": [{"field": 1, "test": "equals", "value": "a\0"}]}}
    assert staff.post(f"/api/v1/tables/{table}/records/search", json=deep).status_code == 422
    assert staff.post(f"/tables/{table}/export", {"q": "a\0"}).status_code == 422
    for text in ("\u202egnp.exe", "﷽" * 64, "á" * 64, "👨‍👩‍👧‍👦", "\ufeff"):
        answer = admin.post("/accounts/new", {"name": text, "login_id": "x1"})
        assert answer.status_code in (303, 422), text


def test_two_spellings_of_one_login_id_are_one_person_V20(admin: Browser) -> None:
    """Homographs of width and case: nobody registers beside 'hanako'."""
    for twin in ("HANAKO", "ｈａｎａｋｏ", " hanako ", "Ｈanako"):
        found = admin.get("/api/v1/accounts", params={"search": twin.strip()}).json()["items"]
        assert len(found) == 1, twin
    for strange in ("hana\u200bko", "hana\u00adko", "\u202ehanako", "hana ko", "hana/ko", ""):
        from app.identity.errors import UnsuitableLoginId
        from app.identity.login_ids import check

        with pytest.raises(UnsuitableLoginId):
            check(strange)


def test_no_secret_of_the_tests_or_of_anybody_stands_in_the_sources_V20() -> None:
    pattern = re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_[0-9A-Za-z]{36}\b"
        r"|\bxox[bp]-\d+|\btenshu_[0-9A-Za-z_-]{43}\b"
    )
    assert pattern.search("-----BEGIN " + "PRIVATE KEY-----")
    for folder in ("app", "appliance", "cli"):
        for path in Path(ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in (".py", ".html", ".js", ".css", ".po"):
                assert not pattern.search(path.read_text()), path
