"""What of a document stands in nginx's configuration, and that nothing in it can break out."""

import re

import msgspec
import pytest

from app.operations.context import Plane
from app.web.cookies import LANGUAGE, own_cookie_names
from app.web.gate import BODY_BYTES, UPLOAD_PATH
from appliance.contract import edge as contract
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.edge import Edge
from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Certificate, EdgePlace, Facts
from appliance.machine.plan.desired import Concern
from appliance.machine.plan.edge import PATH, configuration, files
from appliance.machine.plan.nginx.pages import FOLDER, REFUSALS
from appliance.machine.plan.nginx.syntax import quoted
from tests.security.asvs import written

OWN = Certificate(chain="/tls/own.pem", key="/tls/own.key")
BOUGHT = Certificate(chain="/tls/bought.pem", key="/tls/bought.key")
FACTS = Facts(
    run="/run/tenshu", certificates={"own": OWN, "bought": BOUGHT}, generation=12, authority="/ca"
)


def render(text: str = "", facts: Facts = FACTS) -> str:
    return configuration(read_document(text), facts)


def test_cookies_sizes_and_paths_of_edge_and_planes_are_the_same_V15():
    for plane in (Plane.CONSOLE, Plane.WORKSPACE):
        assert frozenset(contract.OWN_COOKIES[plane.value]) == own_cookie_names(plane)
    assert contract.LANGUAGE_COOKIE == LANGUAGE
    assert contract.BODY_BYTES == BODY_BYTES
    assert contract.UPLOAD_PATH == UPLOAD_PATH
    uploads = msgspec.json.schema(Edge)["$defs"]["Edge"]["properties"]["upload_mebibytes"]
    assert uploads["maximum"] == contract.LARGEST_UPLOAD_MEBIBYTES


def test_every_header_of_the_table_is_set_or_cleared_once_F3():
    written = re.findall(r"proxy_set_header (\S+) ", render())
    names = [name.lower().encode() for name in written]
    assert sorted(names) == sorted({*contract.IDENTITY, b"host", b"connection", b"cookie"})


def test_a_version_of_the_document_is_told_to_the_planes_and_to_the_machine_F2():
    text = render()
    assert "proxy_set_header X-Tenshu-Generation 12;" in text
    assert "return 200 12;" in text


def test_limits_of_the_document_are_the_limits_of_the_edge_METI_20():
    text = render(
        "[edge]\nheader_seconds = 7\nbody_seconds = 8\nanswer_seconds = 9\nidle_seconds = 10\n"
        "upload_mebibytes = 11\nrequests_per_second = 13\n"
        "[firewall]\nconnections_per_source = 17\n"
    )
    for line in (
        "client_header_timeout 7s;",
        "client_body_timeout 8s;",
        "send_timeout 9s;",
        "keepalive_timeout 10s;",
        "client_max_body_size 11m;",
        "rate=13r/s;",
        "limit_conn connections 17;",
    ):
        assert line in text, line


def test_a_certificate_that_is_not_there_gives_way_to_the_appliances_own_F3():
    text = render('[certificates]\nconsole = "gone"\nworkspace = "bought"\n')
    assert re.findall(r'ssl_certificate "(\S+)"', text) == [OWN.chain, BOUGHT.chain]


def test_client_certificates_are_asked_for_where_there_is_an_authority_F3():
    assert render().count("ssl_verify_client optional;") == 2
    assert "ssl_crl" not in render()
    listed = msgspec.structs.replace(FACTS, edge=EdgePlace(revoked="/crl"))
    assert render(facts=listed).count('ssl_crl "/crl";') == 2
    assert "ssl_verify_client" not in render(facts=msgspec.structs.replace(FACTS, authority=""))


def test_browsers_are_held_to_https_only_where_the_document_says_so_V11():
    assert "add_header Strict-Transport-Security" not in render()
    assert "add_header Strict-Transport-Security" in render('[certificates]\nhsts = "on"\n')
    assert "proxy_hide_header Strict-Transport-Security;" in render()


def test_an_area_is_open_to_its_lists_and_to_the_machine_itself_F2():
    text = render(
        '[access]\nconsole = ["office"]\napi = []\n'
        '[access.lists.office]\nnetworks = ["192.0.2.0/25", "192.0.2.128/25", "2001:db8::7"]\n'
    )
    found = {
        name: re.findall(r"(\S+) 1;", lines)
        for name, lines in re.findall(r"geo \$reaches_(\w+) \{([^}]*)\}", text)
    }
    assert found == {
        "console": ["127.0.0.1/32", "192.0.2.0/24", "::1/128", "2001:db8::7/128"],
        "workspace": ["default"],
        "api": ["127.0.0.1/32", "::1/128"],
    }


def test_nobody_is_a_trusted_proxy_who_is_not_named_F2():
    assert "set_real_ip_from" not in render()
    text = render('[access]\ntrusted_proxies = ["192.0.2.9", "2001:db8::/64"]\n')
    assert re.findall(r"set_real_ip_from (\S+);", text) == ["192.0.2.9/32", "2001:db8::/64"]


def test_names_of_the_document_and_of_the_machine_are_known_V15():
    document = read_document(
        '[network]\nhostname = "keep"\nsearch_domains = ["example.co.jp"]\n'
        '[edge]\nnames = ["Tenshu.example.co.jp", "2001:db8::7"]\n'
    )
    facts = msgspec.structs.replace(FACTS, edge=EdgePlace(names=("guest.home.arpa",)))
    text = configuration(document, facts)
    (known,) = re.findall(r"map \$host \$listed \{([^}]*)\}", text)
    assert re.findall(r'"(\S+)" 1;', known) == [
        "[2001:db8::7]",
        "guest.home.arpa",
        "keep",
        "keep.example.co.jp",
        "localhost",
        "tenshu.example.co.jp",
    ]


def test_port_80_shows_the_way_only_where_it_is_wanted_V12():
    assert "return 301 https" not in render().replace("error_page", "")
    wanted = "[firewall]\nhttp_redirect = true\n"
    assert "return 301 https://$host$request_uri;" in render(wanted)
    elsewhere = msgspec.structs.replace(FACTS, workspace_port=9443)
    assert "return 301 https://$host:9443$request_uri;" in render(wanted, elsewhere)


def test_http_2_is_asked_for_as_the_version_of_nginx_has_it():
    new = render(facts=msgspec.structs.replace(FACTS, edge=EdgePlace(version=(1, 26))))
    old = render(facts=msgspec.structs.replace(FACTS, edge=EdgePlace(version=(1, 22))))
    assert new.count("http2 on;") == 2
    assert "ssl http2" not in new
    assert old.count("ssl http2") == 4
    assert "http2 on;" not in old


def test_what_is_no_network_is_not_passed_over_F2():
    wrong = msgspec.convert({"access": {"trusted_proxies": ["office"]}}, Document)
    with pytest.raises(ValueError, match="office is no network"):
        configuration(wrong, FACTS)


@pytest.mark.parametrize("word", ['a"b', "a\\b", 'a"; return 200 "'])
def test_a_word_does_not_end_its_quotation(word: str):
    inner = quoted(word)[1:-1]
    assert re.fullmatch(r'(?:[^"\\]|\\.)*', inner)


def test_every_refusal_of_the_edge_has_a_page_in_both_languages_METI_20():
    made = {file.path: file for file in files(Document(), FACTS)}
    assert all(file.concern is Concern.EDGE for file in made.values())
    assert PATH in made
    for refusal in REFUSALS:
        for language in ("ja", "en"):
            page = made[f"{FOLDER}/{refusal.name}.{language}.html"].content
            what, remedy = getattr(refusal, language)
            assert f'<html lang="{language}">' in page
            problem = msgspec.json.decode(made[f"{FOLDER}/{refusal.name}.{language}.json"].content)
            assert problem["title"] == what
            assert problem["detail"] == remedy
            assert problem["status"] == refusal.told


def test_the_page_of_limits_says_what_the_document_allows_METI_20():
    text = written.section("limits.md", "At the edge")
    rows = {row[-1].strip("`"): row[1:-1] for row in written.rows(text) if len(row) == 5}
    schema = msgspec.json.schema(Document)["$defs"]
    stated = {f"edge.{name}": one for name, one in schema["Edge"]["properties"].items()}
    name = "connections_per_source"
    stated[f"firewall.{name}"] = schema["Firewall"]["properties"][name]
    del stated["edge.names"]
    assert rows.keys() == stated.keys()
    for key, one in stated.items():
        assert rows[key] == [str(one[part]) for part in ("default", "minimum", "maximum")], key
