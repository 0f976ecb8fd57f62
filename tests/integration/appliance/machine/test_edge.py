"""Debian's nginx on the rendered configuration, with echoes in the planes' places."""

import base64
import contextlib
import html
import http.client
import json
import ssl
import subprocess
import urllib.parse
from collections.abc import Iterator

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reading import read_document
from appliance.contract.edge import CLEARED, IDENTITY, LANGUAGE_COOKIE, OWN_COOKIES, Told
from appliance.machine.plan.nginx.pages import REFUSALS
from tests.integration.authority import HOUR, Authority, Pair
from tests.integration.edge import (
    Edge,
    echo_planes,
    facts_for,
    nginx,
    render,
    short_root,
    told,
)
from tests.integration.http2 import Connection
from tests.running import wait_until
from tests.security.wire import ask

FORGED = "203.0.113.66"
PAGES = {one.name: one for one in REFUSALS}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def edge(authority: Authority) -> Iterator[Edge]:
    with short_root() as root, echo_planes(root / "run") as planes:
        facts = facts_for(root, authority, authority=str(authority.path))
        made = Edge(facts, authority.path, planes=planes)
        made.start()
        yield made
        made.stop()


@pytest.fixture(autouse=True)
def as_at_first(edge: Edge) -> Iterator[None]:
    """Each test leaves the edge with an empty document."""
    yield
    if edge.document != Document():
        edge.apply()


def test_nginx_takes_the_configuration_without_a_word_of_warning_F2(edge: Edge):
    everything = (
        '[access]\ntrusted_proxies = ["192.0.2.9"]\nconsole = ["office"]\n'
        '[access.lists.office]\nnetworks = ["192.0.2.0/24", "2001:db8::/32"]\n'
        '[edge]\nnames = ["tenshu.example.co.jp"]\n[firewall]\nhttp_redirect = true\n'
        '[certificates]\nhsts = "on"\n'
    )
    with short_root() as root:
        place = msgspec.structs.replace(edge.facts.edge, root=str(root))
        facts = msgspec.structs.replace(edge.facts, edge=place, run=str(root / "run"))
        written = render(read_document(everything), facts)
        command = [nginx(), "-t", "-q", "-p", str(root), "-c", str(written)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("plane", ["console", "workspace"])
@pytest.mark.parametrize("http2", [False, True])
def test_no_header_that_names_a_client_comes_through_from_outside_F3(
    edge: Edge, plane: str, http2: bool
):
    forged = dict.fromkeys((*Told, *CLEARED), FORGED)
    forged["X-Tenshu-Certificate-Verified"] = "SUCCESS"
    with edge.client(plane, http2=http2) as client:
        got = told(client.get("/", headers=forged))
    assert len(forged) > 60
    assert {name for name in got if name.encode() in IDENTITY} == {
        "x-tenshu-client",
        "x-tenshu-claimed",
        "x-tenshu-generation",
        "x-tenshu-certificate-verified",
    }
    assert got["x-tenshu-client"] in (["127.0.0.1"], ["::1"])
    assert got["x-tenshu-generation"] == [str(edge.facts.generation)]
    assert got["x-tenshu-certificate-verified"] == ["NONE"]
    assert got.pop("x-tenshu-claimed") == [FORGED], "a claim is noted as a claim"
    assert FORGED not in json.dumps(got)


def test_an_underscore_does_not_make_another_header_of_it_F3(edge: Edge):
    forged = {"X_Tenshu_Client": FORGED, "X_Forwarded_For": FORGED, "Remote_User": "root"}
    with edge.client("console") as client:
        got = told(client.get("/", headers=forged))
    assert FORGED not in json.dumps(got)
    assert "root" not in json.dumps(got)


def test_the_true_client_is_found_through_trusted_proxies_and_through_nobody_else_F2(edge: Edge):
    edge.apply('[access]\ntrusted_proxies = ["127.0.0.2", "127.0.0.3"]\nconsole = ["everywhere"]\n')

    def seen(source: str, forwarded: str) -> tuple[list[str], list[str]]:
        with edge.client("console", source=source) as client:
            got = told(client.get("/", headers={"x-forwarded-for": forwarded}))
        return got["x-tenshu-client"], got.get("x-tenshu-claimed", [])

    assert seen("127.0.0.2", "198.51.100.7") == (["198.51.100.7"], [])
    assert seen("127.0.0.2", "10.9.9.9, 198.51.100.7, 127.0.0.3") == (["198.51.100.7"], [])
    assert seen("127.0.0.2", "2001:db8::7") == (["2001:db8::7"], [])
    assert seen("127.0.0.4", "198.51.100.7") == (["127.0.0.4"], ["198.51.100.7"])


def ask_from(source: str, edge: Edge, path: str) -> tuple[int, str, str]:
    """Ask for a path as it stands, which a browser would straighten."""
    trust = ssl.create_default_context(cafile=edge.trust)
    connection = http.client.HTTPSConnection(
        "127.0.0.1", edge.facts.console_port, source_address=(source, 0), context=trust, timeout=20
    )
    with contextlib.closing(connection):
        connection.request("POST", path, headers={"accept-language": "en-GB, ja;q=0.5"})
        answer = connection.getresponse()
        return answer.status, answer.headers["content-type"], answer.read().decode()


def test_an_area_is_closed_to_who_is_not_on_its_lists_and_says_what_to_do_F2(edge: Edge):
    edge.apply(
        '[access]\nconsole = ["office"]\napi = ["office"]\n'
        '[access.lists.office]\nnetworks = ["127.0.0.8/31"]\n'
    )
    before = len(edge.planes["console"].requests)
    for path in ("/", "/api/v1/events", "/%61pi/v1/x", "//api/v1", "/x/../api/v1", "/uploads"):
        status, kind, text = ask_from("127.0.0.7", edge, path)
        assert status == 403, path
        remedy = PAGES["refused"].en[1]
        if "pi/" in path:
            assert kind == "application/problem+json; charset=utf-8", path
            assert json.loads(text)["detail"] == remedy
        else:
            assert kind == "text/html; charset=utf-8", path
            assert html.escape(remedy) in text
    assert len(edge.planes["console"].requests) == before
    with edge.client("console", source="127.0.0.9") as client:
        assert client.get("/").status_code == 200
    with edge.client("workspace", source="127.0.0.7") as client:
        assert client.get("/").status_code == 200, "the workspace is open to all"
        assert client.get("/api/v1/tables").status_code == 403, "its API is not"
        assert client.get("/%61pi/v1/tables").status_code == 403
    with edge.client("console", host="127.0.0.1") as client:
        assert client.get("/").status_code == 200, "the machine reaches itself"


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "ja"),
        ({"accept-language": "ja,en;q=0.5"}, "ja"),
        ({"accept-language": "en,ja;q=0.5"}, "en"),
        ({"accept-language": "fr, en;q=0.9, ja;q=0.1"}, "en"),
        ({"accept-language": "fr"}, "ja"),
        ({"accept-language": "ja", "cookie": f"{LANGUAGE_COOKIE}=en"}, "en"),
        ({"accept-language": "en", "cookie": f"x=1; {LANGUAGE_COOKIE}=ja"}, "ja"),
    ],
)
def test_what_the_edge_says_is_in_the_readers_language_METI_20(edge: Edge, headers, language: str):
    with edge.client("workspace") as client:
        answer = client.get("/", headers={"host": "evil.example", **headers})
        assert answer.status_code == 421
        assert f'<html lang="{language}">' in answer.text
        assert "script" not in answer.headers["content-security-policy"]
        style = client.get("/edge/page.css", headers={"host": "evil.example"})
        assert style.status_code == 200
        assert client.get("/edge/refused.ja.html").status_code == 404, "pages are no addresses"


def test_only_names_of_this_machine_are_answered_V15(edge: Edge):
    edge.apply('[edge]\nnames = ["tenshu.example.co.jp"]\n')
    with edge.client("console") as client:
        for host in ("localhost", "TENSHU.example.co.jp:8443", "127.0.0.1", "127.0.0.1:8443"):
            address = "127.0.0.1" in host
            with edge.client("console", host="127.0.0.1" if address else "localhost") as again:
                assert again.get("/", headers={"host": host}).status_code == 200, host
        for host in ("evil.example", "127.0.0.9", "tenshu.example.co.jp.evil.example", "[::2]"):
            assert client.get("/", headers={"host": host}).status_code == 421, host


@pytest.mark.parametrize(
    ("line", "host", "status"),
    [
        ("https://localhost/", "localhost", 200),
        ("https://localhost/", "evil.example", 421),
        ("https://evil.example/", "localhost", 421),
        ("https://127.0.0.1/", "evil.example", 421),
        ("https://[::1]/", "[::1]:443", 200),
        ("/", "localhost:1@evil.example", 400),
        ("/", "LOCALHOST:9", 200),
        ("/", "", 400),
    ],
)
def test_the_line_of_a_request_and_its_host_do_not_differ_V15(
    edge: Edge, line: str, host: str, status: int
):
    """Else a link in a mail could lead to whom the header names."""
    base = edge.base("workspace", "[::1]" if "[" in host else "localhost")
    request = f"GET {line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    answer = ask(base, edge.trust, request)
    assert answer.status in (status, 421 if status == 400 else status), answer.raw[:300]


@pytest.mark.parametrize(
    "sent",
    [
        ["{c}=c; {w}=w; {cs}=cs; x=1"],
        ["{w}=w;{c}=c;{cs}=cs"],
        ["x=1; {c}=c; y={c}=c; {w}=w; {cs}=cs"],
        ["{w}=w", "{c}=c", "Z=1", "{cs}=cs"],
    ],
)
@pytest.mark.parametrize("http2", [False, True])
def test_no_plane_receives_a_cookie_of_the_other_V15(edge: Edge, sent: list[str], http2: bool):
    names = {"c": OWN_COOKIES["console"][0], "w": OWN_COOKIES["workspace"][1]}
    names["cs"] = OWN_COOKIES["console"][1]
    headers = [("cookie", one.format(**names)) for one in sent]
    for plane, mine in (("console", {"c", "cs"}), ("workspace", {"w"})):
        with edge.client(plane, http2=http2) as client:
            (got,) = told(client.get("/", headers=headers))["cookie"]
        kept = [pair.strip() for pair in got.split(";") if pair.strip()]
        assert sorted(kept) == sorted(f"{names[key]}={key}" for key in mine)
    with edge.client("console") as client:
        assert "cookie" not in told(client.get("/", headers={"cookie": "x=1"}))


def test_a_connection_of_before_never_speaks_for_the_new_generation_F2(edge: Edge):
    """Else a page could confirm a change over a connection that the change would refuse."""
    echo = edge.planes["console"]
    first = edge.facts.generation
    with Connection(edge.facts.console_port, edge.trust) as old:
        held = old.ask("/held")  # something is under way, so the old process keeps the connection
        wait_until(lambda: "/held" in echo.requests, "the request is under way", 10)
        edge.apply('[edge]\nnames = ["later.example"]\n')
        late = old.ask("/late")
        with edge.client("console", http2=True) as new:
            assert told(new.get("/"))["x-tenshu-generation"] == [str(first + 1)]
        echo.held.set()
        old.read_to_the_end()
        assert told(old.json(held))["x-tenshu-generation"] == [str(first)]
        assert old.going_away
        assert late not in old.data
        assert "/late" not in echo.requests


def test_what_is_too_large_is_refused_and_uploads_may_be_larger_METI_20(edge: Edge):
    edge.apply("[edge]\nupload_mebibytes = 3\n")
    mebibyte = b"x" * (1024 * 1024)
    with edge.client("workspace") as client:
        assert client.post("/", content=mebibyte).json()["bytes"] == len(mebibyte)
        for path, size in (("/", 1), ("/uploads", 3), ("/uploads/", 1), ("/uploadsx", 1)):
            answer = client.post(path, content=mebibyte * size + b"x")
            assert answer.status_code == 413, path
            assert PAGES["large"].ja[0] in answer.text
        assert client.post("/uploads", content=mebibyte * 3).json()["bytes"] == 3 * len(mebibyte)
        # no length is told beforehand
        endless = client.post("/", content=iter([mebibyte, mebibyte]))
        assert endless.status_code == 413
        assert client.get("/", headers={"x": "y" * 9000}).status_code == 400
        assert client.get("/" + "y" * 9000).status_code == 400


def test_an_upload_reaches_the_plane_while_it_is_still_sent_METI_20(edge: Edge):
    """It is not kept at the edge, on no disk and in no memory."""
    spool = edge.root / "var/lib/nginx"

    def pieces() -> Iterator[bytes]:
        for _ in range(8):
            yield b"x" * (256 * 1024)
            assert not [one for one in spool.rglob("*") if one.is_file()]

    with edge.client("workspace") as client:
        assert client.post("/uploads", content=pieces()).json()["bytes"] == 2 * 1024 * 1024


def test_who_asks_too_often_is_told_to_wait_and_others_are_served_METI_20(edge: Edge):
    edge.apply("[edge]\nrequests_per_second = 10\n")
    with edge.client("workspace", source="127.0.0.21") as client:
        answers = [client.get("/") for _ in range(40)]
        codes = [answer.status_code for answer in answers]
        assert codes[:15] == [200] * 15
        assert 429 in codes
        refused = answers[codes.index(429)]
        assert PAGES["often"].ja[1] in refused.text
        assert refused.headers["retry-after"]
        api = client.get("/api/v1/tables")
        assert api.status_code == 429
        assert api.json()["code"] == "edge.often"
    with edge.client("workspace", source="127.0.0.22") as other:
        assert other.get("/").status_code == 200


def test_addresses_of_one_subscriber_are_one_source_METI_20(edge: Edge):
    edge.apply('[edge]\nrequests_per_second = 10\n[access]\ntrusted_proxies = ["127.0.0.2"]\n')

    def answers(*addresses: str) -> list[int]:
        with edge.client("workspace", source="127.0.0.2") as proxy:
            return [
                proxy.get("/", headers={"x-forwarded-for": one}).status_code for one in addresses
            ]

    assert 429 in answers(*(f"2001:db8:1:2:{one:x}::1" for one in range(1, 40)))
    assert 429 in answers(*(f"2001:db8::{one:x}:0:0:1" for one in range(1, 40)))
    assert answers(*(f"2001:db8:1:{one:x}::1" for one in range(16, 48))) == [200] * 32


def test_a_client_certificate_is_carried_whole_and_a_forged_one_is_not_F3(
    edge: Edge, authority: Authority
):
    pair = authority.issue("hanako")
    with edge.client("console", certificate=pair) as client:
        got = told(client.get("/", headers={"X-Tenshu-Certificate": "forged"}))
    assert got["x-tenshu-certificate-verified"] == ["SUCCESS"]
    (sent,) = got["x-tenshu-certificate"]
    seen = x509.load_pem_x509_certificate(urllib.parse.unquote(sent).encode())
    own = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    assert seen == own
    assert int(got["x-tenshu-certificate-serial"][0], 16) == own.serial_number


BAD = ("expired", "of tomorrow", "of a server", "of another", "of a namesake", "revoked", "its own")


@pytest.fixture(scope="module")
def bad(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """Client certificates, each with one thing wrong."""
    folder = tmp_path_factory.mktemp("others")
    another = Authority(folder / "another", "Another")
    namesake = Authority(folder / "namesake")  # the same name, another key
    own = namesake.issue("forger")
    own.certificate.write_text(namesake.pem)
    own.key.write_bytes(namesake.key_pem())
    return {
        "expired": authority.issue("expired", begins=-2 * HOUR, ends=-HOUR),
        "of tomorrow": authority.issue("tomorrow", begins=HOUR),
        "of a server": authority.issue("server", uses=[ExtendedKeyUsageOID.SERVER_AUTH]),
        "of another": another.issue("mallory"),
        "of a namesake": namesake.issue("mallory"),
        "revoked": authority.issue("revoked"),
        "its own": own,
    }


@pytest.fixture(scope="module")
def strict(edge: Edge, authority: Authority, bad: dict[str, Pair]) -> Edge:
    """The edge with a list of what is revoked."""
    revoked = str(authority.revoke(bad["revoked"]))
    edge.apply("", edge=msgspec.structs.replace(edge.facts.edge, revoked=revoked))
    return edge


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("path", ["/", "/api/v1/x"])
def test_a_bad_client_certificate_reaches_no_plane_F3(
    strict: Edge, bad: dict[str, Pair], kind: str, path: str
):
    before = len(strict.planes["console"].requests)
    with strict.client("console", certificate=bad[kind]) as client:
        answer = client.get(path)
    assert answer.status_code == 400
    what, _ = PAGES["certificate"].ja
    assert what in answer.text
    assert len(strict.planes["console"].requests) == before


def test_where_others_are_revoked_a_good_certificate_is_taken_F3(
    strict: Edge, authority: Authority
):
    with strict.client("console", certificate=authority.issue("jiro")) as client:
        assert told(client.get("/"))["x-tenshu-certificate-verified"] == ["SUCCESS"]
    with strict.client("console") as client:
        assert told(client.get("/"))["x-tenshu-certificate-verified"] == ["NONE"]


def test_a_plane_that_is_away_is_told_to_people_and_programs_S7():
    with short_root() as root:
        signer = Authority(root / "tls")
        alone = Edge(facts_for(root, signer), signer.path)
        alone.start()
        try:
            with alone.client("console") as client:
                page = client.get("/")
                assert page.status_code == 503
                assert PAGES["away"].ja[1] in page.text
                assert page.headers["retry-after"]
                assert client.get("/api/v1/x").json()["code"] == "edge.away"
        finally:
            alone.stop()


def test_hsts_is_sent_as_the_document_says_and_never_as_a_plane_says_V11(edge: Edge):
    with edge.client("console") as client:
        assert "strict-transport-security" not in client.get("/").headers
    edge.apply('[certificates]\nhsts = "on"\n')
    with edge.client("console") as client:
        assert client.get("/").headers["strict-transport-security"] == "max-age=63072000"
        refused = client.get("/", headers={"host": "evil.example"})
        assert refused.headers["strict-transport-security"] == "max-age=63072000"


def test_hsts_is_withheld_where_the_own_certificate_is_shown_or_stands_in_V11(edge: Edge):
    trusted = edge.facts.certificates["own"]
    own = {"own": msgspec.structs.replace(trusted, private=True)}
    text = '[certificates]\nhsts = "on"\nconsole = "bought"\nworkspace = "bought"\n'
    bought = {**own, "bought": trusted}
    half = text.replace('workspace = "bought"\n', "")
    try:
        # shown by both; by one alone; ended, so that the own one stands in; mended
        for document, found, sent in (
            (text, bought, True), (half, bought, False), (text, own, False), (text, bought, True),
        ):  # fmt: skip
            edge.apply(document, certificates=found)
            for plane in ("console", "workspace"):
                with edge.client(plane) as client:
                    assert ("strict-transport-security" in client.get("/").headers) is sent
    finally:
        edge.apply(certificates={"own": trusted})


def test_plain_http_is_shown_the_way_and_nothing_else_V12(edge: Edge):
    edge.apply("[firewall]\nhttp_redirect = true\n")
    base = f"http://localhost:{edge.facts.redirect_port}"
    with httpx.Client(base_url=base, trust_env=False) as client:
        answer = client.get("/tables?view=3")
        assert answer.status_code == 301
        assert answer.headers["location"] == f"{edge.base('workspace')}/tables?view=3"
        assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    plain = f"http://localhost:{edge.facts.console_port}"
    answer = httpx.get(f"{plain}/x", trust_env=False)
    assert answer.headers["location"] == f"{edge.base('console')}/x"


def test_what_is_written_down_holds_no_query_no_cookie_and_no_token_METI_20(edge: Edge):
    secret = "aikotoba"
    session = OWN_COOKIES["workspace"][1]
    with edge.client("workspace") as client:
        client.get(
            f"/tables?q={secret}",
            headers={"cookie": f"{session}={secret}", "authorization": f"Bearer {secret}"},
        )
        client.get(f"/invitation/{secret}?q={secret}")
        client.get(f"/api/v1/x?token={secret}", headers={"host": "evil.example"})
        token = base64.b64encode(secret.encode()).decode()
        client.get(f"/invitation/{token}", headers={"referer": f"https://x/{secret}"})
    wait_until(lambda: edge.log()[-1]["path"] == "/invitation/", "the line is written", 10)
    lines = edge.log()[-4:]
    assert [line["path"] for line in lines] == [
        "/tables",
        "/invitation/",
        "/api/v1/x",
        "/invitation/",
    ]
    assert lines[0]["client"] in ("127.0.0.1", "::1")
    assert lines[0]["plane"] == "workspace"
    assert lines[2]["status"] == "421"
    for path in (edge.root / "var/log/tenshu-edge").iterdir():
        assert secret not in path.read_text(), path
        assert token not in path.read_text(), path
