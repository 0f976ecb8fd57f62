"""Who may ask the desk, what anybody is told, and what becomes of nonsense."""

import os
import socket

import pytest

from app.core.claim_code import PLACE, keep_claim_code
from app.screen import desk
from app.screen.protocol import DeskRefused, DeskSilent, Look, Standing, ask
from tests.running import wait_until


def look(path, language="en"):
    return ask(path, Look(language=language), Standing, 30)


def test_anybody_is_told_how_things_stand_and_the_claim_code_while_there_is_nobody_METI13(
    open_desk, socket_path
):
    keep_claim_code(socket_path.with_name(PLACE.name), "abcd-efgh-jkmn")
    open_desk()
    standing = look(socket_path)
    assert standing.claim_code == "abcd-efgh-jkmn"
    assert not standing.claimed
    assert {one.name: one.answers for one in standing.services} == {
        "console": False,
        "workspace": False,
        "database": True,
        "agent": False,
    }
    assert standing.disk_size > standing.disk_free > 0


def test_a_database_that_does_not_answer_silences_nothing_else(
    open_desk, socket_path, appliance, monkeypatch
):
    open_desk()

    def gone():
        raise OSError("gone")

    def is_silent():
        services = look(socket_path).services
        return not next(one for one in services if one.name == "database").answers

    monkeypatch.setattr(appliance.database, "read", gone)
    # a look that had begun before may end after it, and is followed by the next
    wait_until(is_silent, "the screen knows it", 30)
    standing = look(socket_path)
    assert standing.claimed, "no code is shown where nobody knows"
    assert standing.disk_size


def test_once_it_is_closed_nobody_looks_any_more(open_desk, appliance):
    desk = open_desk()
    desk.close()
    assert not any(thread.is_alive() for thread in desk._watching._looking)
    assert len(desk._watching._looking) == 2


def test_what_needs_somebody_is_told_in_the_language_of_the_screen(open_desk, socket_path):
    open_desk()
    wait_until(lambda: look(socket_path).notices, "it has asked", 60)
    assert "There is no backup yet" in [one.text for one in look(socket_path).notices]
    assert "バックアップがまだありません" in [one.text for one in look(socket_path, "ja").notices]


def test_only_named_users_processes_are_answered_V11(open_desk, socket_path, caplog):
    open_desk(users=frozenset({os.geteuid() + 1}))
    with pytest.raises(DeskSilent):
        look(socket_path)
    wait_until(lambda: "refused a process" in caplog.text, "it is told", 30)
    assert socket_path.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("line", [b"", b"[]\n", b'{"type":"Look","language":5}\n', b"\xff\n"])
def test_nonsense_is_answered_with_what_to_do_V12(open_desk, socket_path, line):
    open_desk()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(socket_path))
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        assert b"screen.not_understood" in connection.recv(65536)


def test_a_line_without_end_is_cut_off_V7(open_desk, socket_path):
    open_desk()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(socket_path))
        with pytest.raises(OSError):
            while True:
                connection.sendall(b"x" * 65536)
    assert look(socket_path).disk_size


def test_a_fault_gets_a_number_and_the_desk_goes_on(open_desk, socket_path, monkeypatch):
    opened = open_desk()

    def broken(language):
        raise RuntimeError("broken")

    with monkeypatch.context() as patched:
        patched.setattr(opened._watching, "told", broken)
        with pytest.raises(DeskRefused) as refused:
            look(socket_path)
    assert "T-" in refused.value.failure.message
    assert look(socket_path).disk_size


def test_nobody_waits_for_a_desk_that_hangs(tmp_path):
    path = tmp_path / "hangs.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with pytest.raises(DeskSilent):
            ask(path, Look(), Standing, 0.2)
    with pytest.raises(DeskSilent):
        ask(tmp_path / "none", Look(), Standing, 0.2)


def test_too_many_at_once_are_turned_away(open_desk, socket_path, monkeypatch):
    monkeypatch.setattr(desk, "CONNECTIONS", 1)
    open_desk()
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(str(socket_path))

        def turned_away():
            try:
                look(socket_path)
            except DeskSilent:
                return True
            return False

        wait_until(turned_away, "the one place is taken", 30)
