"""Confirming what a page asks back for, as a person with an authenticator does."""

import time

import httpx

from tests.faces import Browser, Owner


def confirm(browser: Browser, owner: Owner, asked: httpx.Response, step: int = 0) -> httpx.Response:
    """Type the code of `step` (-1, 0 or 1 counts from now; each works once)."""
    assert asked.status_code == 303, asked.text[-2000:]
    place = asked.headers["location"]
    assert place.startswith("/confirm/")
    assert browser.get(place).status_code == 200
    answer = browser.post(place, {"code": owner.phone.at(time.time() + 30 * step)})
    assert answer.status_code in (200, 303), answer.text[-2000:]
    return answer
