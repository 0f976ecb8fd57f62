"""A long history is verified by two processes, with the same result as by one."""

import io
import runpy
from pathlib import Path

import msgspec
import pytest

import app
from app.audit.errors import StoreUnreadable
from app.audit.event import seal_draft
from app.audit.scan import CHUNK, ChunkReport
from app.audit.store import FILE_NAME
from app.audit.verdict import State, Wrong
from app.audit.worker import Helper, answer
from tests.unit.app.audit.trail import Trail, draft

SIZE = 3 * CHUNK + 100


@pytest.fixture
def long(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> Trail:
    monkeypatch.setattr("app.audit.verify.WORTH_A_HELPER", CHUNK)
    ledger = trail.sealer._ledger
    for first in range(1, SIZE, 1_000):
        count = min(1_000, SIZE - first)
        ledger.seal([seal_draft(draft(number)) for number in range(first, first + count)])
        trail.sealer.publish()
    return trail


def test_two_processes_say_what_one_says_F5(long: Trail) -> None:
    one, two = long.verify(), long.verify(processes=2, against=[long.note])
    assert (one.state, one.size, one.root) == (State.WHOLE, SIZE, two.root)
    assert two.state is State.WHOLE
    assert two.checkpoints == one.checkpoints == 14


@pytest.mark.parametrize("position", [5, CHUNK, 2 * CHUNK + 7, SIZE - 1])
def test_either_process_names_the_first_wrong_event_F5(long: Trail, position: int) -> None:
    long.tamper("UPDATE events SET seal = 0 WHERE position >= :position", position=position)
    for processes in (1, 2):
        wrong = long.verify(processes=processes).wrong
        assert wrong is not None
        assert (wrong.wrong, wrong.position) == (Wrong.CHANGED, position)


def test_the_second_process_answers_for_its_share(long: Trail) -> None:
    wanted, reports = io.BytesIO(msgspec.msgpack.encode([CHUNK + 5])), io.BytesIO()
    answer([str(long.folder), str(CHUNK), str(SIZE)], wanted, reports)
    chunks = msgspec.msgpack.decode(reports.getvalue(), type=list[ChunkReport])
    assert [chunk.count for chunk in chunks] == [CHUNK, CHUNK, 100]
    assert list(chunks[0].frontiers) == [CHUNK + 5]
    path = Path(app.__file__).with_name("audit") / "worker.py"
    with pytest.MonkeyPatch.context() as patch:
        again = io.BytesIO()
        patch.setattr("sys.argv", ["worker", str(long.folder), str(CHUNK), str(SIZE)])
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(wanted.getvalue())))
        patch.setattr("sys.stdout", io.TextIOWrapper(again))
        runpy.run_path(str(path), run_name="__main__")
        assert again.getvalue() == reports.getvalue()
    long.tamper("UPDATE events SET seal = 0 WHERE position = :position", position=CHUNK)
    wanted.seek(0)
    reports = io.BytesIO()
    answer([str(long.folder), str(CHUNK), str(SIZE)], wanted, reports)
    assert len(msgspec.msgpack.decode(reports.getvalue(), type=list[ChunkReport])) == 1


def test_a_second_process_without_an_answer_is_no_whole_history(
    trail: Trail, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Helper(tmp_path, 0, 10, []) as helper, pytest.raises(StoreUnreadable):
        helper.reports()
    assert FILE_NAME in capfd.readouterr().err
