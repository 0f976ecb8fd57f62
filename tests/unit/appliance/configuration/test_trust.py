"""Root certificates of the document: what they must be, and what comes of them."""

import datetime as dt
from pathlib import Path

import pytest

from appliance.contract.configuration.checking import problems
from appliance.contract.configuration.checking_trust import outside_their_time
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.trust import Trust, TrustedRoot
from appliance.contract.configuration.writing import write_document
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern
from appliance.machine.plan.trust import PATH
from appliance.machine.planning import desire, may_lock_out
from tests.integration.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "Company root")


def codes(*certificates: str) -> list[str]:
    roots = tuple(TrustedRoot(name="company", pem=one) for one in certificates)
    return [one.code.partition(".")[2] for one in problems(Document(trust=Trust(roots=roots)))]


def test_a_root_must_be_one_valid_authority_without_a_key_METI_42(authority: Authority) -> None:
    server = authority.issue("server", "127.0.0.1")
    assert codes(authority.pem) == []
    assert codes(server.certificate.read_text()) == ["not_an_authority"]
    assert codes(authority.pem + server.key.read_text()) == ["key_among_roots"]
    assert codes(authority.pem * 2) == ["not_one_certificate"]
    assert codes("nothing of the kind") == ["not_one_certificate"]
    assert codes(authority.pem, authority.pem) == ["defined_twice"]


def test_an_authority_outside_its_time_is_told_with_its_days_METI_42(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Later(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> "Later":
            return cls(2090, 1, 1, tzinfo=tz)

    monkeypatch.setattr("appliance.contract.configuration.checking_trust.dt.datetime", Later)
    (found,) = problems(
        Document(trust=Trust(roots=(TrustedRoot(name="company", pem=authority.pem),)))
    )
    assert found.code == "configuration.authority_not_valid"
    assert "Company root" in str(found)
    held = Document(trust=Trust(roots=(TrustedRoot(name="company", pem=authority.pem),)))
    assert problems(held, roots=[authority.pem]) == (), "it is there: nothing is refused for it"
    assert [one.code for one in outside_their_time(held.trust)] == [found.code]
    broken = Document(trust=Trust(roots=(TrustedRoot(name="company", pem="nothing"),)))
    assert [one.code for one in problems(broken, roots=["nothing"])] == [
        "configuration.not_one_certificate"
    ]


def test_the_roots_stand_in_one_file_and_nobody_has_to_confirm_them_METI_42(
    authority: Authority, tmp_path: Path
) -> None:
    root = TrustedRoot(name="company", pem=authority.pem, note="Looks into TLS")
    document = Document(trust=Trust(roots=(root,)))
    assert read_document(write_document(document)) == document
    facts = Facts(run=str(tmp_path), certificates={})
    before = desire(Document(), facts, [Concern.OUTGOING])
    after = desire(document, facts, [Concern.OUTGOING])
    assert before.files == ()
    (file,) = after.files
    assert (file.path, file.content) == (PATH, f"# company\n{authority.pem}")
    assert not may_lock_out(before, after)
