"""What stands on the machine's own screen, from what is known, on every width."""

import msgspec
import pytest

from app.screen.page import Known, grouped, lines, width_of, wrapped
from app.screen.protocol import Notice, Service, Standing

NOW = 1_796_000_000.0
FINGERPRINT = "".join(f"{number:02X}" for number in range(32))
STANDING = Standing(
    at=int(NOW * 1000),
    version="1.2.3",
    console_port=8443,
    workspace_port=443,
    names=("tenshu.example.co.jp",),
    fingerprint=FINGERPRINT,
    claimed=False,
    claim_code="abcd-efgh-jkmn",
    services=(
        Service(name="console", answers=True),
        Service(name="database", answers=True),
    ),
    disk_free=30_000_000_000,
    disk_size=40_000_000_000,
    last_backup=int(NOW * 1000) - 3 * 3_600_000,
    history="whole",
)
KNOWN = Known(now=NOW, host="tenshu", addresses=("192.0.2.10", "2001:db8::10"), standing=STANDING)


def told(known=KNOWN, language="en", width=80, **standing):
    if standing:
        changed = msgspec.structs.replace(known.standing, **standing)
        known = msgspec.structs.replace(known, standing=changed)
    return "\n".join(one.text for one in lines(known, language, width))


def test_whoever_stands_there_reads_how_to_come_in_and_by_what_to_know_the_machine_METI13():
    text = told()
    for wanted in (
        "https://tenshu.example.co.jp:8443",
        "https://192.0.2.10:8443",
        "https://[2001:db8::10]:8443",
        "https://192.0.2.10",
        "0001 0203 0405 0607 0809 0A0B 0C0D 0E0F",
        "abcd-efgh-jkmn",
        "3 h ago",
        "30.0 of 40.0 GB free",
        "being sealed; whole at the last verification",
    ):
        assert wanted in text, wanted
    assert "SILENT" not in text


def test_a_claimed_machine_shows_no_claim_code_METI13():
    assert "abcd" not in told(claimed=True)
    assert "Claim code" not in told(claimed=True)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_no_line_is_wider_than_the_display_and_few_displays_are_too_low(language, width):
    notices = tuple(Notice(kind="warning", text="証明書がまもなく切れます" * 3) for _ in range(2))
    found = lines(
        Known(
            now=NOW,
            host="tenshu",
            addresses=KNOWN.addresses,
            standing=STANDING,
            silent_since=NOW,
        ),
        language,
        width,
    )
    assert max(width_of(one.text) for one in found) <= width
    text = told(language=language, width=width, notices=notices)
    assert max(map(width_of, text.splitlines())) <= width
    if width >= 80:
        assert len(found) <= 23, "80 × 25, less head and foot"


def test_what_does_not_answer_is_named_apart():
    text = told(services=(Service(name="console", answers=False), Service(name="x", answers=True)))
    assert "SILENT" in text
    assert text.index("x") < text.index("SILENT")


def test_what_is_not_well_stands_out_S9():
    def styles(**standing):
        changed = msgspec.structs.replace(STANDING, **standing)
        known = msgspec.structs.replace(KNOWN, standing=changed)
        return {one.style for one in lines(known, "en", 80)}

    assert "danger" not in styles()
    for wrong in (
        {"seal_behind": 61_000, "unsealed": 3},
        {"history": "tampered"},
        {"disk_free": 1},
        {"services": (Service(name="console", answers=False),)},
    ):
        assert "danger" in styles(**wrong), wrong
    assert "warning" in styles(last_backup=0)
    assert "3 events wait, for 2 h" in told(seal_behind=7_300_000, unsealed=3)


def test_a_silent_appliance_is_told_with_the_moment_and_what_was_known_stays():
    silent = told(msgspec.structs.replace(KNOWN, silent_since=NOW))
    assert "does not answer since" in silent
    assert "https://192.0.2.10:8443" in silent
    before = told(msgspec.structs.replace(KNOWN, standing=None))
    assert "is starting, or does not answer" in before
    assert "192.0.2.10" in before
    assert "No address yet" in told(msgspec.structs.replace(KNOWN, standing=None, addresses=()))


def test_a_fingerprint_is_read_aloud_in_groups_of_four():
    assert list(grouped(FINGERPRINT, 80))[1] == "1011 1213 1415 1617 1819 1A1B 1C1D 1E1F"
    assert [len(row) for row in grouped(FINGERPRINT, 40)] == [19] * 4


def test_a_text_is_cut_at_spaces_and_a_japanese_one_anywhere():
    assert list(wrapped("one two three", 7)) == ["one two", "three"]
    assert list(wrapped("あいうえお", 4)) == ["あい", "うえ", "お"]
    assert list(wrapped("x" * 10, 4)) == ["xxxx", "xxxx", "xx"]
    assert list(wrapped("", 4)) == [""]


def test_what_a_start_has_left_stands_on_top():
    found = lines(msgspec.structs.replace(KNOWN, notes=("The seed was not used.",)), "ja", 80)
    assert (found[0].text, found[0].style) == (" The seed was not used.", "danger")


def test_a_wrong_clock_stands_above_all_that_is_not_to_be_trusted_before_METI_46():
    urgent = Notice(kind="danger", text="The clock is wrong. Name a time server.", urgent=True)
    plain = Notice(kind="warning", text="Something else")
    text = told(notices=(plain, urgent))
    assert text.startswith(" ! The clock is wrong. Name a time server.")
    assert text.count("The clock is wrong") == 1
    assert text.index("Something else") > text.index("Claim code")
