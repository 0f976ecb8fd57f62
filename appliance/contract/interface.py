"""The action table as a Varlink interface: what `varlinkctl introspect` prints.

Everything is generated from the typed requests and results, so it cannot tell anything else than
what is called.
"""

import enum
import typing
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec

from appliance.contract.actions import INTERFACE, Caller, Request
from appliance.contract.secret import Secret
from appliance.contract.table import TABLE

FAULT: Final = f"{INTERFACE}.Fault"
"""The one error of the interface: code and parameters of an ApplianceError, and its words."""
_PLAIN: Final = {str: "string", int: "int", float: "float", bool: "bool", Secret: "string"}


def described(annotation: object) -> tuple[Any, str]:
    """Return the bare type of an annotation, and the description nearest to the field."""
    description = ""
    if get_origin(annotation) is Annotated:
        annotation, *metas = get_args(annotation)
        for meta in metas:  # an outer Annotated comes last
            if isinstance(meta, msgspec.Meta) and meta.description:
                description = meta.description
    return annotation, description


def fields_of(struct: type[msgspec.Struct]) -> dict[str, tuple[Any, str]]:
    """Return name → bare type and description of a struct's fields."""
    hints = typing.get_type_hints(struct, include_extras=True)
    return {name: described(hints[name]) for name in struct.__struct_fields__}


def _spell(annotation: Any, used: dict[str, type]) -> str:  # noqa: ANN401 - a type expression
    kind, _ = described(annotation)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (typing.Union, UnionType):
        (inner,) = (one for one in arguments if one is not NoneType)
        return "?" + _spell(inner, used)
    if origin is tuple:
        return "[]" + _spell(arguments[0], used)
    if origin is dict:
        return "[string]" + _spell(arguments[1], used)
    if kind in _PLAIN:
        return _PLAIN[kind]
    used[kind.__name__] = kind
    return str(kind.__name__)


def _fields(struct: type[msgspec.Struct], used: dict[str, type]) -> Iterator[str]:
    fields, optional = fields_of(struct), set()
    if issubclass(struct, (Request, Caller)):  # what has a default may be left out of a call
        defaults = struct.__struct_defaults__
        last = struct.__struct_fields__[len(fields) - len(defaults) :]
        given = zip(last, defaults, strict=True)
        optional = {name for name, default in given if default is not msgspec.NODEFAULT}
    for field, (annotation, description) in fields.items():
        yield f"  # {description}"
        spelled = _spell(annotation, used)
        left_out = field in optional and not spelled.startswith("?")  # varlink knows no “??”
        yield f"  {field}: {'?' * left_out}{spelled}"


def _commas(lines: Iterator[str]) -> Iterator[str]:
    """Put a comma after every field but the last; comments stay as they are."""
    written = list(lines)
    for number, line in enumerate(written, start=1):
        comment = line.lstrip().startswith("#")
        yield line if comment or number == len(written) else line + ","


def _type(name: str, kind: Any, used: dict[str, type]) -> Iterator[str]:  # noqa: ANN401
    yield f"# {(kind.__doc__ or '').splitlines()[0]}"
    if issubclass(kind, enum.Enum):
        yield f"type {name} (" + ", ".join(str(one.value) for one in kind) + ")"
        return
    yield f"type {name} ("
    yield from _commas(_fields(kind, used))
    yield ")"


def interface_description() -> str:
    """Return the interface in Varlink's definition language."""
    used: dict[str, type] = {"Caller": Caller}
    methods: list[str] = []
    for action in TABLE.values():
        used[action.result.__name__] = action.result
        methods += [
            f"# {action.says}",
            f"# permission {action.permission} · risk tier T{action.tier.value}"
            f" · at most {action.timeout} s" + (f" · audited as {action.verb}" * bool(action.verb)),
            f"method {action.name}(",
            *_commas(iter(["  # Who asks", "  caller: Caller", *_fields(action.request, used)])),
            f") -> (result: {action.result.__name__})",
            "",
        ]
    types: list[str] = []
    spelt: set[str] = set()
    while todo := sorted(used.keys() - spelt):
        for name in todo:
            types += [*_type(name, used[name], used), ""]
            spelt.add(name)
    return "\n".join(
        [
            "# What the machine does when the console asks",
            f"interface {INTERFACE}",
            "",
            *types,
            *methods,
            "# A refusal or failure: a stable code, and the parameters of its message",
            "error Fault (code: string, parameters: [string]string, message: string, hint: string)",
            "",
        ]
    )
