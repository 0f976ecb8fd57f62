"""What the types say of each key: kind, limits, description, examples, default.

Reader, reference, forms and differences all go by this, so that they cannot tell different things.
"""

import enum
import functools
import typing
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec

from appliance.contract.configuration.sections import Section

LIMITS: Final = ("ge", "le", "min_length", "max_length", "pattern", "description", "examples")


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a value may be."""

    kind: Any
    """`str`, `int`, `bool`, an enum, a Section, `tuple`, `dict`."""
    inner: tuple["Shape", ...] = ()
    """What a tuple holds; key and value of a dict."""
    ge: int | None = None
    le: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    description: str = ""
    examples: tuple[Any, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of an enum; nothing of other kinds."""
        return tuple(str(one.value) for one in self.kind) if self.is_a(enum.Enum) else ()

    def is_a(self, kind: type) -> bool:
        """Return whether the value is of this class."""
        return isinstance(self.kind, type) and issubclass(self.kind, kind)


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a section."""

    name: str
    shape: Shape
    default: Any
    required: bool


def shape_of(annotation: Any) -> Shape:  # noqa: ANN401 - a type expression
    """Return what an annotation says; of several `Meta`, the outermost that says it."""
    said: dict[str, Any] = {}
    if get_origin(annotation) is Annotated:
        annotation, *metas = get_args(annotation)
        for meta in metas:  # an outer Annotated comes last
            said |= {name: found for name in LIMITS if (found := getattr(meta, name)) is not None}
    said["examples"] = tuple(said.get("examples", ()))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        return Shape(kind=tuple, inner=(shape_of(arguments[0]),), **said)
    if origin is dict:
        return Shape(kind=dict, inner=tuple(map(shape_of, arguments)), **said)
    return Shape(kind=annotation, **said)


@functools.cache
def keys_of(section: type[Section]) -> dict[str, Key]:
    """Return the keys of a section, in the order in which they are written."""
    hints = typing.get_type_hints(section, include_extras=True)
    return {
        field.name: Key(
            name=field.name,
            shape=shape_of(hints[field.name]),
            default=field.default
            if field.default_factory is msgspec.NODEFAULT
            else field.default_factory(),
            required=field.required,
        )
        for field in msgspec.structs.fields(section)
    }
