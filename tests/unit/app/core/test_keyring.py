"""The key ring: a stolen copy of the data opens nothing, and nothing sealed is ever lost (F13)."""

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.keyring import FILE_NAME, LOCK_NAME, KeyRing, KeyRingUnusable, SealBroken
from app.core.secret import Secret


@pytest.fixture
def ring(tmp_path):
    return KeyRing.create(tmp_path / "keys")


def damage(ring, content):
    ring.path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def test_what_was_sealed_opens_again_and_shows_nothing_F13(ring):
    sealed = ring.seal("identity.totp", Secret("天守 JBSWY3DPEHPK3PXP"))
    assert ring.open("identity.totp", sealed).reveal() == "天守 JBSWY3DPEHPK3PXP"
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert b"JBSWY3DP" not in base64.b64decode(sealed.partition(".")[2])


def test_the_same_secret_never_looks_the_same_twice_F13(ring):
    assert ring.seal("p", Secret("x")) != ring.seal("p", Secret("x"))


def test_a_sealed_text_moved_to_another_purpose_does_not_open_F13(ring):
    sealed = ring.seal("identity.totp:anna", Secret("x"))
    with pytest.raises(SealBroken) as broken:
        ring.open("identity.totp:berta", sealed)
    assert broken.value.parameters == {"purpose": "identity.totp:berta"}


@given(position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_changed_bit_anywhere_is_noticed_F13(tmp_path_factory, position, bit):
    ring = KeyRing.create(tmp_path_factory.mktemp("ring") / "keys")
    key, _, text = ring.seal("p", Secret("secret")).partition(".")
    raw = bytearray(base64.b64decode(text))
    raw[position % len(raw)] ^= 1 << bit
    with pytest.raises(SealBroken):
        ring.open("p", f"{key}.{base64.b64encode(raw).decode()}")


@pytest.mark.parametrize("text", ["", ".", "nonsense", "{key}.", "{key}.AAAA", "{key}.not base64"])
def test_what_was_never_sealed_is_refused_as_such(ring, text):
    with pytest.raises(SealBroken):
        ring.open("p", text.format(key=ring.primary))


def test_the_ring_of_another_appliance_opens_nothing_F13(ring, tmp_path):
    other = KeyRing.create(tmp_path / "other")
    with pytest.raises(SealBroken):
        other.open("p", ring.seal("p", Secret("x")))


def test_after_a_rotation_old_texts_open_and_new_ones_use_the_new_key(ring):
    old = ring.seal("p", Secret("old"))
    first = ring.primary
    assert not ring.needs_sealing_anew(old)
    assert ring.rotate() == ring.primary != first
    assert ring.needs_sealing_anew(old)
    assert ring.open("p", old).reveal() == "old"
    assert ring.seal("p", Secret("new")).startswith(ring.primary + ".")
    reloaded = KeyRing.load(ring.path.parent)
    assert reloaded.primary == ring.primary
    assert reloaded.open("p", old).reveal() == "old"


def test_another_process_opens_what_was_sealed_after_a_rotation_that_it_did_not_see(ring):
    other = KeyRing.load(ring.path.parent)
    ring.rotate()
    assert other.open("p", ring.seal("p", Secret("x"))).reveal() == "x"


def test_a_key_that_could_not_be_saved_never_seals(ring, monkeypatch):
    before = ring.primary
    # the folder of the new file is gone: what the disk does when it is full or broken
    monkeypatch.setattr(KeyRing, "to_bytes", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ring.rotate()
    monkeypatch.undo()
    assert ring.primary == before
    assert KeyRing.load(ring.path.parent).primary == before


def test_derived_bytes_differ_by_purpose_and_never_rotate(ring):
    derived = ring.derive("recovery codes")
    assert len(derived) == 32
    assert derived != ring.derive("sessions")
    ring.rotate()
    assert ring.derive("recovery codes") == derived
    assert KeyRing.load(ring.path.parent).derive("recovery codes") == derived


def test_named_secrets_travel_with_the_ring(ring):
    assert ring.named("sealer") is None
    ring.keep("sealer", Secret("PRIVATE"))
    assert KeyRing.load(ring.path.parent).named("sealer").reveal() == "PRIVATE"
    ring.forget("sealer")
    ring.forget("sealer")
    assert KeyRing.load(ring.path.parent).named("sealer") is None


def test_a_lock_that_is_there_is_not_asked_to_be_made(ring, monkeypatch):
    """The kernel refuses that to root, where the file is another's (fs.protected_regular)."""
    ring.keep("first", Secret("one"))
    asked = []
    by_system = os.open

    def record(path, flags, *more, **others):
        asked.append((Path(path).name, bool(flags & os.O_CREAT)))
        return by_system(path, flags, *more, **others)

    monkeypatch.setattr(os, "open", record)
    ring.keep("second", Secret("two"))
    assert (LOCK_NAME, False) in asked
    assert (LOCK_NAME, True) not in asked


def test_what_lies_where_the_ring_is_written_anew_is_not_written_into(ring, tmp_path):
    """All of the appliance's users may lay something there; only one of them changes the ring."""
    other = tmp_path / "of somebody else"
    other.write_text("untouched")
    beside = ring.path.with_suffix(".new")
    beside.symlink_to(other)
    ring.keep("first", Secret("one"))
    assert other.read_text() == "untouched"
    assert ring.path.is_file()
    assert not ring.path.is_symlink()
    beside.write_text("left by a killed process")
    with beside.open() as left:  # whoever has it open does not read the ring in it
        ring.keep("second", Secret("two"))
        assert left.read() == "left by a killed process"
    assert KeyRing.load(ring.path.parent).named("second").reveal() == "two"


def test_what_another_user_left_beside_the_ring_hinders_nobody_who_may_remove_it(ring):
    """Opened to be made, the kernel would refuse it in this folder (fs.protected_regular)."""
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    ring.path.parent.chmod(0o3770)
    beside = ring.path.with_suffix(".new")
    beside.write_text("")
    os.chown(beside, 65534, 65534)
    ring.keep("signing", Secret("PEM"))
    assert ring.path.stat().st_uid == 0
    assert not beside.exists()


def test_two_processes_that_keep_secrets_at_once_lose_none(ring):
    program = (
        "import sys; from pathlib import Path; from app.core.keyring import KeyRing\n"
        "from app.core.secret import Secret\n"
        "ring = KeyRing.load(Path(sys.argv[1]))\n"
        "for number in range(20): ring.keep(f'{sys.argv[2]}{number}', Secret('x'))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(ring.path.parent), letter])
        for letter in "ab"
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    kept = json.loads(ring.path.read_bytes())["secrets"]
    assert len(kept) == 40
    assert ring.named("a0").reveal() == ring.named("b19").reveal() == "x"


def test_a_ring_is_never_made_over_another(ring):
    with pytest.raises(KeyRingUnusable, match="there is one already"):
        KeyRing.create(ring.path.parent)
    assert KeyRing.load(ring.path.parent).primary == ring.primary


def test_the_ring_is_readable_by_its_owner_only_F13(ring):
    assert ring.path.stat().st_mode & 0o777 == 0o600
    assert ring.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_missing_ring_says_how_to_get_it_back(tmp_path):
    with pytest.raises(KeyRingUnusable, match="it is not there") as unusable:
        KeyRing.load(tmp_path)
    assert "key kit" in unusable.value.hint


KEY = {"id": "0badcafe", "created_at": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "its content is damaged"),
        (b"\x00\xff{", "its content is damaged"),
        ({"keys": "no"}, "its content is damaged"),
        ({"keys": [{**KEY, "material": "***"}]}, "its content is damaged"),
        ({"keys": []}, "it holds no sound key"),
        ({"keys": [{**KEY, "material": "AAAA"}]}, "it holds no sound key"),
    ],
)
def test_a_damaged_ring_is_refused_with_the_reason(ring, content, reason):
    damage(ring, content)
    with pytest.raises(KeyRingUnusable, match=reason):
        KeyRing.load(ring.path.parent)


def test_the_reason_never_quotes_the_ring_V13(ring):
    material = json.loads(ring.path.read_bytes())["keys"][0]["material"]
    damage(ring, ring.path.read_bytes().replace(b'"created_at":', b'"created_at":"'))
    with pytest.raises(KeyRingUnusable) as unusable:
        KeyRing.load(ring.path.parent)
    assert material not in str(unusable.value)


def test_a_ring_that_cannot_be_read_is_unusable(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(KeyRingUnusable, match="directory"):
        KeyRing.load(tmp_path)


def test_the_key_identifier_is_the_part_before_the_dot(ring):
    assert re.fullmatch("[0-9a-f]{8}", ring.primary)
    assert ring.seal("p", Secret("x")).partition(".")[0] == ring.primary
