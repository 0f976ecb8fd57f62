"""The decisions inside a backup, without Borg."""

import contextlib
import errno
import json
import os
import shutil
import sqlite3
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from appliance import records
from appliance.agent.__main__ import allowed_users
from appliance.agent.capabilities import capabilities
from appliance.agent.patience import WAITING, Patience
from appliance.backup import borg, collect, create, database, locks, process
from appliance.backup.borg import Borg
from appliance.backup.borg_json import ListedArchive
from appliance.backup.collect import head_of, last_checkpoint
from appliance.backup.manifest import (
    Database,
    Entry,
    Manifest,
    Sealed,
    compare,
    entries_of,
    read_manifest,
)
from appliance.backup.process import run_program
from appliance.backup.reporter import Reporter
from appliance.contract.actions import Repository
from appliance.contract.backup_errors import (
    ArchiveDiffers,
    ArchiveUnreadable,
    BorgMissing,
    BorgUnsupported,
    DatabaseUnreadable,
    DiskFull,
    FolderUnusable,
    RunCancelled,
    RunTimedOut,
    RunUnknown,
)
from appliance.contract.errors import ActionUnavailable
from appliance.contract.repository_errors import RepositorySilent
from appliance.contract.runs import Phase, Progress, Run, State
from appliance.contract.secret import Secret
from appliance.durable import write_whole
from appliance.place import Place
from appliance.records import Record

NOTE = "tenshu/m\n{size}\nROOT=\n\n— a x=\n— witness y=\n"


def manifest(*files: Entry) -> Manifest:
    return Manifest(
        product_version="1",
        archive="a",
        created_at=1,
        kit="k",
        database=Database("sqlite", "database.sqlite", {"t": 3, "u": 4}),
        sealed=Sealed(0, ""),
        files=files,
    )


def test_the_newest_checkpoint_of_the_store_covers_every_copied_event(tmp_path: Path) -> None:
    store = tmp_path / "sealed.sqlite"
    with contextlib.closing(sqlite3.connect(store)) as connection:
        assert head_of(store) is None
        connection.execute("CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note TEXT)")
        connection.commit()
        assert head_of(store) is None
        connection.execute("INSERT INTO checkpoints VALUES (3, 'three'), (12, 'twelve')")
        connection.commit()
    assert head_of(store) == Sealed(12, "twelve")


def test_the_last_checkpoint_is_found_in_a_log() -> None:
    log = NOTE.format(size=3) + "\n" + NOTE.format(size=12) + "\n"
    assert last_checkpoint(log) == Sealed(12, NOTE.format(size=12))
    assert last_checkpoint("") == Sealed(0, "")
    assert last_checkpoint("junk\n— a x=\n") == Sealed(0, "")
    # a cut in the middle of the last one: the one before counts
    assert last_checkpoint(log + "\n\ntenshu/m\n99\nRO").size == 12
    assert last_checkpoint(log + "tenshu/m\nmany\nROOT=\n\n— a x=\n").size == 12


def test_a_manifest_of_a_newer_version_is_told_and_not_guessed() -> None:
    data = msgspec.json.encode(manifest())
    assert read_manifest("a", data) == manifest()
    with pytest.raises(ArchiveUnreadable, match="format 2 is newer"):
        read_manifest("a", data.replace(b'"format":1', b'"format":2'))
    for damaged in (b"", b"{}", b'{"format":1}'):
        with pytest.raises(ArchiveUnreadable):
            read_manifest("a", damaged)


def test_a_manifest_counts_everything(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"xyz")
    (tmp_path / "d").write_bytes(b"")
    entries = entries_of(tmp_path, Reporter())
    assert [(one.path, one.bytes) for one in entries] == [("a/b/c", 3), ("d", 0)]
    made = manifest(*entries)
    assert (made.bytes, made.rows) == (3, 7)
    compare(made, tmp_path, Reporter())
    (tmp_path / "d").unlink()
    (tmp_path / "d").symlink_to(tmp_path / "a" / "b" / "c")
    with pytest.raises(ArchiveDiffers):
        compare(made, tmp_path, Reporter())


def test_an_archive_says_its_figures_and_foreign_ones_none() -> None:
    made = manifest(Entry("a", 10, "h"))
    listed = create.listed(
        ListedArchive("n", "i", "2026-11-21T01:02:03.000000", create.describe(made))
    )
    assert (listed.bytes, listed.files, listed.rows, listed.version) == (10, 2, 7, "1")
    assert listed.at == 1795222923000
    assert "{" not in create.describe(made)
    foreign = create.listed(ListedArchive("n", "i", "2026-11-21T01:02:03+00:00", "rows=²&x"))
    assert (foreign.bytes, foreign.rows, foreign.at) == (None, None, listed.at)


def test_progress_grows_phase_by_phase_and_tells_speed_and_time() -> None:
    told: list[Progress] = []
    reporter = Reporter(told.append)
    reporter.phase(Phase.snapshot, 100)
    reporter.reach(100, 1)
    reporter.phase(Phase.archiving, 1000, 5)
    reporter._told = 0
    reporter._phase_begun -= 10
    reporter.reach(500, 2)
    reporter.phase(Phase.checking)
    reporter._told = 0
    reporter.reach_share(0.5)
    reporter.phase(Phase.finished)
    percents = [one.percent for one in told if one.phase is not Phase.checking]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    middle = next(one for one in told if one.bytes_done == 500)
    assert (middle.percent, middle.speed, middle.files_done) == (65.0, 50, 2)
    assert middle.eta == 10
    assert told[-2].percent == 50


def test_a_run_hears_that_it_is_cancelled_or_out_of_time() -> None:
    cancelled = threading.Event()
    reporter = Reporter(cancelled=cancelled.is_set)
    reporter.advance(1)
    cancelled.set()
    with pytest.raises(RunCancelled):
        reporter.advance(1)
    with pytest.raises(RunTimedOut):
        Reporter(seconds=-1).check()


def test_a_program_that_should_end_is_ended_and_killed_if_it_will_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "GRACE", 0.2)
    stubborn = (
        "import signal, sys, threading\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', file=sys.stderr, flush=True)\n"
        "threading.Event().wait(60)\n"
    )
    ready = threading.Event()
    with pytest.raises(RunCancelled):
        run_program(
            [sys.executable, "-c", stubborn],
            os.environ,
            Reporter(cancelled=ready.is_set),
            lambda line: ready.set(),
        )


def test_a_programs_words_come_line_by_line_and_its_secret_by_a_pipe() -> None:
    program = (
        "import os, sys\n"
        "print(os.read(int(os.environ['FD']), 100).decode())\n"
        "sys.stderr.write('one\\ntwo')\n"
        "sys.exit(3)\n"
    )
    lines: list[bytes] = []
    ended = run_program(
        [sys.executable, "-c", program],
        os.environ,
        Reporter(),
        lines.append,
        secret=b"sesame",
        secret_variable="FD",
    )
    assert (ended.exit_code, ended.output, lines) == (3, b"sesame\n", [b"one", b"two"])


def test_locks_are_ours_only_if_every_one_bears_our_name(tmp_path: Path) -> None:
    base, repository = tmp_path / "base", tmp_path / "r"
    base.mkdir()
    (repository / "lock.exclusive").mkdir(parents=True)
    host = locks.host_of(base)
    assert locks.host_of(base) == host
    assert not locks.left_by(host, repository)
    (repository / "lock.exclusive" / f"{host}.12-0").write_text("")
    assert locks.left_by(host, repository)
    (repository / "lock.roster").write_text(json.dumps({"shared": [["stranger@1", 1, 0]]}))
    assert not locks.left_by(host, repository)
    (repository / "lock.roster").write_text("{")
    assert not locks.left_by(host, repository)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////srv/data/tenshu.sqlite", "/srv/data/tenshu.sqlite"),
        ("sqlite+pysqlite:////srv/x.sqlite?timeout=5", "/srv/x.sqlite"),
        ("sqlite:////srv/a%20b.sqlite", "/srv/a b.sqlite"),
    ],
)
def test_sqlite_addresses_are_understood(url: str, path: str) -> None:
    assert database.sqlite_path(url) == Path(path)
    assert database.sqlite_path("postgresql+psycopg://u@/d") is None


def test_a_copy_counts_tables_and_leaves_out_what_needs_the_faces(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "s")) as connection:
        connection.execute("CREATE TABLE a (x INTEGER PRIMARY KEY AUTOINCREMENT)")
        connection.execute("INSERT INTO a DEFAULT VALUES")
        connection.execute("CREATE VIRTUAL TABLE f USING fts5(t)")
        connection.commit()
    database.copy_sqlite(tmp_path / "s", tmp_path / "t", Reporter())
    assert database.count_sqlite(tmp_path / "t") == {"a": 1}


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"no database at all" * 1000)
    with pytest.raises(DatabaseUnreadable):
        database.copy_sqlite(tmp_path / "s", tmp_path / "t", Reporter())
    with pytest.raises(DatabaseUnreadable):
        database.count_sqlite(tmp_path / "s")
    url = "postgresql://u:sesame@/d?nonsense=1"
    with pytest.raises(DatabaseUnreadable) as caught:
        database.copy_database(url, tmp_path, Reporter())
    assert "sesame" not in str(caught.value)


def test_failures_of_the_disk_are_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(DiskFull), create.explained(tmp_path):
        raise OSError(28, "No space left on device")
    with pytest.raises(FolderUnusable, match="Permission"), create.explained(tmp_path):
        raise PermissionError(13, "Permission denied", "/x")
    with (
        pytest.raises(DiskFull),
        database._explained("x", tmp_path),
        contextlib.closing(sqlite3.connect(tmp_path / "full.sqlite")) as connection,
    ):
        connection.execute("PRAGMA max_page_count=2")
        connection.execute("CREATE TABLE a (x)")
        connection.execute("INSERT INTO a VALUES (zeroblob(100000))")


def test_what_is_neither_file_nor_folder_is_not_left_out_in_silence(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "link").symlink_to("/etc/passwd")
    with pytest.raises(FolderUnusable):
        collect._link_tree(tmp_path / "files", tmp_path / "copy", link=True)


def test_files_that_may_not_be_linked_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_bytes(b"x")

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", forbidden)
    collect._link_tree(tmp_path / "files", tmp_path / "copy", link=True)
    assert (tmp_path / "copy" / "a").read_bytes() == b"x"


def test_without_borg_the_place_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(data=tmp_path, keys=tmp_path / "k", database_url="postgresql:///x")
    monkeypatch.setattr("appliance.backup.process.shutil.which", lambda *_, **__: None)
    with pytest.raises(BorgMissing):
        borg.borg_version()
    with pytest.raises(BorgMissing):
        Borg(tmp_path / "r", Secret("p"), tmp_path / "base").create_repository()
    with pytest.raises(ActionUnavailable):
        database._program("pg_dump")
    found = {one.name: one for one in capabilities(place)}
    for name in ("backup", "database-copy"):
        assert not found[name].available
        assert "not installed" in found[name].reason
        assert "Install" in found[name].reason


def test_a_borg_of_another_generation_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "borg"
    fake.write_text("#!/bin/sh\necho borg 2.0.0\n")
    fake.chmod(0o755)
    monkeypatch.setattr(borg, "find", lambda name: str(fake))
    with pytest.raises(BorgUnsupported, match=r"2\.0\.0"):
        borg.borg_version()


def test_a_file_is_whole_or_as_before(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_whole(path, b"one")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"two")
    assert path.read_bytes() == b"one"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["f", "folder"]


def test_two_threads_that_write_the_same_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "f"
    failures: list[OSError] = []

    def write(number: int) -> None:
        try:
            for _ in range(50):
                write_whole(path, bytes([number]) * 1000, durable=False)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(path.read_bytes())) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_the_list_of_users_names_people_and_never_everybody() -> None:
    nobody = allowed_users({})
    assert nobody == {0, os.geteuid()}
    assert allowed_users({"TENSHU_AGENT_USERS": "nobody,1234"}) == nobody | {65534, 1234}
    with pytest.raises(KeyError):
        allowed_users({"TENSHU_AGENT_USERS": "no-such-user"})


def begin(runs: Path, number: int) -> tuple[Record, int]:
    run = Run(id=f"{number:012x}", action="RunBackup", repository="a" * 8)
    return Record.create(runs, run)


def dead(runs: Path, number: int) -> Record:
    """A run whose process never came to life."""
    record, lock = begin(runs, number)
    os.close(lock)
    return record


def test_a_run_lives_as_long_as_its_lock(tmp_path: Path) -> None:
    record, lock = begin(tmp_path, 1)
    assert record.read().state is State.running
    record.tell(Progress(percent=5.0))
    assert record.read().progress.percent == 5
    assert [run.id for run in records.running(tmp_path)] == [f"{1:012x}"]
    os.close(lock)
    died = record.read()
    assert (died.state, died.error_code) == (State.failed, "run.died")
    assert died.progress.percent == 5
    assert Record(tmp_path / f"{1:012x}").read() == died
    assert list(records.running(tmp_path)) == []


def test_a_run_that_never_began_has_died_and_an_unknown_one_is_none(tmp_path: Path) -> None:
    assert dead(tmp_path, 1).read().error_code == "run.died"
    (tmp_path / "half-made").mkdir()
    assert len(records.records(tmp_path)) == 1
    with pytest.raises(RunUnknown):
        Record(tmp_path / "half-made").read()


def test_who_looks_at_a_run_as_it_begins_sees_it_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Run] = []
    monkeypatch.setattr(records, "sync_folder", lambda runs: seen.extend(records.running(runs)))
    record, lock = begin(tmp_path, 1)
    assert [run.id for run in seen] == [record.folder.name]
    os.close(lock)


def test_a_run_that_cannot_be_written_down_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(records, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        begin(tmp_path, 1)
    assert not Record(tmp_path / f"{1:012x}").alive()
    assert records.records(tmp_path) == []


def test_old_ended_runs_are_forgotten_and_running_ones_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "KEPT", 2)
    _, lock = begin(tmp_path, 0)
    for number in range(1, 5):
        dead(tmp_path, number).read()
    records.prune(tmp_path)
    os.close(lock)
    kept = [int(record.folder.name, 16) for record in records.records(tmp_path)]
    assert kept == [4, 3, 0]


def test_a_copied_folder_and_a_cloned_machine_bear_another_name_in_locks(tmp_path: Path) -> None:
    base, machine, hardware = tmp_path / "borg", tmp_path / "machine-id", tmp_path / "product_uuid"
    base.mkdir()
    machine.write_text("m1\n")
    hardware.write_text("h1\n")
    sources = (machine, hardware)
    name = locks.host_of(base, sources)
    assert locks.host_of(base, sources) == name
    assert locks.host_of(base, (machine, tmp_path / "nothing")) != name
    hardware.write_text("h2\n")  # a cloned virtual machine
    assert locks.host_of(base, sources) != name
    hardware.write_text("h1\n")
    shutil.copytree(base, tmp_path / "copy")
    assert locks.host_of(tmp_path / "copy", sources) != name
    (tmp_path / "moved").mkdir()
    base.rename(tmp_path / "moved" / "borg")
    assert locks.host_of(tmp_path / "moved" / "borg", sources) == name
    assert locks.host_of(tmp_path / "moved" / "borg").startswith("tenshu-")


def test_few_wait_for_one_silent_repository_and_nobody_for_another() -> None:
    patience = Patience()
    silent, other = (
        Repository(id=one * 16, name=one, folder="/" + one, borg_id="", kit_number="", created_at=1)
        for one in "ab"
    )
    with contextlib.ExitStack() as waiting:
        for _ in range(WAITING):
            waiting.enter_context(patience.reading(silent))
        with pytest.raises(RepositorySilent), patience.reading(silent):
            pass
        with patience.reading(other):
            pass
    with patience.reading(silent):
        pass
    with pytest.raises(RepositorySilent), patience.reading(silent):
        raise RunTimedOut(seconds=30)
    with patience.reading(silent):
        pass
