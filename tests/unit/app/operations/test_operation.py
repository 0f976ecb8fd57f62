"""One way in: each operation authorises, changes and records in one transaction (F4, F5)."""

import dataclasses
import json
import logging

import msgspec
import pytest
from sqlalchemy.exc import IntegrityError

from app.audit.event import Outcome, Source
from app.core.database import Database
from app.core.database_errors import ChangeCollided
from app.core.errors import Conflict, NotFound
from app.core.secret import Secret
from app.operations import operation as operation_module
from app.operations import registry
from app.operations.context import SYSTEM, Actor, Appliance, Context, Plane
from app.operations.errors import (
    ConfirmationNeeded,
    NotAllowed,
    Refused,
    SignInNeeded,
    TokenNotAllowed,
    WrongPlane,
)
from app.operations.operation import (
    Effect,
    NoRequest,
    Route,
    Tier,
    decode_fields,
    decode_json,
)
from app.operations.permissions import Permission, Rights

ALL = Rights([(Permission.ACCOUNTS_MANAGE, "")])


class Named(msgspec.Struct):
    """A request with a name and a password."""

    name: str = "x"
    """Name."""
    password: Secret = Secret("")
    """Password."""
    size: int = 0
    """Size."""


def as_person(context, **kwargs):
    actor = Actor(account="a1", name="花子", rights=ALL, session="s1")
    return dataclasses.replace(context, actor=dataclasses.replace(actor, **kwargs))


@pytest.fixture
def person(console):
    return as_person(
        dataclasses.replace(console, incident="T-7F3K-29QD", source=Source(peer="192.0.2.7"))
    )


@pytest.fixture
def change(declare, write, notes):
    @declare("notes.write", permission=Permission.ACCOUNTS_MANAGE)
    def write_it(context: Context, request: Named) -> str:
        """Write a note."""
        context.event.about("note", "n1", request.name)
        context.event.change("name", "", request.name)
        context.event.numbers["rows"] = 1
        context.event.references["job"] = "j1"
        write(context, request.name)
        return "written"

    return write_it


def failing(declare, write, error, effect=Effect.CHANGE):
    @declare("notes.fail", permission=Permission.ACCOUNTS_MANAGE, effect=effect)
    def fail(context: Context, request: Named) -> None:
        """Fail."""
        context.event.about("note", "n1", "the note")
        if effect is not Effect.READ:
            context.event.change("name", "old", "new")
            context.event.numbers["rows"] = 1
            context.event.references["job"] = "j1"
            write(context, "half done")
        raise error

    return fail


def outcomes(written):
    return [(each["verb"], each["outcome"], each.get("error", "")) for each in written()]


def test_a_done_change_writes_exactly_one_event_with_who_when_where_and_what_F5(
    change, person, written, notes
):
    assert change(person, Named("n")) == "written"
    assert notes() == ["n"]
    (event,) = written()
    assert event["verb"] == "notes.write"
    assert event["outcome"] == "done"
    assert (event["actor"], event["session"], event["plane"]) == ("a1", "s1", "console")
    assert (event["machine"], event["incident"]) == ("test", "T-7F3K-29QD")
    assert (event["target_kind"], event["target"]) == ("note", "n1")
    assert (event["fields"], event["numbers"]) == (["name"], {"rows": 1})
    assert event["references"] == {"job": "j1"}
    assert "花子" not in json.dumps(event, ensure_ascii=False)


def test_a_view_of_personal_data_writes_one_event_and_a_plain_read_none_F5(
    declare, person, written
):
    def look(context: Context, request: NoRequest) -> str:
        """Look."""
        return "seen"

    reveal = declare("x.reveal", permission=Permission.SIGNED_IN, effect=Effect.REVEAL)(look)
    read = declare("x.read", permission=Permission.SIGNED_IN, effect=Effect.READ)(look)
    assert read(person, NoRequest()) == "seen"
    assert written() == []
    assert reveal(person, NoRequest()) == "seen"
    assert outcomes(written) == [("x.reveal", "done", "")]


def test_who_lacks_the_right_is_refused_and_the_history_says_so_F4_F5(
    change, person, written, notes
):
    with pytest.raises(NotAllowed) as refused:
        change(as_person(person, rights=Rights()), Named())
    assert refused.value.parameters == {"permission": "accounts.manage"}
    assert notes() == []
    assert outcomes(written) == [("notes.write", "refused", "refused.permission")]


def test_nobody_is_asked_to_sign_in(change, console, written):
    with pytest.raises(SignInNeeded) as refused:
        change(console, Named())
    assert refused.value.status == 401
    assert outcomes(written) == [("notes.write", "refused", "refused.sign_in_needed")]


def test_a_refused_read_is_recorded_too_F5(declare, person, written):
    @declare("x.read", permission=Permission.AUDIT_VIEW, effect=Effect.READ)
    def read(context: Context, request: NoRequest) -> None:
        """Read."""

    with pytest.raises(NotAllowed):
        read(person, NoRequest())
    assert outcomes(written) == [("x.read", "refused", "refused.permission")]


def test_the_right_must_hold_on_the_scope_that_the_request_names_F4(declare, person, written):
    @declare("x.scoped", permission=Permission.RECORDS_EDIT, scope=lambda request: request.name)
    def scoped(context: Context, request: Named) -> None:
        """Do it."""

    here = as_person(person, rights=Rights([(Permission.RECORDS_EDIT, "tables/1")]))
    scoped(here, Named("tables/1"))
    scoped(here, Named("tables/1/views/2"))
    for elsewhere in ("tables/12", "tables", ""):
        with pytest.raises(NotAllowed):
            scoped(here, Named(elsewhere))
    assert [outcome for _, outcome, _ in outcomes(written)] == ["done"] * 2 + ["refused"] * 3


def test_a_scope_that_only_the_operation_knows_is_asked_inside_F4(
    declare, person, written, notes, write
):
    @declare("x.inside", permission=Permission.SIGNED_IN)
    def inside(context: Context, request: NoRequest) -> None:
        """Do it."""
        write(context, "half done")
        context.require(Permission.RECORDS_EDIT, "tables/7")

    with pytest.raises(NotAllowed):
        inside(person, NoRequest())
    assert notes() == []
    assert outcomes(written) == [("x.inside", "refused", "refused.permission")]


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (Refused(), "refused", "refused"),
        (NotFound(kind="note", name="x"), "failed", "not_found"),
        (ZeroDivisionError("secret detail"), "failed", "internal"),
        (Conflict(name="x"), "failed", "conflict"),
    ],
)
@pytest.mark.parametrize("effect", [Effect.CHANGE, Effect.REVEAL])
def test_what_fails_changes_nothing_and_leaves_one_event_that_tells_no_change_F5(
    declare, write, notes, person, written, error, outcome, code, effect
):
    with pytest.raises(type(error)):
        failing(declare, write, error, effect)(person, Named())
    assert notes() == []
    (event,) = written()
    assert (event["outcome"], event["error"]) == (outcome, code)
    assert event["target"] == "n1"
    assert not event.keys() & {"fields", "numbers", "references"}
    assert "secret detail" not in json.dumps(event)


def test_a_read_that_fails_leaves_no_event(declare, write, person, written):
    with pytest.raises(NotFound):
        failing(declare, write, NotFound(kind="x", name="y"), Effect.READ)(person, Named())
    assert written() == []


def test_a_commit_that_the_database_refuses_is_a_failure_not_a_change_F5(
    declare, write, notes, person, written
):
    @declare("x.double", permission=Permission.SIGNED_IN)
    def double(context: Context, request: NoRequest) -> None:
        """Write the same event twice."""
        write(context, "x")
        connection = context.session.connection()
        for _ in range(2):
            connection.exec_driver_sql("INSERT INTO audit_outbox VALUES ('same', '{}', '[]')")

    with pytest.raises(IntegrityError):
        double(person, NoRequest())
    assert notes() == []
    assert outcomes(written) == [("x.double", "failed", "internal")]


def test_a_refusal_whose_traces_must_stay_returns_and_is_recorded_as_refused(
    declare, write, notes, person, written
):
    @declare("sign_in.try", permission=Permission.ANYBODY)
    def count_it(context: Context, request: NoRequest) -> str:
        """Count a failed attempt."""
        write(context, "one failure")
        context.event.outcome = Outcome.REFUSED
        return "no"

    assert count_it(person, NoRequest()) == "no"
    assert notes() == ["one failure"]
    assert outcomes(written) == [("sign_in.try", "refused", "")]


@pytest.fixture
def dangerous(declare):
    @declare("x.dangerous", permission=Permission.ACCOUNTS_MANAGE, tier=Tier.T2_DANGEROUS)
    def act(context: Context, request: Named) -> str:
        """Do what is dangerous."""
        return "done"

    return act


@pytest.fixture
def irreversible(declare):
    @declare("x.irreversible", permission=Permission.ACCOUNTS_MANAGE, tier=Tier.T3_IRREVERSIBLE)
    def act(context: Context, request: Named) -> str:
        """Do what nobody brings back."""
        return "done"

    return act


def test_what_is_dangerous_asks_for_a_fresh_factor_and_records_nothing_yet(
    dangerous, person, written
):
    with pytest.raises(ConfirmationNeeded):
        dangerous(person, Named())
    assert written() == []


def test_a_confirmation_holds_for_its_own_arguments_only_V6(dangerous, person, written):
    confirmed = dataclasses.replace(person, confirmed=dangerous.digest(Named("n", size=1)))
    with pytest.raises(ConfirmationNeeded):
        dangerous(confirmed, Named("n", size=2))
    with pytest.raises(ConfirmationNeeded):
        dangerous(confirmed, Named("n", password=Secret("other"), size=1))
    assert dangerous(confirmed, Named("n", size=1)) == "done"
    assert outcomes(written) == [("x.dangerous", "done", "")]


def test_who_lacks_the_right_is_refused_before_any_factor_is_asked_for_F4(dangerous, person):
    with pytest.raises(NotAllowed):
        dangerous(as_person(person, rights=Rights()), Named())


def test_a_token_never_does_what_is_dangerous_even_with_a_confirmation(
    dangerous, irreversible, person, written
):
    for act in (dangerous, irreversible):
        token = dataclasses.replace(
            as_person(person, session="", token="t1"), confirmed=act.digest(Named())
        )
        with pytest.raises(TokenNotAllowed):
            act(token, Named())
    assert [code for _, _, code in outcomes(written)] == ["refused.token"] * 2
    assert written()[0]["session"] == "t1"


@pytest.mark.parametrize("approver", ["", "a1"])
def test_what_is_irreversible_needs_a_second_person(irreversible, person, written, approver):
    alone = dataclasses.replace(
        person, confirmed=irreversible.digest(Named()), approved_by=approver
    )
    with pytest.raises(ConfirmationNeeded):
        irreversible(alone, Named())
    assert written() == []


def test_what_is_irreversible_names_who_approved_it_F5(irreversible, person, written):
    approved = dataclasses.replace(person, confirmed=irreversible.digest(Named()), approved_by="a2")
    assert irreversible(approved, Named()) == "done"
    assert written()[0]["references"] == {"approved_by": "a2"}


def test_the_machines_own_console_confirms_what_it_asks_and_is_recorded_so(
    irreversible, dangerous, appliance, written
):
    local = Context(appliance, actor=SYSTEM, source=Source(peer="local"))
    assert dangerous(local, Named()) == irreversible(local, Named()) == "done"
    assert {(each["actor"], each["plane"]) for each in written()} == {("system", "local")}


def test_an_operation_of_the_other_plane_is_not_offered(declare, person, written):
    @declare("x.staff", permission=Permission.SIGNED_IN, planes=(Plane.WORKSPACE,))
    def staff(context: Context, request: NoRequest) -> str:
        """Do it."""
        return "done"

    with pytest.raises(WrongPlane) as refused:
        staff(person, NoRequest())
    assert refused.value.status == 404
    assert staff(dataclasses.replace(person, plane=Plane.WORKSPACE), NoRequest()) == "done"
    assert staff(dataclasses.replace(person, plane=Plane.LOCAL), NoRequest()) == "done"
    assert [code for _, _, code in outcomes(written)] == ["refused.plane", "", ""]


def test_what_reaches_outside_is_done_once_before_the_transaction(declare, person, written):
    reached = []

    def reach(context: Context, request: Named) -> str:
        reached.append(request.name)
        return "answer of the agent"

    @declare("x.outside", permission=Permission.ACCOUNTS_MANAGE, ahead=reach)
    def use(context: Context, request: Named) -> str:
        """Use what was reached."""
        return context.ahead

    assert use(person, Named("n")) == "answer of the agent"
    assert reached == ["n"]
    with pytest.raises(NotAllowed):
        use(as_person(person, rights=Rights()), Named("not reached"))
    assert reached == ["n"]


def test_a_read_may_reach_outside_too_and_leaves_no_event(declare, person, written):
    @declare(
        "x.outside", permission=Permission.SIGNED_IN, effect=Effect.READ, ahead=lambda *_: "seen"
    )
    def look(context: Context, request: NoRequest) -> str:
        """Show what was reached."""
        return context.ahead

    assert look(person, NoRequest()) == "seen"
    assert written() == []


def test_what_fails_outside_is_recorded_F5(declare, person, written):
    def reach(context: Context, request: NoRequest) -> str:
        raise NotFound(kind="agent", name="here")

    @declare("x.outside", permission=Permission.ACCOUNTS_MANAGE, ahead=reach)
    def use(context: Context, request: NoRequest) -> None:
        """Use what was reached."""

    with pytest.raises(NotFound):
        use(person, NoRequest())
    assert outcomes(written) == [("x.outside", "failed", "not_found")]


def test_a_change_that_another_came_between_runs_anew_and_leaves_one_event(
    declare, write, notes, person, written
):
    attempts = []

    @declare("x.collides", permission=Permission.SIGNED_IN)
    def collide(context: Context, request: NoRequest) -> None:
        """Collide once."""
        attempts.append(1)
        context.event.numbers[f"attempt {len(attempts)}"] = 1
        write(context, "x")
        if len(attempts) == 1:
            raise ChangeCollided

    collide(person, NoRequest())
    assert notes() == ["x"]
    (event,) = written()
    assert event["numbers"] == {"attempt 2": 1}


def test_what_cannot_be_recorded_goes_to_the_log_and_the_cause_is_raised_F5(
    declare, appliance, database_url, person, caplog
):
    """The outbox is held by somebody else for longer than a change waits."""
    database = Database(database_url, patience=100)
    held = Appliance(appliance.settings, database, appliance.keyring, machine="test")
    context = as_person(dataclasses.replace(person, appliance=held), rights=Rights())

    @declare("x.change", permission=Permission.ACCOUNTS_MANAGE)
    def act(context: Context, request: NoRequest) -> None:
        """Do it."""

    with appliance.database.write() as session, caplog.at_level(logging.ERROR):
        if database.is_sqlite:
            session.connection()
        else:
            session.connection().exec_driver_sql("LOCK TABLE audit_outbox")
        with pytest.raises(NotAllowed):
            act(context, NoRequest())
    database.close()
    assert (
        "not recorded (database.busy): x.change refused refused.permission by 'a1'" in caplog.text
    )
    assert caplog.records[0].incident == "T-7F3K-29QD"


def test_outside_an_operation_there_is_neither_transaction_nor_event(console):
    with pytest.raises(RuntimeError):
        _ = console.session
    with pytest.raises(RuntimeError):
        _ = console.event


def test_inside_an_operation_the_whole_request_is_known(declare, person):
    seen = []

    @declare("x.look", permission=Permission.SIGNED_IN, effect=Effect.READ)
    def look(context: Context, request: NoRequest) -> None:
        """Look."""
        seen.append(context)

    asked = dataclasses.replace(person, language="en", confirmed="digest", approved_by="a2")
    look(asked, NoRequest())
    (context,) = seen
    hidden = {"_session", "_event"}
    for field in dataclasses.fields(Context):
        if field.name not in hidden:
            assert getattr(context, field.name) == getattr(asked, field.name)
    assert context.now > 0


def test_a_digest_tells_operations_and_arguments_apart(dangerous, irreversible):
    digests = {
        dangerous.digest(Named("a")), dangerous.digest(Named("b")),
        irreversible.digest(Named("a")), dangerous.digest(Named("a", Secret("p"))),
    }  # fmt: skip
    assert len(digests) == 4
    assert dangerous.digest(Named("a")) in digests


def test_arguments_are_kept_whole_until_they_are_confirmed(dangerous):
    request = Named("天守", Secret("p"), 3)
    kept = dangerous.encode_arguments(request)
    assert isinstance(kept, Secret)
    assert dangerous.decode_arguments(kept) == request


def test_a_request_of_json_is_checked_and_the_wrong_field_named_METI_38():
    assert decode_json(b'{"name": "n", "password": "p"}', Named).password == Secret("p")
    with pytest.raises(msgspec.ValidationError, match=r"\$\.size"):
        decode_json(b'{"size": "3"}', Named)
    with pytest.raises(msgspec.ValidationError, match=r"\$\.password"):
        decode_json(b'{"password": 3}', Named)


def test_a_request_that_holds_what_no_request_may_hold_is_a_fault_of_the_program(dangerous):
    class Odd(msgspec.Struct):
        """A request with a type that has no JSON."""

        thing: object

    with pytest.raises(NotImplementedError, match="object in a request"):
        dangerous.digest(Odd(object()))
    with pytest.raises(NotImplementedError, match="Rights in a request"):
        decode_json(b'{"rights": 1}', msgspec.defstruct("Odd", [("rights", Rights)]))


def test_a_request_of_a_form_takes_texts_for_numbers_METI_38():
    assert decode_fields({"size": "3", "password": "p"}, Named) == Named("x", Secret("p"), 3)
    with pytest.raises(msgspec.ValidationError, match=r"\$\.size"):
        decode_fields({"size": "three"}, Named)


def test_two_operations_never_share_a_name(declare, change):
    def other(context: Context, request: NoRequest) -> None:
        """Do it."""

    with pytest.raises(ValueError, match=r"two operations are called notes\.write"):
        declare("notes.write", permission=Permission.ANYBODY)(other)


def test_a_declaration_has_safe_defaults(declare, change):
    def look(context: Context, request: NoRequest) -> str:
        """Look at it.

        With care.
        """
        return ""

    route = Route("GET", "/look")
    read = declare("x.look", permission=Permission.ANYBODY, effect=Effect.READ, route=route)(look)
    assert (change.tier, read.tier) == (Tier.T1_REVERSIBLE, Tier.T0_READ)
    assert change.planes == {Plane.CONSOLE, Plane.WORKSPACE}
    assert (change.in_reserve, read.in_reserve) == (False, False)
    assert (read.summary, read.route, read.request_type) == ("Look at it.", route, NoRequest)
    assert read.result_type is str
    assert dataclasses.replace(read, function=lambda context, request: "").summary == ""
    assert operation_module.registered().keys() == {"notes.write", "x.look"}


def test_the_registry_holds_every_area_of_the_product(monkeypatch):
    found = registry.all_operations()
    names = [each.name for each in found]
    assert names == sorted(set(names))
    assert {"accounts", "audit"} <= {name.partition(".")[0] for name in names}
