"""Steps that every main job begins with: the claim, a person with a telephone."""

import re
import time

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.main_job.conftest import Person
from tests.running import Copy, wait_until

PASSWORD = "hiroi sora ni shiroi kumo"
STAFF_PASSWORD = "mado no soto wa haru desu"


class Authenticator:
    """An authenticator app: gives each code once, as a person would wait for the next."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret.replace(" ", ""))
        self.used = 0

    def code(self) -> str:
        wait_until(lambda: int(time.time()) // 30 > self.used, "the next code", 35)
        self.used = int(time.time()) // 30
        return self.totp.at(self.used * 30)


def totp_secret(page: Page) -> str:
    page.locator("details:has(#totp-secret) summary").click()
    return page.locator("#totp-secret").inner_text()


def confirm(person: Person, phone: Authenticator) -> None:
    """Give the fresh second factor that a dangerous change asks for."""
    expect(person.page).to_have_url(re.compile("/confirm/"))
    person.picture("confirm")
    person.page.locator("#field-code").fill(phone.code())
    person.page.locator("form button.primary").click()


def claim(admin: Person, copy: Copy) -> Authenticator:
    page = admin.page
    page.goto(copy.console)
    expect(page).to_have_url(re.compile("/setup"))
    admin.picture("claim")
    page.locator("#field-code").fill("WRONG-CODE")
    page.locator("#claim button").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.locator("#field-code").fill(copy.claim_code or "")
    page.locator("#claim button").click()
    page.locator("#field-name").fill("山田 花子")
    page.locator("#field-login_id").fill("hanako")
    page.locator("#field-password").fill(PASSWORD)
    page.locator("#field-again").fill(PASSWORD)
    admin.picture("administrator")
    page.locator("#person button.primary").click()
    phone = Authenticator(totp_secret(page))
    admin.picture("authenticator")
    page.locator("#field-answer").fill(phone.code())
    page.locator("#factor button.primary").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    admin.picture("recovery-codes")
    page.locator("a.button.primary").click()
    expect(page).to_have_url(re.compile(":[0-9]+/$"))
    admin.picture("overview")
    return phone


def choose_password(person: Person) -> None:
    """Give the own password that a first sign-in asks for."""
    person.page.locator("#field-answer").fill(STAFF_PASSWORD)
    person.picture("new-password")
    person.page.locator("#step button.primary").click()


def make_administrator(
    admin: Person, copy: Copy, phone: Authenticator, name: str, login_id: str, role: str
) -> str:
    """Make somebody with a role; return the password that is shown once."""
    page = admin.page
    page.goto(f"{copy.console}/accounts/new")
    page.locator("#field-name").fill(name)
    page.locator("#field-login_id").fill(login_id)
    page.locator("#field-role").select_option(role)
    page.locator("#account button.primary").click()
    confirm(admin, phone)
    return page.locator("#password").inner_text()


def sign_in_first(person: Person, copy: Copy, login_id: str, given: str) -> Authenticator:
    """Sign in with the password that was given, and choose a telephone and an own one."""
    page = person.page
    page.goto(copy.console)
    page.locator("#field-login_id").fill(login_id)
    page.locator("#field-password").fill(given)
    page.locator("#sign-in button.primary").click()
    phone = Authenticator(totp_secret(page))
    page.locator("#field-answer").fill(phone.code())
    page.locator("#step button.primary").click()
    expect(page.locator("#totp-secret")).to_have_count(0)
    choose_password(person)
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.locator("a.button.primary").click()
    expect(page).to_have_url(re.compile(":[0-9]+/$"))
    return phone
