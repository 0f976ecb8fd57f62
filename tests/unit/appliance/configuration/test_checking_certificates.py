"""What a document may say about certificates (V11)."""

import pytest

from appliance.contract.configuration.checking import problems
from appliance.contract.configuration.checking_certificates import acme_names
from appliance.contract.configuration.reading import read_document
from tests.integration.authority import Authority

NAMED = '[edge]\nnames = ["tenshu.example.jp", "192.0.2.7"]\n'
OPEN = "[firewall]\nhttp_redirect = true\n"
DIRECTORY = '[certificates.acme]\ndirectory = "https://acme.example.jp/directory"\n'


def codes(text: str, known: set[str] | None = None) -> list[str]:
    found = problems(read_document(text), None, known)
    return [f"{one.code.removeprefix('configuration.')} {one.parameters['place']}" for one in found]


def test_only_what_is_there_can_be_shown_V11():
    text = '[certificates]\nconsole = "absent"\nworkspace = "acme"\n'
    assert codes(text) == []
    places = ["unknown_name certificates.console", "unknown_name certificates.workspace"]
    assert codes(text, {"other"}) == places
    fetched = NAMED + OPEN + text + DIRECTORY
    assert codes(fetched, {"absent"}) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NAMED + OPEN + DIRECTORY, []),
        (OPEN + DIRECTORY, ["nothing_to_certify certificates.acme.names"]),
        (NAMED + DIRECTORY, ["proof_needs_port_80 certificates.acme.directory"]),
        (OPEN + DIRECTORY + 'names = ["192.0.2.7", "a.example.jp"]\n',
         ["not_a_name certificates.acme.names[0]"]),
        (NAMED + OPEN + DIRECTORY + 'root = "no PEM"\n', ["not_pem certificates.acme.root"]),
    ],
)  # fmt: skip
def test_an_authority_needs_names_and_port_80_V11(text, said):
    assert codes(text) == said


@pytest.mark.parametrize(
    "address",
    ["http://acme.example.jp/", "acme.example.jp", "https://", "https://a b/", "https://[::1",
     "https://u@acme.example.jp/", "https://acme.example.jp:0/", "https://-/"],
)  # fmt: skip
def test_a_directory_is_an_address_over_https_V11(address):
    text = NAMED + OPEN + f'[certificates.acme]\ndirectory = "{address}"\n'
    assert codes(text) == ["not_a_directory certificates.acme.directory"]


def test_the_root_of_an_internal_authority_is_taken_V11(tmp_path):
    pem = Authority(tmp_path).pem
    assert codes(NAMED + OPEN + DIRECTORY + f'root = """\n{pem}"""\n') == []


def test_names_are_those_of_the_edge_unless_others_are_given_V11():
    assert acme_names(read_document(NAMED)) == ("tenshu.example.jp",)
    given = read_document(NAMED + '[certificates.acme]\nnames = ["A.example.jp"]\n')
    assert acme_names(given) == ("a.example.jp",)
