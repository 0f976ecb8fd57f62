"""The closed table, its types, its words."""

import importlib
import pickle
import pkgutil
import re
import string
import typing
from pathlib import Path

import msgspec
import pytest
from babel.messages.pofile import read_po

import appliance
from appliance.agent.handlers import Handlers
from appliance.backup.job import Job, read_job
from appliance.contract.action import Tier
from appliance.contract.actions import PAGE, Caller, Nothing, Repository
from appliance.contract.configuration import interface_problems, problems
from appliance.contract.errors import (
    BY_CODE,
    AgentBroken,
    AgentTimedOut,
    ApplianceError,
    rebuild,
)
from appliance.contract.folder_reasons import FOLDER_REASONS
from appliance.contract.interface import fields_of, interface_description
from appliance.contract.runs import Run, State
from appliance.contract.secret import Secret
from appliance.contract.table import TABLE
from appliance.contract.varlink import LIMIT, encode, pack
from appliance.place import Place

STRUCTS = sorted(
    {Caller, *(one for action in TABLE.values() for one in (action.request, action.result))},
    key=lambda struct: struct.__name__,
)
AREAS = ("backups", "machine")
WORDS = [Path(__file__).parents[3] / "app" / area / "locale/ja.po" for area in AREAS]
ERRORS = [ApplianceError, *BY_CODE.values()]
assert {interface_problems.NoAddress, problems.NotToml} <= set(ERRORS)


def every_struct() -> set[type[msgspec.Struct]]:
    """Return the structs of the wire, with those inside them."""
    found: set[type[msgspec.Struct]] = set()
    todo = list(STRUCTS)
    while todo:
        struct = todo.pop()
        if struct not in found:
            found.add(struct)
            for kind, _ in fields_of(struct).values():
                todo += [
                    inner
                    for inner in (kind, *typing.get_args(kind))
                    if isinstance(inner, type) and issubclass(inner, msgspec.Struct)
                ]
    return found


def every_module() -> list[object]:
    return [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(appliance.__path__, "appliance.")
        if not found.name.endswith("__main__")
    ]


def test_only_what_has_a_default_may_be_left_out():
    told = interface_description()
    method = told[told.index("method ConnectRepository(") :]
    assert "  folder: ?string," in method
    assert "  passphrase: string," in method
    assert "  kit_number: string\n)" in method


def test_every_name_of_the_interface_is_one_in_varlink() -> None:
    """As the grammar of its interface definitions says."""
    name = "[A-Za-z]([A-Za-z0-9]|_(?=[A-Za-z0-9]))*"
    bare = re.sub(r"^ *#.*\n", "", interface_description(), flags=re.MULTILINE)
    listed = re.findall(r"^type \w+ \((.+)\)$", bare, re.MULTILINE)
    fields = re.findall(r"^  (.*?): ", bare, re.MULTILINE)
    names = [*fields, *(one for names in listed for one in names.split(", "))]
    assert len(names) > 200
    assert [one for one in names if not re.fullmatch(name, one)] == []


def test_every_field_of_the_wire_is_described() -> None:
    assert len(every_struct()) > 12
    for struct in every_struct():
        for name, (_, description) in fields_of(struct).items():
            assert description, f"{struct.__name__}.{name}"


def test_every_action_has_a_handler_permission_timeout_and_verb(tmp_path: Path) -> None:
    place = Place(data=tmp_path / "d", keys=tmp_path / "k", database_url="sqlite:////x")
    assert Handlers(place).by_name.keys() == TABLE.keys()
    for action in TABLE.values():
        assert action.permission.startswith(("backups.", "machine."))
        assert 0 < action.timeout <= 24 * 3600
        assert action.long == (action.result is Run and action.tier > Tier.READ) or (
            action.name == "CancelRun"
        )
        # what changes something is audited, what only reads is not
        assert bool(action.verb) == (action.tier > Tier.READ)


def test_the_interface_is_spelled_as_varlink_reads_it():
    told = interface_description()
    assert "??" not in told
    for values in re.findall(r"^type \w+ \(([\w\s,-]+)\)$", told, re.MULTILINE):
        for value in filter(None, map(str.strip, values.split(","))):
            assert re.fullmatch("[A-Za-z][A-Za-z0-9_]*", value), value


def test_a_parameter_that_holds_a_secret_has_the_secret_type() -> None:
    hidden = re.compile(r"(^|_)(passphrase|password|secret|kit)$")
    seen = 0
    for struct in {*every_struct(), Job}:
        for name, (kind, _) in fields_of(struct).items():
            if hidden.search(name):
                assert kind is Secret, f"{struct.__name__}.{name}"
                seen += 1
    assert seen >= 4
    for module in every_module():
        for thing in vars(module).values():
            functions = [thing, *vars(thing).values()] if isinstance(thing, type) else [thing]
            for function in functions:
                for name, kind in getattr(function, "__annotations__", {}).items():
                    if name in {"passphrase", "password"} and kind is str:
                        # the one file that keeps it
                        assert function.__name__ == "Entry", f"{module}: {function}"


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret("open sesame")
    assert "sesame" not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)  # records and logs are written with the plain encoder
    with pytest.raises(TypeError):
        hash(secret)
    assert secret == Secret("open sesame")
    assert secret != Secret("close sesame")
    assert secret != "open sesame"


def test_the_job_reaches_its_process_with_its_secrets() -> None:
    repository = Repository(
        id="a" * 16, name="n", folder="/r", borg_id="b", kit_number="c", created_at=1
    )
    job = Job(
        run=Run(id="d" * 16, action="RunBackup", repository="a" * 16),
        repository=repository,
        lock=7,
        passphrase=Secret("p"),
        kit=Secret("k"),
    )
    read = read_job(encode(job))
    assert (read.passphrase, read.kit) == (Secret("p"), Secret("k"))
    assert (read.run, read.folder) == (job.run, Path("/r"))
    with pytest.raises(msgspec.ValidationError):
        read_job(encode(job).replace(b'"p"', b"7"))
    with pytest.raises(TypeError):
        encode(object())


def test_the_description_is_of_one_spelling_for_every_name() -> None:
    told = interface_description()
    names = re.findall(r"^(?:type|method|error) (\w+)", told, re.MULTILINE)
    assert len(names) == len(set(names)), "Varlink has one space of names"
    for field in re.findall(r"^  (\w+): ", told, re.MULTILINE):
        assert re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*", field)
    for kind in re.findall(r": [?]?(?:\[\w*\])?([A-Z]\w*)", told):
        assert kind in names


def test_no_request_may_carry_what_it_does_not_declare() -> None:
    for action in TABLE.values():
        with pytest.raises(msgspec.ValidationError, match="unknown field"):
            msgspec.convert({"module": "os"}, action.request)
    assert msgspec.convert({}, Nothing) == Nothing()


def test_a_page_of_the_longest_runs_fits_into_one_message() -> None:
    from appliance.contract.actions import Runs
    from appliance.contract.runs import CheckResult

    check = CheckResult(whole=False, milliseconds=1, findings=("x" * 200,) * 20)
    run = Run(id="d" * 20, action="CheckRepository", repository="a" * 16, check=check)
    answer = {"parameters": {"result": Runs(runs=(run,) * PAGE, total=PAGE)}}
    assert len(pack(answer)) < LIMIT


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_every_error_says_what_happened_and_what_to_do(error: type[ApplianceError]) -> None:
    names = {
        name
        for text in (error.message, error.hint)
        for _, name, _, _ in string.Formatter().parse(text)
    } - {None}
    parameters = dict.fromkeys(names, "…")
    raised = error(**parameters)
    assert str(raised)
    assert raised.advice()
    assert 400 <= error.status < 600
    if error is not ApplianceError:
        again = rebuild(error.code, parameters)
        assert type(again) is error
        assert str(again) == str(raised)


def test_an_error_of_another_version_is_told_as_such() -> None:
    assert isinstance(rebuild("newer.thing", {}), AgentBroken)
    assert isinstance(rebuild("agent.timed_out", {}), AgentBroken)
    assert isinstance(rebuild("agent.timed_out", {"action": "x", "seconds": 1}), AgentTimedOut)


def test_two_errors_cannot_share_a_code() -> None:
    with pytest.raises(TypeError):
        type("Twin", (ApplianceError,), {"code": "agent.busy"})


def test_every_text_has_its_japanese_with_the_same_placeholders() -> None:
    japanese: dict[str, str] = {}
    for path in WORDS:
        with path.open("rb") as file:
            japanese |= {str(one.id): str(one.string) for one in read_po(file, locale="ja")}
    texts = [text for error in ERRORS for text in (error.message, error.hint)]
    texts += FOLDER_REASONS.values()
    source = "".join(path.read_text() for path in Path(appliance.__path__[0]).rglob("*.py"))
    texts += re.findall(r'reason="([A-Z][^"{]+\.)"', source)
    for text in texts:
        assert japanese.get(text), text
        placeholders = re.compile(r"\{\w+\}")
        assert sorted(placeholders.findall(text)) == sorted(placeholders.findall(japanese[text]))


def test_a_run_tells_its_error() -> None:
    run = Run(id="d" * 16, action="RunBackup", repository="a" * 16)
    assert run.error is None
    failed = msgspec.structs.replace(
        run, state=State.failed, error_code="disk.full", error_parameters={"folder": "/x"}
    )
    assert "/x" in str(failed.error)
