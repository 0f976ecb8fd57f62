"""The logs of the machine's processes have the form of all others."""

import io
import json
import logging

import pytest

from appliance.log import configure_logging


@pytest.fixture
def lines(monkeypatch):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("agent")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_tells_time_level_process_logger_and_message_S9(lines):
    logging.getLogger("appliance.agent").info("run %d began\n{}", 7)
    logging.getLogger("x").debug("detail")
    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "process": "agent",
        "logger": "appliance.agent",
        "message": "run 7 began\n{}",
    }


def test_the_traceback_stands_in_the_same_line(lines):
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("x").exception("failed")
    (line,) = lines()
    assert line["error"].endswith("first\nsecond")
