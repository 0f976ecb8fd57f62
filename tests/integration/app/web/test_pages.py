"""Every page of the console answers, in both languages."""

import pytest

from app.web.cookies import LANGUAGE
from tests.integration.app.web.conftest import Browser, Owner

PAGES = (
    "/",
    "/accounts",
    "/accounts/new",
    "/history",
    "/settings",
    "/settings/permissions",
    "/settings/events",
    "/account",
    "/account/tokens",
    "/groups",
    "/settings/sign-in",
    "/storage",
    "/jobs",
    "/requests",
    "/backups/new",
    "/backups",
)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_of_the_console_answers(admin: Browser, language: str) -> None:
    admin.cookies[LANGUAGE] = language
    for path in PAGES:
        answer = admin.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-3000:])
        assert answer.headers["content-type"].startswith("text/html"), path


def test_one_account_is_shown_with_its_rights_and_sessions_F4(admin: Browser, owner: Owner) -> None:
    answer = admin.get(f"/accounts/{owner.account}")
    assert answer.status_code == 200
    assert "山田 花子" in answer.text
