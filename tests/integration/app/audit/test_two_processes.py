"""A long history is verified by two processes, with the same result as by one."""

import io
import random
import runpy
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

import app
from app.audit.erasure import Erasures
from app.audit.errors import StoreUnreadable
from app.audit.event import seal_draft
from app.audit.scan import CHUNK
from app.audit.shares import MAX_TICKETS, MIN_CHUNKS, Shares
from app.audit.store import FILE_NAME, reading
from app.audit.verdict import State, Wrong
from app.audit.worker import Answer, Helper, answer, check_shares
from tests.integration.app.audit.mutations import alter_index
from tests.unit.app.audit.trail import Trail, draft

SHARE = MIN_CHUNKS * CHUNK
SIZE = 3 * SHARE + 100


@pytest.fixture
def long(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> Trail:
    monkeypatch.setattr("app.audit.verify.WORTH_A_HELPER", SHARE)
    ledger = trail.sealer._ledger
    for first in range(1, SIZE, 1_000):
        count = min(1_000, SIZE - first)
        ledger.seal([seal_draft(draft(number)) for number in range(first, first + count)])
        trail.sealer.publish()
    return trail


def test_two_processes_say_what_one_says_F5(long: Trail) -> None:
    one, two = long.verify(), long.verify(processes=2, indexes=True, against=[long.note])
    assert (one.state, one.size, one.root) == (State.WHOLE, SIZE, two.root)
    assert two.state is State.WHOLE
    assert two.checkpoints == one.checkpoints == 14


def test_the_second_process_compares_the_indexes_F5(long: Trail) -> None:
    with sqlite3.connect(long.folder / FILE_NAME) as connection:
        alter_index(connection, random.Random(3))
    connection.close()
    assert long.verify(processes=2).state is State.WHOLE
    for processes in (1, 2):
        wrong = long.verify(processes=processes, indexes=True).wrong
        assert wrong is not None
        assert wrong.wrong is Wrong.STRUCTURE


@pytest.mark.parametrize("position", [5, SHARE, 2 * SHARE + CHUNK, SIZE - 1])
def test_either_process_names_the_first_wrong_event_F5(long: Trail, position: int) -> None:
    long.tamper("UPDATE events SET seal = 0 WHERE position >= :position", position=position)
    for processes in (1, 2):
        wrong = long.verify(processes=processes).wrong
        assert wrong is not None
        assert (wrong.wrong, wrong.position) == (Wrong.CHANGED, position)


def test_the_second_process_answers_for_the_shares_that_it_took(long: Trail) -> None:
    wanted = msgspec.msgpack.encode([SHARE + 5])
    with closing(Shares.part(SIZE)) as shares:
        assert next(shares.take()) == (0, SHARE), "the first process took one"
        arguments = [str(long.folder), "1", *map(str, msgspec.structs.astuple(shares))]
        reports = io.BytesIO()
        answer(arguments, io.BytesIO(wanted), reports)
        chunks = msgspec.msgpack.decode(reports.getvalue(), type=Answer).chunks
        assert [chunk.first for chunk in chunks] == list(range(SHARE, SIZE, CHUNK))
        assert list(chunks[0].frontiers) == [SHARE + 5]
        assert list(shares.take()) == []


def test_the_second_process_is_a_program_of_its_own(long: Trail) -> None:
    path = Path(app.__file__).with_name("audit") / "worker.py"
    with closing(Shares.part(SIZE)) as shares, pytest.MonkeyPatch.context() as patch:
        arguments = [str(long.folder), "1", *map(str, msgspec.structs.astuple(shares))]
        reports = io.BytesIO()
        patch.setattr("sys.argv", ["worker", *arguments])
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(msgspec.msgpack.encode([]))))
        patch.setattr("sys.stdout", io.TextIOWrapper(reports))
        runpy.run_path(str(path), run_name="__main__")
        chunks = msgspec.msgpack.decode(reports.getvalue(), type=Answer).chunks
    assert sum(chunk.count for chunk in chunks) == SIZE


def test_behind_a_wrong_event_no_share_is_begun(long: Trail) -> None:
    long.tamper("UPDATE events SET seal = 0 WHERE position = :position", position=CHUNK)
    with closing(Shares.part(SIZE)) as shares, reading(long.folder) as connection:
        chunks = check_shares(connection, shares, [], Erasures(()))
        assert sum(chunk.count for chunk in chunks) == SHARE
        assert list(shares.take()) == []


def test_a_long_history_is_parted_into_as_many_shares_as_a_pipe_holds() -> None:
    size = 40_000_000
    with closing(Shares.part(size)) as shares:
        taken = list(shares.take())
    assert len(taken) <= MAX_TICKETS
    assert taken[0][0] == 0
    assert taken[-1][1] == size
    assert all(end == first for (_, end), (first, _) in pairwise(taken))
    assert all(first % CHUNK == 0 for first, _ in taken)


def test_a_second_process_without_an_answer_is_no_whole_history(
    trail: Trail, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        closing(Shares.part(10)) as shares,
        Helper(tmp_path, shares, [], indexes=True) as helper,
        pytest.raises(StoreUnreadable),
    ):
        helper.answer()
    assert FILE_NAME in capfd.readouterr().err
