"""What ends a job how, in one process."""

import threading
import time

import msgspec
import pytest
from sqlalchemy import select, update

from app.audit.models import OutboxEvent
from app.core import clock
from app.core.database_errors import DatabaseBusy
from app.core.errors import Conflict, NotFound
from app.identity.actors import actor_of
from app.jobs import handlers
from app.jobs.errors import (
    JobCancelled,
    JobEnded,
    JobGivenUp,
    LeaseLost,
    OwnerGone,
    UnknownJobKind,
    WorkerStopping,
)
from app.jobs.handlers import handler
from app.jobs.lease import LEASE, Lease, advance, is_alive, jobs, new_owner, renew
from app.jobs.models import JobState
from app.jobs.operations import (
    CancelJob,
    GetJob,
    ListJobs,
    cancel_job,
    get_job,
    list_jobs,
)
from app.jobs.owner import load_owner
from app.jobs.queue import claim, enqueue, put_back, release_dead
from app.jobs.view import JobView, speed_of
from app.jobs.worker import LONGEST_PAUSE, Worker, is_final, pause_before
from app.operations.context import SYSTEM, Actor, Appliance, Context, Plane
from app.operations.errors import NotAllowed, SignInNeeded
from app.operations.operation import operation, registered
from app.operations.permissions import Permission, Rights


class Steps(msgspec.Struct, frozen=True):
    """How a test's job behaves."""

    steps: int
    fault: str = ""


class Stand(msgspec.Struct, frozen=True):
    step: int


class Step(msgspec.Struct, frozen=True):
    lease: Lease
    step: int


class Made(msgspec.Struct, frozen=True):
    steps: int


FAULTS = {
    "conflict": lambda: Conflict(name="x"),
    "busy": lambda: DatabaseBusy(seconds=10),
    "bug": lambda: ZeroDivisionError("a bug"),
    "stopping": WorkerStopping,
    "lost": LeaseLost,
    "cancelled": JobCancelled,
}


class Kinds:
    """A kind of job of the test's own, taken away afterwards."""

    def __init__(self) -> None:
        self.cleaned: list[str] = []
        self.between = lambda _run, _step: None


@pytest.fixture
def kinds():
    found = Kinds()

    @operation("test.step", permission=Permission.RECORDS_CREATE, planes=())
    def take_step(context: Context, request: Step) -> None:
        """Take one step."""
        advance(
            context.session,
            request.lease,
            checkpoint=Stand(request.step),
            done=request.step,
            numbers={"steps": request.step},
            phase="Stepping",
        )

    @handler(
        "test.steps", unit="steps", max_attempts=3,
        abandoned=lambda run, arguments: found.cleaned.append(run.lease.job),
    )  # fmt: skip
    def run_steps(run, arguments: Steps) -> Made:
        stand = run.resume(Stand) or Stand(0)
        run.report(total=arguments.steps)
        for step in range(stand.step + 1, arguments.steps + 1):
            run.check()
            take_step(run.context(), Step(run.lease, step))
            found.between(run, step)
            if arguments.fault and step == 2:
                failure = FAULTS[arguments.fault]()
                raise failure
        if arguments.fault and stand.step >= 2:
            failure = FAULTS[arguments.fault]()
            raise failure
        return Made(arguments.steps)

    yield found
    del handlers._handlers["test.steps"]
    del registered()["test.step"]


PERSON = Actor("a1", "Aoi", Rights([("records.create", "")]))


def ask(appliance: Appliance, steps: Steps, actor: Actor = PERSON) -> str:
    """Put a job into the queue the way that operations do."""
    return run_inside(appliance, actor, lambda context: enqueue(context, "test.steps", steps))


def run_inside(appliance: Appliance, actor: Actor, work):
    class Nothing(msgspec.Struct):
        pass

    @operation("test.inside", permission=Permission.ANYBODY)
    def inside(context: Context, request: Nothing) -> str:
        """Run the work."""
        return work(context)

    try:
        return inside(Context(appliance, actor=actor, plane=Plane.WORKSPACE), Nothing())
    finally:
        del registered()["test.inside"]


def worker_of(appliance: Appliance, actor: Actor | None = PERSON) -> Worker:
    return Worker(appliance, lambda _session, _account: actor, poll=10)


def look(appliance: Appliance, job: str) -> JobView:
    return get_job(Context(appliance, actor=SYSTEM), GetJob(job=job))


def column(appliance: Appliance, job: str, name: str):
    with appliance.database.read() as session:
        found = session.connection().execute(select(jobs.c[name]).where(jobs.c.id == job))
        return found.scalar_one()


def ready_now(appliance: Appliance) -> None:
    """Let waiting jobs wait no longer."""
    with appliance.database.write() as session:
        session.connection().execute(update(jobs).values(not_before=0))


def verbs(appliance: Appliance) -> list[str]:
    with appliance.database.read() as session:
        contents = session.connection().execute(
            select(OutboxEvent.content).order_by(OutboxEvent.id)
        )
        return [msgspec.json.decode(content)["verb"] for (content,) in contents]


def test_a_job_has_an_event_for_its_start_each_batch_and_its_end(appliance, kinds):
    job = ask(appliance, Steps(2))
    assert worker_of(appliance).work_once()
    done = look(appliance, job)
    assert (done.state, done.done, done.total, done.unit) == (JobState.DONE, 2, 2, "steps")
    assert (done.result, done.numbers, done.phase) == ({"steps": 2}, {"steps": 2}, "Stepping")
    assert done.started_at <= done.finished_at
    assert verbs(appliance) == [
        "test.inside", "jobs.start", "test.step", "test.step", "jobs.finish",
    ]  # fmt: skip


def test_a_job_that_was_rolled_back_with_its_operation_never_was(appliance, kinds):
    def half(context):
        enqueue(context, "test.steps", Steps(1))
        raise Conflict(name="x")

    with pytest.raises(Conflict):
        run_inside(appliance, PERSON, half)
    assert not worker_of(appliance).work_once()


def test_nobody_has_no_jobs_and_unknown_kinds_are_refused(appliance, kinds):
    with pytest.raises(SignInNeeded):
        ask(appliance, Steps(1), Actor())
    with pytest.raises(UnknownJobKind) as unknown:
        run_inside(appliance, PERSON, lambda context: enqueue(context, "test.none", Steps(1)))
    assert unknown.value.code == "jobs.unknown_kind"


def test_a_job_of_the_machine_runs_as_the_system(appliance, kinds):
    job = ask(appliance, Steps(1), SYSTEM)
    worker_of(appliance, None).work_once()
    assert look(appliance, job).state is JobState.DONE
    assert look(appliance, job).created_by == "system"


@pytest.mark.parametrize("gone", [None, Actor()])
def test_a_suspended_persons_job_does_nothing_more_F4(appliance, kinds, gone):
    job = ask(appliance, Steps(3))
    worker_of(appliance, gone).work_once()
    found = look(appliance, job)
    assert (found.state, found.error, found.done) == (JobState.FAILED, OwnerGone.code, 0)
    assert kinds.cleaned == [job]


def test_rights_that_a_person_loses_while_the_job_runs_stop_it_F4(appliance, kinds):
    rights = [PERSON]

    def lose(_run, step):
        if step == 2:
            rights[0] = Actor("a1", "Aoi", Rights())

    kinds.between = lose
    job = ask(appliance, Steps(5))
    Worker(appliance, lambda _session, _account: rights[0]).work_once()
    found = look(appliance, job)
    assert (found.state, found.error, found.done) == (JobState.FAILED, NotAllowed.code, 2)


def test_an_error_in_the_request_fails_the_job_at_once(appliance, kinds):
    job = ask(appliance, Steps(3, "conflict"))
    worker_of(appliance).work_once()
    found = look(appliance, job)
    assert (found.state, found.error) == (JobState.FAILED, "conflict")
    assert found.error_parameters == {"name": "x"}
    assert kinds.cleaned == [job]


@pytest.mark.parametrize(("fault", "code"), [("busy", "database.busy"), ("bug", "internal")])
def test_a_passing_fault_is_tried_again_and_given_up_without_progress(
    appliance, kinds, fault, code
):
    job = ask(appliance, Steps(2, fault))
    worker = worker_of(appliance)
    worker.work_once()
    assert look(appliance, job).state is JobState.QUEUED
    assert column(appliance, job, "not_before") > clock.now()
    assert not worker.work_once()  # it waits
    tries = 1
    while look(appliance, job).state is JobState.QUEUED and tries < 10:
        ready_now(appliance)
        worker.work_once()
        tries += 1
    # the first attempt made progress and does not count
    assert (tries, look(appliance, job).state, look(appliance, job).error) == (
        4, JobState.FAILED, code,
    )  # fmt: skip
    assert kinds.cleaned == [job]


def test_a_job_that_kills_its_process_is_given_up(appliance, kinds):
    job = ask(appliance, Steps(2))
    for _ in range(3):  # three workers die without a word
        assert claim(appliance.database, "test") is not None
        with appliance.database.write() as session:
            session.connection().execute(update(jobs).values(lease_until=0))
    worker_of(appliance).work_once()
    found = look(appliance, job)
    assert (found.state, found.error) == (JobState.FAILED, JobGivenUp.code)
    assert found.error_parameters == {"attempts": "3"}


def test_a_job_continues_after_its_last_committed_batch(appliance, kinds):
    job = ask(appliance, Steps(3, "stopping"))
    worker = worker_of(appliance)
    worker.work_once()
    assert (look(appliance, job).state, look(appliance, job).done) == (JobState.QUEUED, 2)
    assert column(appliance, job, "attempts") == 0
    taken: list[int] = []
    kinds.between = lambda run, step: taken.append(step)
    worker.work_once()
    assert taken == [3]


def test_a_stop_that_came_before_any_progress_is_not_counted(appliance, kinds):
    ask(appliance, Steps(3))
    claimed = claim(appliance.database, "test")
    with appliance.database.write() as session:
        put_back(session, claimed.lease, not_before=0, counted=False)
    assert claim(appliance.database, "test").attempts == 1


def test_a_stopping_worker_gives_its_job_back(appliance, kinds):
    job = ask(appliance, Steps(5))
    worker = worker_of(appliance)
    kinds.between = lambda _run, _step: worker.stop()
    worker.work_once()
    assert (look(appliance, job).state, look(appliance, job).done) == (JobState.QUEUED, 1)


def test_whoever_lost_the_lease_commits_nothing(appliance, kinds):
    job = ask(appliance, Steps(5))

    def take_over(run, step):
        if step == 2:
            with appliance.database.write() as session:
                session.connection().execute(update(jobs).values(lease_owner="other:1:1:x"))

    kinds.between = take_over
    worker_of(appliance).work_once()
    assert look(appliance, job).done == 2
    assert look(appliance, job).state is JobState.RUNNING
    lease = Lease(job, "mine")
    with pytest.raises(LeaseLost), appliance.database.write() as session:
        advance(session, lease, done=9)
    assert look(appliance, job).done == 2


def test_a_running_job_is_cancelled_between_two_batches(appliance, kinds):
    job = ask(appliance, Steps(5))

    def cancel(_run, step):
        if step == 2:
            cancel_job(Context(appliance, actor=PERSON), CancelJob(job=job))

    kinds.between = cancel
    worker_of(appliance).work_once()
    found = look(appliance, job)
    assert (found.state, found.done, found.cancel_requested) == (JobState.CANCELLED, 2, True)
    assert kinds.cleaned == [job]


def test_a_waiting_job_is_cancelled_with_its_clean_up(appliance, kinds):
    job = ask(appliance, Steps(5))
    assert cancel_job(Context(appliance, actor=PERSON), CancelJob(job=job)).cancel_requested
    worker_of(appliance).work_once()
    assert look(appliance, job).state is JobState.CANCELLED
    assert kinds.cleaned == [job]
    with pytest.raises(JobEnded):
        cancel_job(Context(appliance, actor=PERSON), CancelJob(job=job))


def test_other_peoples_jobs_need_a_right_F4(appliance, kinds):
    job = ask(appliance, Steps(1))
    other = Context(appliance, actor=Actor("b1", "Ben", Rights()))
    viewer = Context(appliance, actor=Actor("c1", "Chie", Rights([("jobs.view", "")])))
    with pytest.raises(NotAllowed):
        get_job(other, GetJob(job=job))
    with pytest.raises(NotAllowed):
        list_jobs(other, ListJobs(everybody=True))
    with pytest.raises(NotAllowed):
        cancel_job(viewer, CancelJob(job=job))
    assert list_jobs(other, ListJobs()).items == []
    assert get_job(viewer, GetJob(job=job)).id == job
    assert [found.id for found in list_jobs(viewer, ListJobs(everybody=True)).items] == [job]
    with pytest.raises(NotFound):
        get_job(viewer, GetJob(job="none"))


def test_the_list_goes_on_from_page_to_page(appliance, kinds):
    made = [ask(appliance, Steps(1)) for _ in range(3)]
    mine = Context(appliance, actor=PERSON)
    first = list_jobs(mine, ListJobs(limit=2))
    rest = list_jobs(mine, ListJobs(limit=2, after=first.after))
    assert [found.id for found in (*first.items, *rest.items)] == sorted(made, reverse=True)
    assert rest.after == ""
    worker_of(appliance).work_once()
    assert len(list_jobs(mine, ListJobs(open_only=True)).items) == 2


def test_two_workers_never_get_the_same_job(appliance, kinds):
    made = {ask(appliance, Steps(1)) for _ in range(20)}
    got: list[str] = []

    def take() -> None:
        while claimed := claim(appliance.database, "test"):
            got.append(claimed.lease.job)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(made)


def test_a_silent_workers_job_is_free_after_its_lease(appliance, kinds):
    job = ask(appliance, Steps(1))
    assert claim(appliance.database, "test") is not None
    assert claim(appliance.database, "test") is None
    with appliance.database.write() as session:
        session.connection().execute(update(jobs).values(lease_until=clock.now() - 1))
    assert claim(appliance.database, "test").lease.job == job


def test_a_heartbeat_renews_only_leases_that_grow_old(appliance, kinds):
    job = ask(appliance, Steps(1))
    lease = claim(appliance.database, "test").lease
    fresh = column(appliance, job, "lease_until")
    with appliance.database.write() as session:
        renew(session, [lease])
    assert column(appliance, job, "lease_until") == fresh
    with appliance.database.write() as session:
        session.connection().execute(update(jobs).values(lease_until=1))
        renew(session, [lease])
    assert column(appliance, job, "lease_until") >= clock.now() + LEASE - 5000


def test_only_leases_of_dead_processes_of_this_machine_are_freed(appliance, kinds):
    for _ in range(3):
        ask(appliance, Steps(1))
    alive, dead, elsewhere = (claim(appliance.database, "test").lease for _ in range(3))
    with appliance.database.write() as session:
        for lease, owner in ((dead, "test:999999999:1:ab"), (elsewhere, "other:999999999:1:ab")):
            session.connection().execute(
                update(jobs).where(jobs.c.id == lease.job).values(lease_owner=owner)
            )
    assert release_dead(appliance.database, "test") == 1
    assert release_dead(appliance.database, "another") == 0
    assert claim(appliance.database, "test").lease.job == dead.job
    assert is_alive(alive.owner, "test")


def test_owners_are_told_apart_even_in_one_process():
    assert new_owner("m") != new_owner("m")
    assert is_alive(new_owner("m"), "m")


def test_a_worker_serves_until_it_is_stopped(appliance, kinds):
    made = [ask(appliance, Steps(2)) for _ in range(3)]
    worker = Worker(appliance, lambda _session, _account: PERSON, poll=5, heartbeat=5)
    serving = threading.Thread(target=worker.serve)
    serving.start()
    deadline = time.monotonic() + 30
    while {look(appliance, job).state for job in made} != {JobState.DONE}:
        assert time.monotonic() < deadline
    worker.stop()
    serving.join(timeout=30)
    assert not serving.is_alive()


def test_a_database_that_is_away_does_not_end_the_worker(appliance, kinds, monkeypatch, caplog):
    """The real database, with its doors shut for a while."""
    tries: list[int] = []
    doors = type(appliance.database).read

    def shut(database):
        if threading.current_thread().name == "job-0" and len(tries) < 2:
            tries.append(1)
            raise DatabaseBusy(seconds=10)
        return doors(database)

    job = ask(appliance, Steps(1))
    worker = worker_of(appliance)
    with monkeypatch.context() as patch:
        patch.setattr(type(appliance.database), "read", shut)
        serving = threading.Thread(target=worker.serve, args=(1,))
        serving.start()
        deadline = time.monotonic() + 30
        while column(appliance, job, "state") != JobState.DONE:
            assert time.monotonic() < deadline
        worker.stop()
        serving.join(timeout=30)
    assert "looking for work failed" in caplog.text


def test_missed_heartbeats_are_told_and_survived(appliance, kinds, monkeypatch, caplog):
    ask(appliance, Steps(1))
    claimed = claim(appliance.database, "test")
    worker = worker_of(appliance)
    worker.heartbeat = 1
    worker._held[claimed.lease.owner] = claimed.lease

    def shut(database, work):
        raise DatabaseBusy(seconds=10)

    with monkeypatch.context() as patch:
        patch.setattr(type(appliance.database), "change", shut)
        beat = threading.Thread(target=worker._beat)
        beat.start()
        deadline = time.monotonic() + 30
        while "could not be renewed" not in caplog.text:
            assert time.monotonic() < deadline
        worker.stop()
        beat.join(timeout=30)


def test_pauses_grow_and_have_an_end():
    assert [pause_before(attempt) for attempt in (1, 2, 3)] == [1000, 2000, 4000]
    assert pause_before(30) == LONGEST_PAUSE


def test_only_faults_that_may_pass_are_tried_again():
    assert is_final(Conflict(name="x"))
    assert is_final(UnknownJobKind(kind="x"))
    assert is_final(JobGivenUp(attempts=1))
    assert not is_final(DatabaseBusy(seconds=1))
    assert not is_final(ZeroDivisionError())


def test_speed_and_time_left():
    assert speed_of(500, 1000, 0, 1000) == (500.0, 2.0)
    assert speed_of(500, 0, 0, 1000) == (500.0, None) or speed_of(500, 0, 0, 1000)[1] is None
    assert speed_of(0, 10, 0, 1000) == (0.0, None)


def test_a_running_job_tells_its_speed(appliance, kinds):
    seen: list[JobView] = []
    job = ask(appliance, Steps(4))

    def wait_and_look(run, step):
        deadline = time.monotonic() + 30
        began = column(appliance, job, "claimed_at")
        while clock.now() <= began:
            assert time.monotonic() < deadline
        run.report(done=step)
        seen.append(look(appliance, job))

    kinds.between = wait_and_look
    worker_of(appliance).work_once()
    assert seen[0].per_second > 0
    assert seen[0].seconds_left == pytest.approx(3 / seen[0].per_second)


def test_a_job_of_another_version_fails_with_words(appliance, kinds):
    job = ask(appliance, Steps(1))
    with appliance.database.write() as session:
        session.connection().execute(update(jobs).values(kind="tables.of_tomorrow"))
    worker_of(appliance).work_once()
    found = look(appliance, job)
    assert (found.state, found.error) == (JobState.FAILED, "jobs.unknown_kind")


def test_two_handlers_of_one_kind_are_a_fault_of_the_program(kinds):
    with pytest.raises(ValueError, match="two handlers"):
        handler("test.steps", unit="steps")(lambda run, arguments: None)


def test_a_job_of_the_machine_runs_as_the_machine_and_one_of_nobody_does_not_run_F4(
    appliance: Appliance,
) -> None:
    with appliance.database.read() as session:
        assert load_owner(session, "system", actor_of) is SYSTEM
        with pytest.raises(OwnerGone):
            load_owner(session, "a1", actor_of)
