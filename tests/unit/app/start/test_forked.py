"""Processes that are forked from loaded code are what `python -m` would have made."""

import os
import signal
import subprocess
import sys

import pytest

from app.start import hand_over
from app.start.programs import PROGRAMS, Program

STOPPED = (signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR2)


def in_a_process(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a fresh interpreter with one thread."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


def test_every_program_but_the_agent_is_loaded_once_and_has_a_main():
    assert [one.name for one in PROGRAMS if not one.loads] == ["agent"]
    loaded = in_a_process(
        "import sys\n"
        "from app.start import forked, programs\n"
        "forked.load()\n"
        "for one in programs.PROGRAMS:\n"
        "    assert not one.loads or callable(sys.modules[one.loads[0]].main), one\n"
        "assert 'duckdb' not in sys.modules\n"
    )
    assert loaded.returncode == 0, loaded.stderr


def test_what_starts_a_thread_while_it_loads_is_refused():
    refused = in_a_process(
        "import threading\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "from app.start import forked\n"
        "forked.PROGRAMS = ()\n"
        "forked.load()\n"
    )
    assert refused.stderr.rstrip().endswith("Threaded")


def run(tmp_path, body: str, **more: str) -> tuple[int, list[str]]:
    """Fork a program whose `main` is `body`; return its exit code and what it said."""
    (tmp_path / "loaded_once.py").write_text(f"import os, signal, sys\ndef main(*given):\n{body}")
    said = in_a_process(
        "import os, signal, sys\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "from app.start import forked\n"
        "from app.start.programs import Program\n"
        f"for number in {[int(one) for one in (*STOPPED, signal.SIGINT)]}:\n"
        "    signal.signal(number, lambda *_: None)\n"
        "program = Program('one', 'loaded_once', '', 'given', niceness=1, loads=('loaded_once',))\n"
        f"forked.run(program, {more!r})\n"
    )
    return said.returncode, (said.stdout + said.stderr).splitlines()


def test_a_forked_program_has_its_own_arguments_environment_signals_and_niceness(tmp_path):
    body = (
        "    print(given, sys.argv, dict(os.environ), os.nice(0))\n"
        f"    print([signal.getsignal(n).name for n in {[int(one) for one in STOPPED]}])\n"
        "    print(signal.getsignal(2) is signal.default_int_handler)\n"
        "    print(open('/proc/self/cmdline').read().rstrip(chr(0)))\n"
    )
    before = os.nice(0)
    code, said = run(tmp_path, body, TENSHU_DATA="/somewhere")
    given = f"('given',) ['loaded_once', 'given'] {{'TENSHU_DATA': '/somewhere'}} {before + 1}"
    assert said[:3] == [given, str(["SIG_DFL"] * len(STOPPED)), "True"]
    assert said[3] == "python -m loaded_once given"
    assert code == 0


@pytest.mark.parametrize(
    ("body", "code", "last"),
    [
        ("    return 75", 75, None),
        ("    sys.exit(3)", 3, None),
        ("    sys.exit()", 0, None),
        ("    sys.exit('no')", 1, None),
        ("    raise ValueError('what')", 1, "ValueError: what"),
        ("    import atexit; atexit.register(print, 'cleaned up')", 0, "cleaned up"),
        (
            "    import threading\n    threading.Timer(0.05, lambda: print('waited for')).start()",
            0,
            "waited for",
        ),
    ],
)
def test_a_forked_program_ends_as_an_interpreter_does(tmp_path, body, code, last):
    ended, said = run(tmp_path, body)
    assert ended == code
    assert said[-1:] == ([] if last is None else [last])


def test_a_lock_is_handed_over_and_belongs_to_one_process_alone(tmp_path):
    import socket

    ours, theirs = socket.socketpair()
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    wanted = os.fstat(lock).st_ino
    hand_over.give(ours, lock)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(lock)
    got = hand_over.receive(theirs.detach())
    assert got is not None
    assert os.fstat(got).st_ino == wanted
    os.close(got)


def test_a_child_that_ends_without_handing_over_gives_its_exit_code():
    for body, code in (("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", 128 + 9)):
        told = in_a_process(
            "import os, socket, sys\n"
            "from app.start import hand_over\n"
            "ours, theirs = socket.socketpair()\n"
            f"if os.fork() == 0:\n    ours.close(); {body}\n"
            "theirs.close()\n"
            "assert hand_over.receive(ours.detach()) is None\n"
            "sys.exit(hand_over.exit_code_of_child())\n"
        )
        assert told.returncode == code, told.stderr


def test_a_program_is_found_by_its_name():
    from app.start.programs import named

    assert isinstance(named("console"), Program)
    assert named("console").arguments == ("console",)
    assert named("sealer").arguments == ()
