"""JSON Lines: an object in each line, as programs hand lists on."""

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from app.core.messages import mark
from app.files.errors import NotJsonLines

LONGEST_LINE: Final = 16 * 1024 * 1024
MOST_KEYS: Final = 500
ENDINGS: Final = (".jsonl", ".ndjson", ".json")

NO_JSON: Final = mark("this is no JSON.")
NO_OBJECT: Final = mark("this is no JSON object.")
NO_TEXT: Final = mark("the file is not UTF-8.")
TOO_LONG: Final = mark("the line is longer than 16 MB.")
TOO_MANY: Final = mark("there are more than 500 different names.")


def is_json_lines(head: bytes, name: str) -> bool:
    """Tell whether a file is to be read as JSON Lines, by its first bytes and its name."""
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if name.lower().endswith(ENDINGS):
        return text[:1] in (b"{", b"[")
    first = text.partition(b"\n")[0]
    return text[:1] == b"{" and first.rstrip()[-1:] == b"}" and b'":' in first


def keys_of(file: BinaryIO, name: str) -> list[str]:
    """Return the names that occur in any line, as they come first. Raise NotJsonLines."""
    keys: dict[str, None] = {}
    for line, found in _objects(file, name):
        for key in found:
            keys.setdefault(key)
        if len(keys) > MOST_KEYS:
            raise NotJsonLines(name=name, line=line, reason=TOO_MANY)
    return list(keys)


def json_rows(file: BinaryIO, name: str, keys: list[str]) -> Iterator[list[str]]:
    """Return the values of each line as texts, in the order of `keys`; nothing for an empty one."""
    for _, found in _objects(file, name, blank=True):
        yield [_text(found.get(key)) for key in keys] if found else []


def _objects(
    file: BinaryIO, name: str, *, blank: bool = False
) -> Iterator[tuple[int, dict[str, Any]]]:
    file.seek(0)
    number = 0
    while line := file.readline(LONGEST_LINE + 2):
        number += 1
        if len(line) > LONGEST_LINE:
            raise NotJsonLines(name=name, line=number, reason=TOO_LONG)
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line.strip():
            yield number, _object(line, name, number)
        elif blank:
            yield number, {}


def _object(line: bytes, name: str, number: int) -> dict[str, Any]:
    try:
        # numbers stay as they are written: no digit of an article's number is rounded
        found = json.loads(line.decode(), parse_float=str, parse_int=str)
    except UnicodeDecodeError as error:
        raise NotJsonLines(name=name, line=number, reason=NO_TEXT) from error
    except (ValueError, RecursionError) as error:
        raise NotJsonLines(name=name, line=number, reason=NO_JSON) from error
    if not isinstance(found, dict):
        raise NotJsonLines(name=name, line=number, reason=NO_OBJECT)
    return found


def _text(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return "; ".join(map(_text, value))
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
