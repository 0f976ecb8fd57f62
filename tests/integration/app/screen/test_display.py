"""The machine's own screen on a real pty, with a real desk behind it: what a person sees."""

import os
import subprocess
import sys
from socket import gethostname

import pytest

from app.core import clock
from app.core.claim_code import PLACE, keep_claim_code
from app.core.secret import Secret
from app.identity import account_rows, policies
from app.identity.operations.accounts import NewAccount, create_account
from app.identity.operations.grants import NewGrant, give
from app.operations.context import Actor, Context, Plane
from app.screen.desk import Desk
from tests.terminal import ROOT, display
from tests.unit.app.screen.conftest import open_desk, socket_path

PASSWORD = "seven grey herons on a roof"
__all__ = ["open_desk", "socket_path"]


def test_it_shows_how_to_come_in_and_speaks_japanese_by_a_key_METI13(open_desk, socket_path):
    keep_claim_code(socket_path.with_name(PLACE.name), "abcd-efgh-jkmn")
    open_desk()
    with display(socket_path) as terminal:
        text = terminal.wait_for("Claim code", "abcd-efgh-jkmn", "Database", "日本語: L")
        assert "Open the console and type it" in text
        terminal.type("L")
        text = terminal.wait_for("初期設定コード", "abcd-efgh-jkmn", "English: L", "バックアップが")
        assert "Claim code" not in text
        terminal.type("\x1bOQ")  # F2
        terminal.wait_for("Claim code")


def test_the_kernels_console_says_plainly_that_it_has_no_japanese(open_desk, socket_path):
    open_desk()
    with display(socket_path, term="linux") as terminal:
        terminal.wait_for("not on this display", "Database")
        terminal.type("L")
        text = terminal.wait_for("has no Japanese letters")
        assert text.isascii()


@pytest.mark.parametrize("columns", [40, 80])
def test_all_of_it_fits_narrow_displays_too(open_desk, socket_path, columns):
    keep_claim_code(socket_path.with_name(PLACE.name), "abcd-efgh-jkmn")
    open_desk()
    with display(socket_path, columns=columns, rows=25) as terminal:
        terminal.wait_for("abcd-efgh-jkmn", "Database", "Backup")
        terminal.type("l")
        terminal.wait_for("abcd-efgh-jkmn", "データベース")


def test_it_goes_on_when_the_desk_dies_and_when_it_comes_back(open_desk, socket_path, appliance):
    desk = open_desk()
    with display(socket_path) as terminal:
        terminal.wait_for("Answers")
        desk.close()
        text = terminal.wait_for("does not answer since")
        assert "Certificate" in text or "Console" in text, "what was known stays"
        again = Desk(appliance, socket_path, frozenset({os.geteuid()}))
        again.open()
        terminal.wait_until_gone("does not answer since")
        again.close()


def test_before_the_appliance_runs_it_shows_what_it_sees_by_itself(tmp_path):
    with display(tmp_path / "none") as terminal:
        text = terminal.wait_for("is starting, or does not answer")
        assert os.uname().nodename[:10] in text


def test_no_key_ends_it_or_leads_to_a_shell(tmp_path):
    with display(tmp_path / "none") as terminal:
        terminal.wait_for("is starting")
        for keys in ("\x03", "\x1a", "\x1c", "\x04", "q", "\x1b", "!sh\r", ":q\r"):
            terminal.type(keys)
        terminal.type("L")
        terminal.wait_for("起動中")


def test_it_loads_nothing_of_the_appliance_itself():
    """What has no right needs no code that would have some."""
    told = subprocess.run(
        [sys.executable, "-P", "-c",
         "import sys, app.screen.display; print(*sorted(sys.modules))"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
        check=True,
    ).stdout.split()  # fmt: skip
    assert not {"sqlalchemy", "app.operations", "app.identity", "app.core.database"} & set(told)


@pytest.fixture
def owner(appliance):
    local = Context(appliance, actor=Actor(local=True), plane=Plane.LOCAL)
    for login_id in ("owner", "second"):
        made = create_account(local, NewAccount(login_id=login_id, name=login_id)).account
        give(local, NewGrant(holder=made.id, role="owner"))
        with appliance.database.write() as session:
            rules = policies.load(session).password
            account_rows.put_password(session, made.id, Secret(PASSWORD), rules, now=clock.now())
    return made.id


def type_proof(terminal, password=PASSWORD):
    terminal.type("\towner\t")
    terminal.type(f"{password}\t\t\r")


def test_an_owner_removes_a_lost_second_factor_and_a_wrong_password_does_not_METI13(
    open_desk, socket_path, owner
):
    open_desk()
    with display(socket_path) as terminal:
        terminal.wait_for("Change: C", "Database")
        terminal.type("c")
        text = terminal.wait_for("stands in the history", "Restart the machine", "Back: Esc")
        assert "Switch the machine off" in text
        terminal.type("\t\t\r")
        terminal.wait_for("Their login ID", "or the key kit")
        terminal.type("second")
        type_proof(terminal, "wrong wrong")
        terminal.wait_for("no owner's login ID and password")
        assert "wrong wrong" not in terminal.text()
        terminal.type("\r")
        terminal.wait_for("Change: C")
        terminal.type("c")
        terminal.wait_for("Back: Esc", "Restart the machine")
        terminal.type("\t\t\r")
        terminal.wait_for("Their login ID")
        terminal.type("second")
        type_proof(terminal)
        assert PASSWORD not in terminal.wait_for("Second factors removed")


def test_what_is_missing_is_asked_for_and_escape_leads_back(open_desk, socket_path):
    open_desk()
    with display(socket_path) as terminal:
        terminal.wait_for("Change: C", "Database")
        terminal.type("c")
        terminal.wait_for("Back: Esc")
        terminal.type("\r")
        terminal.wait_for("Address or network")
        terminal.type("\t\t\t\t\r")
        terminal.wait_for("Still needed: Address or network")
        terminal.type("\x1b")
        terminal.wait_for("Change: C")


def test_a_change_that_nobody_answers_is_told(socket_path, open_desk):
    desk = open_desk()
    with display(socket_path) as terminal:
        terminal.wait_for("Change: C", "Database")
        terminal.type("c")
        terminal.wait_for("Back: Esc", "Restart the machine")
        terminal.type("\t\t\t\r")
        terminal.wait_for("Password")
        desk.close()
        terminal.type("owner\t")
        terminal.type(f"{PASSWORD}\t\t\r")
        terminal.wait_for("does not answer. Look whether it was done.")


def test_at_the_kernels_console_the_keyboard_is_chosen_by_a_key_and_a_serial_line_has_its_own(
    open_desk, socket_path, appliance
):
    open_desk()
    with display(socket_path, term="linux") as terminal:
        terminal.wait_for("US keyboard; 106/109: K", "Database")
        terminal.type("k")
        terminal.wait_for("Back", "agent")  # there is none here, and it is said
        terminal.type("\x1b")
        (appliance.settings.data / "keyboard").write_text("jp\n")
        terminal.wait_for("106/109 keyboard; US: K")
    with display(socket_path) as terminal:
        text = terminal.wait_for("Database")
        assert "keyboard" not in text


def test_a_reset_asks_for_the_machines_name_and_an_owners_proof_METI13(
    open_desk, socket_path, owner
):
    open_desk()
    with display(socket_path, rows=30) as terminal:
        terminal.wait_for("Change: C", "Database")
        for name, said in (("another", "Type the machine's name"), (gethostname(), "agent")):
            terminal.type("c")
            terminal.wait_for("Back: Esc", "Reset the machine to its first start")
            terminal.type("\t\t\t\t\t\r")
            terminal.wait_for("Name of this machine", "or the key kit", "is destroyed")
            terminal.type(name)
            type_proof(terminal)
            terminal.wait_for(said)
            terminal.type("\x1b")
            terminal.wait_for("Change: C")
        terminal.type("l")
        terminal.wait_for("English: L", "データベース")
        terminal.type("c")
        terminal.wait_for("マシンを初期状態に戻す")
