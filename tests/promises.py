"""Which test proves which promise, read from the names of the tests.

python tests/promises.py > docs/security/promises.md
"""

import ast
import functools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
NUMBER = re.compile(r"(?<=_)(?:METI_\d+|[FSV]\d+)(?=_|$)")
"""As a test's name carries it: METI-37 is written METI_37 there."""

FIRST = (
    *(f"F{number}" for number in (1, *range(4, 9), *range(11, 15))),
    *(f"V{number}" for number in range(3, 21)),
    *(f"METI-{number}" for number in (18, 33, 37, 38, 45, 46, 50)),
)
"""What the appliance's foundation owes: none of these may be without a test."""

MEANINGS = {
    "F1": "one login ID a person; ID and password are both needed",
    "F2": "who may reach what is decided by address, for each area",
    "F3": "only those with a certificate of the appliance's own reach what asks for one",
    "F4": "rights for each person; seeing and downloading are apart",
    "F5": "operation history: who, when, from where, what",
    "F6": "encrypted transport",
    "F7": "forced sign-out after idle time",
    "F8": "people change their own password",
    "F10": "single sign-on, prepared: an identity provider is one more step",
    "F11": "second factor by authenticator app",
    "F12": "passwords are kept as irreversible hashes",
    "F13": "encryption at rest, keys apart from the data",
    "F14": "people download their data",
    "V3": "SQL injection",
    "V4": "operating system command injection",
    "V5": "cross-site scripting",
    "V6": "parameter tampering",
    "V7": "buffer overflow and oversized input",
    "V8": "second-order attacks: what was stored is used later",
    "V9": "cross-site request forgery",
    "V10": "unneeded files",
    "V11": "server misconfiguration",
    "V12": "improper use of protocols",
    "V13": "information in errors",
    "V14": "cookies without protection",
    "V15": "session management",
    "V16": "manipulated hidden fields",
    "V17": "forced browsing",
    "V18": "manipulated headers",
    "V19": "application logic",
    "V20": "other known vulnerabilities",
    "S1": "one disk may die, and the service goes on",
    "S2": "all data and settings are backed up, on another machine too, and come back",
    "S4": "a second line takes over where one is cut",
    "S5": "only the named protocols are open",
    "S7": "constant monitoring of what must answer",
    "S8": "free disk space is watched",
    "S9": "server logs are kept and can be analysed",
    "S11": "maintenance only as the customer opens it, for a time",
    "METI-8": "data comes out as CSV",
    "METI-12": "failures are counted",
    "METI-18": "the operation log is there for whoever may see it",
    "METI-19": "response time",
    "METI-20": "waiting has a stated end",
    "METI-22": "people design their own fields",
    "METI-23": "other systems connect through an API",
    "METI-28": "the whole is backed up",
    "METI-29": "recovery point",
    "METI-31": "data is erased",
    "METI-33": "strength of encryption",
    "METI-37": "integrity of the entrusted data can be verified",
    "METI-38": "input is checked against its form",
    "METI-42": "strength of transport encryption",
    "METI-45": "people see what concerns them",
    "METI-46": "an incident can be traced: one ID a person, searchable, kept",
    "METI-48": "backups are always encrypted",
    "METI-50": "privileged accounts are few, strong and have a second factor",
}

HEAD = """\
# Promises and the tests that prove them

Written from the names of the tests; a test fails where it is not current:
`python tests/promises.py > docs/security/promises.md`. Numbers: F security functions, V classes of
attacks, S server operation, METI rows of the ministry's checklist for cloud services.
"""


def named_tests() -> Iterator[tuple[str, str, str]]:
    """Yield promise, file and test for each promise in a test's name."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for number in NUMBER.findall(node.name) if node.name.startswith("test_") else ():
                    yield number.replace("_", "-"), str(path.relative_to(TESTS.parent)), node.name


@functools.cache
def by_promise() -> dict[str, dict[str, list[str]]]:
    """Return promise → file → names of its tests, in the order of the numbers."""
    found: dict[str, dict[str, list[str]]] = {}
    for number, path, name in named_tests():
        found.setdefault(number, {}).setdefault(path, []).append(name)
    return dict(sorted(found.items(), key=lambda item: _order(item[0])))


def _order(number: str) -> tuple[str, int]:
    kind, digits = re.match(r"(\D+)(\d+)", number).groups()
    return kind, int(digits)


def compose() -> str:
    """Return the page as Markdown."""
    lines = [HEAD]
    for number, files in by_promise().items():
        lines += [f"## {number}: {MEANINGS[number]}", ""]
        for path, names in files.items():
            lines.append(f"- `{path}`")
            lines += [f"  - {_spoken(name)}" for name in sorted(names)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _spoken(name: str) -> str:
    """Return a test's name as the sentence that it is."""
    sentence = NUMBER.sub("", name.removeprefix("test_")).rstrip("_")
    return re.sub(r"_+", " ", sentence)


if __name__ == "__main__":
    sys.stdout.write(compose())
