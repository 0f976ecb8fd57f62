"""A User-Agent becomes the names that people know."""

import pytest

from app.web.design.device import device_name

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36",
         "Chrome, Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/141.0 Safari/537.36 Edg/141.0",
         "Edge, Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
         "Safari, macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/141.0 Safari/604.1",
         "Chrome, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
         "Firefox, Linux"),
        ("Firefox/143.0", "Firefox"),
        ("python-httpx/0.28.1", "python-httpx/0.28.1"),
        ("x" * 200, "x" * 60),
        ("", ""),
    ],
)  # fmt: skip
def test_a_session_tells_its_device_in_words(agent: str, name: str) -> None:
    assert device_name(agent) == name
