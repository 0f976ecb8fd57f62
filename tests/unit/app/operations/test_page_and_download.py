"""What operations hand out: pages of lists, and files made while they are sent."""

import msgspec

from app.operations.download import Download
from app.operations.page import Page


def test_the_last_page_says_that_there_is_no_other():
    page = Page[int](items=[1, 2])
    assert (page.after, page.total) == ("", None)
    assert msgspec.json.decode(msgspec.json.encode(page), type=Page[int]) == page


def test_a_download_makes_nothing_before_it_is_read():
    made = []

    def chunks():
        made.append(1)
        yield b"x"

    download = Download("accounts.csv", "text/csv", chunks())
    assert made == []
    assert b"".join(download.chunks) == b"x"
