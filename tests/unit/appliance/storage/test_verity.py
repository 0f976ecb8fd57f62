"""Blocks that are right and blocks that are not, in trees that veritysetup made."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.storage import programs, verity
from appliance.storage.verity import BLOCK, NoTree, good_tree, header_of, is_whole, read_tree

MADE = "veritysetup"
pytestmark = pytest.mark.skipif(
    shutil.which(MADE, path="/usr/sbin:/usr/bin") is None, reason="cryptsetup-bin is not installed"
)


def slot(folder: Path, blocks: int = 300, salt: str = "aabbcc") -> tuple[Path, Path, str]:
    """Make a slot of some blocks of chance and then zeros, in a larger partition."""
    data, tree = folder / "data", folder / "tree"
    chance = min(blocks - 1, 200)
    data.write_bytes(os.urandom(chance * BLOCK) + bytes((blocks - chance) * BLOCK))
    tree.write_bytes(b"\x5a" * (blocks // 64 + 8) * BLOCK)
    told = subprocess.run(
        [f"/usr/sbin/{MADE}", "format", f"--salt={salt}", str(data), str(tree)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return data, tree, told.partition("Root hash:")[2].split()[0]


def flip(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        (was,) = file.read(1)
        file.seek(place)
        file.write(bytes([was ^ 1]))


@pytest.mark.parametrize("blocks", [2, 128, 129, 300, 16_400])
@pytest.mark.parametrize("salt", ["-", "aabbcc"])
def test_what_veritysetup_made_is_whole_and_one_flipped_bit_is_not_V11(
    blocks: int, salt: str, tmp_path: Path
) -> None:
    data, tree, root = slot(tmp_path, blocks, salt)
    assert is_whole(data, tree, root)
    assert not is_whole(data, tree, "0" * 64)
    for file, place in ((data, 4097), (data, (blocks - 1) * BLOCK), (tree, BLOCK), (tree, 0)):
        flip(file, place)
        assert not is_whole(data, tree, root)
        flip(file, place)
    assert is_whole(data, tree, root)


def test_the_numbers_of_wrong_blocks_are_told_V11(tmp_path: Path) -> None:
    data, tree, root = slot(tmp_path)
    with data.open("rb") as blocks, tree.open("rb") as hashes:
        good = good_tree([read_tree(hashes.fileno())], [root])
        for place in (5, 299):
            flip(data, place * BLOCK + 17)
        flip(tree, 2 * BLOCK)
        assert list(verity.wrong_in_data(blocks.fileno(), good)) == [5, 299]
        assert list(verity.wrong_in_tree(hashes.fileno(), good)) == [2]


def test_a_tree_is_put_together_from_two_that_are_damaged_in_different_places_V11(
    tmp_path: Path,
) -> None:
    _, tree, root = slot(tmp_path, 16_400)
    right = tree.read_bytes()
    one, two = bytearray(right), bytearray(right)
    one[0] ^= 1
    one[3 * BLOCK + 9] ^= 1
    two[5 * BLOCK] ^= 1
    good = good_tree([bytes(one), bytes(two)], ["f" * 64, root])
    assert good.roothash == root
    assert good.content == right[: good.header.size]
    two[3 * BLOCK] ^= 1
    with pytest.raises(NoTree):
        good_tree([bytes(one), bytes(two)], [root])


def test_what_is_no_tree_of_ours_is_none(tmp_path: Path) -> None:
    assert header_of(b"") is None
    assert header_of(bytes(BLOCK)) is None
    assert header_of(os.urandom(BLOCK)) is None
    _, tree, _ = slot(tmp_path)
    many = bytearray(tree.read_bytes()[:BLOCK])
    many[72:80] = (1 << 60).to_bytes(8, "little")
    assert header_of(bytes(many)) is None, "no disk is as large"


def test_a_block_that_cannot_be_read_is_wrong_and_those_beside_it_are_not_V11(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, tree, root = slot(tmp_path)
    with tree.open("rb") as hashes:
        good = good_tree([read_tree(hashes.fileno())], [root])
    real = os.pread

    def pread(file: int, length: int, begin: int) -> bytes:
        if begin <= 200 * BLOCK < begin + length:
            raise OSError(5, "Input/output error")
        return real(file, length, begin)

    monkeypatch.setattr(os, "pread", pread)
    with data.open("rb") as blocks:
        assert list(verity.wrong_in_data(blocks.fileno(), good)) == [200]


def test_a_disk_that_is_gone_is_no_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, tree, root = slot(tmp_path)
    monkeypatch.setattr(programs, "device", lambda name: str(tmp_path / name))
    assert programs.is_slot(data.name, tree.name, root)
    data.unlink()
    assert not programs.is_slot(data.name, tree.name, root)
