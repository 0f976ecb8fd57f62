"""What of a request's headers is believed, with the edge and without."""

import base64
import hashlib
from typing import Any
from urllib.parse import quote

import pytest

from app.web.crossing import Crossing, crossing_of, take
from appliance.contract.edge import CLEARED, Told

FORGED = "203.0.113.66"


def scope(*headers: tuple[str, str]) -> dict[str, Any]:
    made = [(name.lower().encode(), value.encode()) for name, value in headers]
    return {"headers": made, "client": ("192.0.2.55", 4711)}


def forged() -> dict[str, Any]:
    names = (*Told, *CLEARED, "X-Tenshu-Whatever")
    return scope(("accept", "x"), *((name, FORGED) for name in names))


@pytest.mark.parametrize("behind_edge", [False, True])
def test_no_header_that_names_a_client_reaches_a_page_F3(behind_edge: bool):
    one = forged()
    take(one, behind_edge=behind_edge)
    assert one["headers"] == [(b"accept", b"x")]


def test_without_the_edge_nothing_is_believed_and_a_claim_is_noted_F5():
    one = forged()
    take(one, behind_edge=False)
    assert one["client"] == ("192.0.2.55", 4711)
    assert crossing_of(one) == Crossing(claimed=FORGED)
    two = scope(("x-forwarded-for", "198.51.100.1,  10.0.0.1" + "x" * 100))
    take(two, behind_edge=False)
    assert crossing_of(two).claimed == "10.0.0.1" + "x" * 56
    three = scope()
    take(three, behind_edge=False)
    assert crossing_of(three) == crossing_of({}) == Crossing()


def test_behind_the_edge_its_word_is_taken_F3():
    one = scope(
        ("x-tenshu-client", "2001:db8::7"),
        ("x-tenshu-claimed", "10.0.0.1"),
        ("x-tenshu-generation", "12"),
        ("x-tenshu-certificate-verified", "SUCCESS"),
        ("x-tenshu-certificate-serial", "0A"),
        ("x-tenshu-certificate", "-----BEGIN%20CERTIFICATE"),
        ("x-forwarded-for", FORGED),
    )
    take(one, behind_edge=True)
    assert one["client"] == ("2001:db8::7", 0)
    assert crossing_of(one) == Crossing(
        claimed="10.0.0.1",
        generation=12,
        verified="SUCCESS",
        serial="0A",
        certificate="-----BEGIN%20CERTIFICATE",
    )


def test_who_speaks_with_the_socket_itself_comes_from_no_address_F5():
    one = scope()
    take(one, behind_edge=True)
    assert one["client"] is None
    assert crossing_of(one).generation == 0


@pytest.mark.parametrize("number", ["", "-1", "x", "９", "1" * 19])
def test_what_is_no_generation_is_none_F2(number: str):
    one = scope(("x-tenshu-generation", number))
    take(one, behind_edge=True)
    assert crossing_of(one).generation == 0


def test_a_certificate_is_known_by_its_whole_and_only_where_the_edge_has_verified_it_F3():
    der = bytes(range(256))
    body = base64.b64encode(der).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body[:64]}\n{body[64:]}\n-----END CERTIFICATE-----\n"
    whole = hashlib.sha256(der).hexdigest()
    for verified, certificate, expected in (
        ("SUCCESS", quote(pem), whole),
        ("NONE", quote(pem), ""),
        ("FAILED:certificate revoked", quote(pem), ""),
        ("", quote(pem), ""),
        ("SUCCESS", "", ""),
        ("SUCCESS", quote(pem.replace(body[:4], "!!!!")), ""),
    ):
        crossing = Crossing(verified=verified, certificate=certificate)
        assert crossing.fingerprint == expected, (verified, certificate[:40])
