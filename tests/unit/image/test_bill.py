"""A bill of materials says the same of the same content, and names each part as its makers do."""

import json
import re
import zipfile
from pathlib import Path

from image.bill import Subject, compose
from image.commit import Commit
from image.components import Component, of_pages, of_python

SUBJECT = Subject("machine", "a" * 64, Commit("c" * 40, 1_700_000_000, changed=False))
PART = Component("pkg:pypi/one@1.0", "one", "1.0", hashes=[("SHA-256", "b" * 64)])
OTHER = Component("pkg:npm/two@2.0", "two", "2.0", licences=[{"license": {"id": "MIT"}}])


def wheel(folder: Path, name: str, *lines: str) -> None:
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as packed:
        head = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines]
        packed.writestr(f"{name}-1.0.dist-info/METADATA", "\n".join(head) + "\n\nText.\n")
        packed.writestr(f"{name}/_vendor/other.dist-info/METADATA", "Name: other\n")


def test_the_same_content_in_any_order_has_the_same_serial_number() -> None:
    first = compose(SUBJECT, [PART, OTHER, PART])
    assert compose(SUBJECT, [OTHER, PART]) == first
    told = json.loads(first)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", told["serialNumber"])
    assert [one["purl"] for one in told["components"]] == [OTHER.purl, PART.purl]
    assert told["dependencies"] == [{"ref": "tenshu", "dependsOn": [OTHER.purl, PART.purl]}]


def test_other_content_has_another_serial_number() -> None:
    changes = [
        compose(SUBJECT, [PART]),
        compose(SUBJECT, [PART._replace(version="1.1")]),
        compose(SUBJECT._replace(digest="d" * 64), [PART]),
        compose(SUBJECT._replace(commit=SUBJECT.commit._replace(changed=True)), [PART]),
    ]
    assert len({json.loads(one)["serialNumber"] for one in changes}) == len(changes)


def test_it_says_which_image_of_which_commit_it_is_of() -> None:
    subject = json.loads(compose(SUBJECT, []))["metadata"]["component"]
    assert (subject["type"], subject["name"]) == ("firmware", "tenshu")
    assert subject["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert {"name": "tenshu:commit", "value": "c" * 40} in subject["properties"]


def test_a_python_package_is_told_by_its_file_and_the_licence_that_is_said_best(
    tmp_path: Path,
) -> None:
    wheel(tmp_path, "Some_Name", "License-Expression: MIT OR Apache-2.0", "License: x")
    wheel(tmp_path, "classified", "Classifier: License :: OSI Approved :: BSD License")
    wheel(tmp_path, "short", "License: ISC")
    wheel(tmp_path, "long", f"License: {'text ' * 50}")
    found = {one.name: one for one in of_python(tmp_path)}
    assert found["some-name"].purl == "pkg:pypi/some-name@1.0"
    assert found["some-name"].licences == [{"expression": "MIT OR Apache-2.0"}]
    assert found["classified"].licences == [{"license": {"name": "BSD License"}}]
    assert found["short"].licences == [{"license": {"name": "ISC"}}]
    assert found["long"].licences == [], "its text is no name"


def test_a_package_of_npm_with_a_scope_has_it_in_its_name() -> None:
    found = {one.name: one for one in of_pages()}
    tokens = found["@digital-go-jp/design-tokens"]
    assert tokens.purl.startswith("pkg:npm/%40digital-go-jp/design-tokens@")
    ((kind, digest),) = tokens.hashes
    assert (kind, len(digest)) == ("SHA-512", 128)
