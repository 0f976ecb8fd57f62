"""Every operation of the product declares what it needs; this walks them all (F4, F5)."""

import functools
import inspect
import re
import shutil
import typing
from collections import Counter
from pathlib import Path

import msgspec
import msgspec.inspect
import pytest

from app.core import data_folder
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.core.settings import load_settings
from app.operations.context import SYSTEM_ACCOUNT, Actor, Appliance, Context, Plane
from app.operations.download import Download
from app.operations.errors import NotAllowed, SignInNeeded, TokenNotAllowed, WrongPlane
from app.operations.operation import Effect, Operation, Tier
from app.operations.permissions import UNGRANTED, Permission, Rights
from app.operations.registry import all_operations
from tests.haste import hasten

pytestmark = pytest.mark.once
OPERATIONS = all_operations()
DANGEROUS = [each for each in OPERATIONS if each.tier >= Tier.T2_DANGEROUS]
GRANTED = [each for each in OPERATIONS if each.permission not in UNGRANTED]
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
EVERYTHING_RIGHTS = Rights([(permission, "") for permission in set(Permission) - UNGRANTED])
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


TEXTS = ("x", "0" * 28, "x" * 20, "2026-11-21", "a@b.example", "http://tang.example")


def sample_text(kind):
    """Return a text that fits what the type says about texts."""
    fitting = [
        text for text in TEXTS
        if re.search(kind.pattern or "", text)
        and (kind.min_length or 0) <= len(text) <= (kind.max_length or len(text))
    ]  # fmt: skip
    assert fitting, f"add to TEXTS one that fits {kind}"
    return fitting[0]


def sample(kind):
    """Return a value of a type as msgspec knows it: the smallest that there is."""
    simple = {
        msgspec.inspect.IntType: 1, msgspec.inspect.FloatType: 1.0,
        msgspec.inspect.BoolType: False, msgspec.inspect.NoneType: None,
        msgspec.inspect.BytesType: b"", msgspec.inspect.AnyType: None,
        msgspec.inspect.DictType: {}, msgspec.inspect.SetType: set(),
        msgspec.inspect.FrozenSetType: frozenset(), msgspec.inspect.VarTupleType: (),
    }  # fmt: skip
    match kind:
        case msgspec.inspect.StrType():
            return sample_text(kind)
        case msgspec.inspect.StructType() | msgspec.inspect.DataclassType():
            needed = {field.name: sample(field.type) for field in kind.fields if field.required}
            return kind.cls(**needed)
        case msgspec.inspect.ListType():
            return [sample(kind.item_type)] * (kind.min_length or 0)
        case msgspec.inspect.UnionType():
            return sample(kind.types[0])
        case msgspec.inspect.CustomType():
            return Secret("x") if kind.cls is Secret else kind.cls()
        case msgspec.inspect.EnumType():
            return next(iter(kind.cls))
        case msgspec.inspect.LiteralType():
            return kind.values[0]
        case msgspec.inspect.Metadata():
            return sample(kind.type)
        case msgspec.inspect.TupleType():
            return tuple(sample(each) for each in kind.item_types)
        case _:
            return simple[type(kind)]


def request_of(operation):
    return sample(msgspec.inspect.type_info(operation.request_type))


def structs(kind, seen=None):
    """Yield the classes with named fields that a type is made of."""
    seen = set() if seen is None else seen
    if isinstance(kind, msgspec.inspect.StructType | msgspec.inspect.DataclassType):
        if kind.cls in seen:
            return
        seen.add(kind.cls)
        yield typing.get_origin(kind.cls) or kind.cls  # Page[Row] is a Page
        parts = [field.type for field in kind.fields]
    else:
        parts = []
        for name in ("type", "item_type", "key_type", "value_type"):
            if isinstance(part := getattr(kind, name, None), msgspec.inspect.Type):
                parts.append(part)
        for name in ("types", "item_types"):
            parts.extend(getattr(kind, name, ()))
    for part in parts:
        yield from structs(part, seen)


@functools.cache
def described(struct):
    """Return the fields that a docstring follows, or a `Meta` describes, bases included."""
    found = set()
    for base in struct.__mro__:
        if base.__module__.partition(".")[0] not in ("app", "appliance", "cli"):
            continue
        lines = inspect.getsource(base).splitlines()
        for line, after in zip(lines, [*lines[1:], ""], strict=True):
            field = re.match(r"\s+(\w+): ", line)
            if field and after.strip().startswith('"""'):
                found.add(field[1])
        for name, hint in typing.get_type_hints(base, include_extras=True).items():
            meta = [each for each in getattr(hint, "__metadata__", ())
                    if isinstance(each, msgspec.Meta)]  # fmt: skip
            if any(each.description for each in meta):
                found.add(name)
    return found


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path):
    """One for a thousand requests: all of them are refused."""
    folder = tmp_path_factory.mktemp("refusing")
    shutil.copyfile(sqlite_template, folder / "tenshu.sqlite")
    settings = load_settings({"TENSHU_DATA": str(folder / "data"), "TENSHU_RESERVE": "0"})
    data_folder.make_folders(settings)
    database = hasten(Database(f"sqlite:///{folder / 'tenshu.sqlite'}"))
    yield Appliance(settings, database, KeyRing.create(settings.keys), machine="test")
    database.close()


def ask(operation, appliance, **actor):
    return Context(appliance, actor=Actor(**actor), plane=min(operation.planes - {Plane.LOCAL}))


# the others (no plane) are the machine's own: `tenshu`, the worker
REACHABLE = [each for each in OPERATIONS if each.planes - {Plane.LOCAL}]


def test_there_are_operations_of_every_kind():
    """Else the walk below would be green because it walks nowhere."""
    assert len(OPERATIONS) >= 40
    assert {each.effect for each in OPERATIONS} == set(Effect)
    assert {Tier.T0_READ, Tier.T1_REVERSIBLE, Tier.T2_DANGEROUS} <= {e.tier for e in OPERATIONS}


@every_operation
def test_it_says_in_one_line_what_it_does(operation: Operation):
    assert operation.summary.endswith("."), "a docstring whose first line is a sentence"
    assert len(operation.summary) <= 100


@every_operation
def test_its_name_is_an_audit_verb_of_its_area(operation: Operation):
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", operation.name)


@every_operation
def test_it_names_a_permission_and_is_offered_to_the_network_only_on_a_plane(operation: Operation):
    assert isinstance(operation.permission, Permission)
    assert operation.planes <= set(Plane)
    assert operation.route is None or operation in REACHABLE


def undescribed(kind):
    return [
        f"{struct.__module__}.{struct.__qualname__}.{field}"
        for struct in structs(msgspec.inspect.type_info(kind))
        for field in typing.get_type_hints(struct)
        if not field.startswith("_") and field not in described(struct)
    ]


@every_operation
def test_every_field_of_its_request_is_described(operation: Operation):
    missing = undescribed(operation.request_type)
    assert not missing, "a docstring under each field (unit, meaning):\n" + "\n".join(missing)


@every_operation
def test_every_field_of_its_result_is_described(operation: Operation):
    if operation.result_type is Download:
        return  # its chunks are no JSON
    missing = undescribed(operation.result_type)
    assert not missing, "a docstring under each field (unit, meaning):\n" + "\n".join(missing)


@every_operation
def test_its_scope_can_be_told_from_its_request(operation: Operation):
    scope = operation.scope(request_of(operation))
    assert isinstance(scope, str)
    assert not scope.startswith("/")
    assert not scope.endswith("/")


@every_operation
def test_what_only_reads_is_no_risk_and_what_changes_is_one(operation: Operation):
    if operation.effect is Effect.READ:
        assert operation.tier is Tier.T0_READ
    if operation.effect is Effect.CHANGE:
        assert operation.tier >= Tier.T1_REVERSIBLE


@every_operation
def test_its_arguments_can_be_bound_and_kept(operation: Operation):
    request = request_of(operation)
    assert re.fullmatch("[0-9a-f]{64}", operation.digest(request))
    assert operation.decode_arguments(operation.encode_arguments(request)) == request


@every_operation
def test_its_route_takes_its_path_from_the_request(operation: Operation):
    if operation.route is None:
        return
    assert operation.route.method in METHODS
    assert operation.route.path.startswith("/")
    assert not operation.route.path.endswith("/")
    wanted = set(re.findall(r"\{(\w+)\}", operation.route.path))
    assert wanted <= set(operation.request_type.__struct_fields__)
    if operation.route.method == "GET":
        assert operation.effect is not Effect.CHANGE, "a GET changes nothing (RFC 9110, 9.2.1)"
    if operation.effect is Effect.CHANGE:
        assert operation.route.method != "GET"


def test_no_two_operations_share_a_route_on_a_plane():
    routes = Counter(
        (plane, each.route.method, re.sub(r"\{\w+\}", "{}", each.route.path))
        for each in OPERATIONS
        if each.route
        for plane in each.planes
    )
    assert [route for route, count in routes.items() if count > 1] == []


@pytest.mark.parametrize(
    "operation", [each for each in GRANTED if each in REACHABLE], ids=lambda each: each.name
)
def test_without_its_permission_it_is_refused_F4(operation: Operation, appliance):
    others = Rights(
        (permission, "") for permission in set(Permission) - UNGRANTED - {operation.permission}
    )
    with pytest.raises(NotAllowed):
        operation(ask(operation, appliance, account="a1", rights=others), request_of(operation))


@pytest.mark.parametrize(
    "operation",
    [each for each in REACHABLE if each.permission is not Permission.ANYBODY],
    ids=lambda each: each.name,
)
def test_who_is_not_signed_in_is_refused_F4(operation: Operation, appliance):
    with pytest.raises(SignInNeeded):
        operation(ask(operation, appliance), request_of(operation))


@pytest.mark.parametrize(
    "operation", [each for each in DANGEROUS if each in REACHABLE], ids=lambda each: each.name
)
def test_a_token_with_every_right_cannot_do_what_is_dangerous(operation: Operation, appliance):
    context = ask(operation, appliance, account="a1", token="t1", rights=EVERYTHING_RIGHTS)
    context.confirmed = operation.digest(request_of(operation))
    context.approved_by = SYSTEM_ACCOUNT
    with pytest.raises(TokenNotAllowed):
        operation(context, request_of(operation))


@pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS if len(each.planes & {Plane.CONSOLE, Plane.WORKSPACE}) == 1],
    ids=lambda each: each.name,
)
def test_on_the_other_plane_it_is_not_offered_V17(operation: Operation, appliance):
    (other,) = {Plane.CONSOLE, Plane.WORKSPACE} - operation.planes
    context = Context(appliance, actor=Actor(account="a1", rights=EVERYTHING_RIGHTS), plane=other)
    with pytest.raises(WrongPlane):
        operation(context, request_of(operation))


@every_operation
def test_signing_in_and_out_works_on_a_full_disk_S8(operation: Operation):
    if operation.name.startswith("sign_in.") and operation.effect is Effect.CHANGE:
        assert operation.in_reserve, "declare it with in_reserve=True"
