"""Who shall open the volume, going by what is (S1, V11)."""

import msgspec
import pytest

from appliance.contract.volume.state import Keeper, Obstacle, Opened
from appliance.volume import head as heads
from appliance.volume.head import Head, Token, free_slot, read_head, token
from appliance.volume.judging import (
    Tpm,
    may_close,
    must_bind,
    obstacle,
    registers,
    superfluous,
    told,
)

GOOD = Tpm(present=True, measured=True, policy=True)
KEY = Token(type=heads.MARK, keyslots=("0",), key="abc")


def head_of(*kinds: str, laid_open: bool = False) -> Head:
    """Return the head of a volume in which these have a slot each."""
    first = KEY if laid_open else Token(type=heads.MARK)
    tokens = {"0": first}
    slots = {"0": msgspec.Raw(b"{}")} if laid_open else {}
    for number, kind in enumerate(kinds, 1):
        tokens[str(number)] = Token(type=kind, keyslots=(str(number),))
        slots[str(number)] = msgspec.Raw(b"{}")
    return Head(keyslots=slots, tokens=tokens)


@pytest.mark.parametrize(
    ("tpm", "why"),
    [
        (GOOD, Obstacle.none),
        (Tpm(present=False, measured=True, policy=True), Obstacle.no_tpm),
        (Tpm(present=True, measured=True, policy=False), Obstacle.no_policy),
        (Tpm(present=True, measured=False, policy=True), Obstacle.not_measured),
    ],
)
def test_why_a_tpm_keeps_no_key_is_told(tpm: Tpm, why: Obstacle) -> None:
    assert obstacle(tpm) is why
    may = must_bind(head_of(), Keeper.tpm, tpm, Opened.made, bound_now=False)
    assert may is (why is Obstacle.none)


def test_the_key_on_the_disks_goes_only_once_somebody_holds_a_recovery_key_S1() -> None:
    assert not may_close(head_of(heads.TPM, laid_open=True), Keeper.tpm)
    assert not may_close(head_of(heads.RECOVERY, laid_open=True), Keeper.tpm)
    assert may_close(head_of(heads.TPM, heads.RECOVERY, laid_open=True), Keeper.tpm)


def test_the_key_on_the_disks_goes_only_once_the_chosen_keeper_opens_the_volume_S1() -> None:
    both = head_of(heads.TPM, heads.RECOVERY)
    assert not may_close(both, Keeper.passphrase)
    assert not may_close(both, Keeper.nobody)
    assert may_close(head_of(heads.PASSPHRASE, heads.RECOVERY), Keeper.passphrase)


def test_a_tpm_that_did_not_open_the_volume_gets_the_key_again_once_a_start() -> None:
    bound = head_of(heads.TPM)
    assert not must_bind(bound, Keeper.tpm, GOOD, Opened.tpm, bound_now=False)
    assert must_bind(bound, Keeper.tpm, GOOD, Opened.asked, bound_now=False)
    assert must_bind(bound, Keeper.tpm, GOOD, Opened.unprotected, bound_now=False)
    assert not must_bind(bound, Keeper.tpm, GOOD, Opened.asked, bound_now=True)


def test_a_tpm_that_was_not_chosen_gets_no_key() -> None:
    for keeper in (Keeper.passphrase, Keeper.nobody):
        assert not must_bind(head_of(), keeper, GOOD, Opened.made, bound_now=False)


def test_the_keeper_of_before_goes_only_once_the_new_one_opens_the_volume_S1() -> None:
    assert superfluous(head_of(heads.TPM, heads.RECOVERY), Keeper.passphrase) == ()
    all_three = head_of(heads.TPM, heads.RECOVERY, heads.PASSPHRASE)
    assert superfluous(all_three, Keeper.passphrase) == (heads.TPM,)
    assert superfluous(all_three, Keeper.tpm) == (heads.PASSPHRASE,)
    assert superfluous(all_three, Keeper.nobody) == (heads.TPM, heads.PASSPHRASE)


def test_secure_boot_binds_too_where_it_is_enforced() -> None:
    assert registers(GOOD) == "12"
    assert registers(msgspec.structs.replace(GOOD, secure_boot=True)) == "7+12"


def test_what_people_are_told_follows_from_the_head() -> None:
    laid_open = told(head_of(laid_open=True), Keeper.tpm, Opened.made, Obstacle.no_tpm)
    assert (laid_open.protected, laid_open.tpm, laid_open.recovery) == (False, False, False)
    closed = told(head_of(heads.TPM, heads.RECOVERY), Keeper.tpm, Opened.tpm, Obstacle.none)
    assert (closed.protected, closed.tpm, closed.recovery, closed.typed) == (
        *(True, True, True),
        False,
    )


def test_a_slot_that_no_token_names_is_a_stray_of_a_power_cut() -> None:
    head = head_of(heads.MACHINE, heads.RECOVERY)
    assert head.strays == ()
    cut = msgspec.structs.replace(head, keyslots=head.keyslots | {"7": msgspec.Raw(b"{}")})
    assert cut.strays == (7,)
    assert free_slot(cut) == 0


def test_the_head_is_read_as_cryptsetup_tells_it() -> None:
    laid_open = token(heads.MARK, 0, key="abc")
    text = f'{{"keyslots":{{"0":{{"type":"luks2"}}}},"tokens":{{"0":{laid_open}}},"config":{{}}}}'
    head = read_head(text)
    assert (head.clear, head.of(heads.MARK), head.named(heads.MARK)) == ("abc", (0,), (0,))
    assert token(heads.MARK) == '{"type":"tenshu","keyslots":[]}'
