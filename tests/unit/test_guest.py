"""The door into a guest (tests/guest), without a guest: what it says of each command."""

import time
from typing import Any

from tests.guest.inside import answer


def run(*words: str, stdin: str = "", seconds: float = 20) -> dict[str, Any]:
    return answer({"words": words, "stdin": stdin, "seconds": seconds})


def test_a_command_answers_with_its_code_and_what_it_said() -> None:
    told = run("sh", "-c", "cat; echo bad >&2; exit 3", stdin="good")
    assert told == {"code": 3, "out": "good", "errors": "bad\n"}


def test_a_command_that_is_not_there_is_no_answer() -> None:
    assert "No such file" in run("/nowhere/program")["failed"]


def test_a_command_is_cut_at_its_deadline_with_all_that_it_began() -> None:
    begun = time.monotonic()
    told = run("sh", "-c", "echo begun; sleep 600 & sleep 600", seconds=0.5)
    assert told["failed"] == "cut after 0.5 s: begun\n"
    assert time.monotonic() - begun < 20
