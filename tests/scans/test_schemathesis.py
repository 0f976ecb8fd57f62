"""schemathesis asks the whole API what its OpenAPI document promises (V6, V7)."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from app.operations.context import Plane
from tests.running import Copy
from tests.scans.people import PLANES, Inhabited
from tests.scans.scanner import program, run, told

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
OPERATIONS = {Plane.CONSOLE: 40, Plane.WORKSPACE: 20}
"""At least so many must be asked."""
CASES = {"stateful": 200, "whole": 400, "long stateful": 1_500}
"""At least so many must be tried."""
CASES_EACH = {"quick": 2, "long": 50}
"""At least so many for each operation, on average."""
PARTS = {Plane.CONSOLE: 10, Plane.WORKSPACE: 6}
"""Parts of the long form, each with its share of the operations."""
ENDS_THE_SCAN = "tokens.revoke"
"""It would find its own token in the list.

Whatever is dangerous, and what somebody does in person alone (own preferences and rights), answers
a token with 403 by design, after what does not fit it: schemathesis warns of those whose every case
was refused so. No right of the scan's person is missing.
"""
SIZES = {
    "quick": ("--phases", "fuzzing", "-n", "6"),
    "stateful": ("--phases", "stateful", "-n", "40"),
    "whole": ("--phases", "coverage,fuzzing", "-n", "6"),
    "long": ("--phases", "coverage,fuzzing", "-n", "200"),
    "long stateful": ("--phases", "stateful", "-n", "600"),
}
WHOLE = pytest.param("whole", marks=pytest.mark.slow)
"""With each border of each value: most of the cases, and of the time."""
LONG_STATEFUL = pytest.param("long stateful", marks=pytest.mark.slow)


def schemathesis(
    document: str, copy: Copy, folder: Path, *options: str, token: str = ""
) -> subprocess.CompletedProcess[str]:
    who = ("-H", f"Authorization: Bearer {token}") if token else ()
    return run(
        [
            program("schemathesis"),
            *("--no-color", "--config-file", str(CONFIGURATION), "run", document),
            *("--tls-verify", str(copy.authority)),
            *("--generation-with-security-parameters", "false"),
            *("--exclude-operation-id", ENDS_THE_SCAN),
            *("--continue-on-failure", "--seed", "1"),
            *("--request-timeout", "60"),  # the machine may be busy with another scan
            *options,
            *who,
        ],
        folder,
        seconds=600,
    )


def figures(done: subprocess.CompletedProcess[str]) -> tuple[int, int]:
    """Return how many operations were tested, and with how many cases."""
    tested = re.search(r"Tested: (\d+)", done.stdout)
    cases = re.search(r"(\d+) generated", done.stdout)
    assert tested, told(done)
    assert cases, told(done)
    return int(tested[1]), int(cases[1])


def scan(inhabited: Inhabited, plane: Plane, size: str, folder: Path, token: str) -> None:
    copy = inhabited.copy
    document = f"{base_of(copy, plane)}/api/v1/openapi.json"
    done = schemathesis(document, copy, folder, *SIZES[size], token=token)
    assert done.returncode == 0, told(done)
    operations, cases = figures(done)
    if "stateful" not in size:
        assert operations >= OPERATIONS[plane]
    assert cases >= (CASES_EACH[size] * operations if size in CASES_EACH else CASES[size])
    assert_still_somebody(copy, plane, token)


def base_of(copy: Copy, plane: Plane) -> str:
    return copy.console if plane is Plane.CONSOLE else copy.workspace


def assert_still_somebody(copy: Copy, plane: Plane, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with copy.client(plane.value) as client:
        after = client.get("/api/v1/own/tokens", headers=headers)
    assert after.status_code == (200 if token else 401), "it was who it was to the end"


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("size", ["quick", "stateful", WHOLE, LONG_STATEFUL])
def test_with_a_token_the_API_answers_as_its_document_says_V6_V7(
    inhabited: Inhabited, plane: Plane, size: str, tmp_path
):
    scan(inhabited, plane, size, tmp_path, inhabited.tokens[plane])


def operations_of(copy: Copy, plane: Plane) -> list[str]:
    """Return the names of the operations that the plane's document promises, but for one."""
    with copy.client(plane.value) as client:
        paths = client.get("/api/v1/openapi.json").json()["paths"]
    found = {each["operationId"] for methods in paths.values() for each in methods.values()}
    return sorted(found - {ENDS_THE_SCAN})


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("plane", "part"), [(plane, part) for plane in PLANES for part in range(PARTS[plane])]
)
def test_with_hundreds_of_examples_the_API_answers_as_its_document_says_V6_V7(
    inhabited: Inhabited, plane: Plane, part: int, tmp_path
):
    copy, token = inhabited.copy, inhabited.tokens[plane]
    known = operations_of(copy, plane)
    assert len(known) >= OPERATIONS[plane]
    mine = known[part :: PARTS[plane]]
    document = f"{base_of(copy, plane)}/api/v1/openapi.json"
    chosen = (word for name in mine for word in ("--include-operation-id", name))
    done = schemathesis(document, copy, tmp_path, *SIZES["long"], *chosen, token=token)
    assert done.returncode == 0, told(done)
    operations, cases = figures(done)
    assert operations == len(mine), told(done)
    assert cases >= CASES_EACH["long"] * len(mine), told(done)
    assert_still_somebody(copy, plane, token)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("size", ["quick", WHOLE])
def test_as_nobody_the_API_answers_as_its_document_says_V6_V7(
    inhabited: Inhabited, plane: Plane, size: str, tmp_path
):
    scan(inhabited, plane, size, tmp_path, token="")


def test_schemathesis_finds_an_answer_that_its_document_does_not_allow(
    inhabited: Inhabited, tmp_path
):
    """The real answers against a document with one lie in it."""
    copy = inhabited.copy
    with copy.client("workspace") as client:
        document = client.get("/api/v1/openapi.json").json()
    path = "/api/v1/tables"
    document["paths"] = {path: {"get": document["paths"][path]["get"]}}
    table = document["components"]["schemas"]["TableView"]["properties"]
    assert table["id"]["type"] == "integer"
    table["id"]["type"] = "string"
    lying = tmp_path / "lying.json"
    lying.write_text(json.dumps(document))
    done = schemathesis(
        str(lying), copy, tmp_path, "--url", copy.workspace, "-n", "3",
        token=inhabited.tokens[Plane.WORKSPACE],
    )  # fmt: skip
    assert done.returncode == 1, told(done)
    assert "Response violates schema" in done.stdout, told(done)
