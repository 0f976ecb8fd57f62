"""The logs: one JSON object a line, with incident numbers, without secrets."""

import io
import json
import logging
import warnings

import pytest

from app.core.log import BLANK, configure_logging, hide_secrets
from app.core.secret import Secret


@pytest.fixture
def lines():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("console", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_tells_time_level_process_logger_and_message_S9(lines):
    logging.getLogger("app.audit").warning("lag is %d s", 7)
    (line,) = lines()
    assert line.pop("time")[10:11] + line["message"] == "Tlag is 7 s"
    assert line == {
        "level": "warning", "process": "console", "logger": "app.audit", "message": "lag is 7 s",
    }  # fmt: skip


def test_page_log_and_history_share_the_incident_number_METI_12(lines):
    logging.getLogger("x").error("failed", extra={"incident": "T-7F3K-29QD"})
    assert lines()[0]["incident"] == "T-7F3K-29QD"


def test_the_traceback_stands_in_the_same_line_V13(lines):
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("x").exception("failed")
    (line,) = lines()
    assert line["error"].startswith("Traceback")
    assert line["error"].endswith("first\nsecond")


def test_a_line_break_in_a_message_makes_no_second_line_V18(lines):
    logging.getLogger("x").info("%s", 'name\n{"level": "error", "message": "forged"}')
    assert len(lines()) == 1


def test_routine_detail_is_left_out_and_warnings_are_taken_in(lines):
    logging.getLogger("x").debug("detail")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", stacklevel=1)
    (line,) = lines()
    assert "old way" in line["message"]


def test_standard_error_is_where_it_goes_by_default(lines, capsys, monkeypatch):
    configure_logging("audit", level=logging.DEBUG)
    logging.getLogger("x").debug("detail")
    assert json.loads(capsys.readouterr().err)["process"] == "audit"


@pytest.mark.parametrize(
    "text",
    [
        "Cookie: __Host-tenshu-console=S3CRET; other=S3CRET",
        "('set-cookie', '__Host-tenshu-workspace=S3CRET; Secure')",
        "authorization: Bearer S3CRET",
        '{"password": "S3CRET", "name": "x"}',
        "{'new_password': 'S3CRET'}",
        "password=S3CRET&next=/",
        'passphrase = "S3CRET with \\" inside S3CRET"',
        "api_token=S3CRET",
        "claim_code: S3CRET",
        "recovery_codes=S3CRET",
        "totp_secret=S3CRET",
    ],
)
def test_what_a_library_quotes_of_cookies_passwords_and_tokens_is_blanked_V13(lines, text):
    logging.getLogger("x").error("refused: %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("x").exception("refused")
    told = json.dumps(lines())
    assert "S3CRET" not in told
    assert told.count(BLANK) >= 2


def test_what_is_no_secret_stays_readable():
    text = "account 12 of 20 took 3 s: code=accounts.create status: 403"
    assert hide_secrets(text) == text


def test_a_secret_that_is_logged_stays_hidden_V13(lines):
    logging.getLogger("x").info("with %s", Secret("S3CRET"))
    assert "S3CRET" not in json.dumps(lines())
