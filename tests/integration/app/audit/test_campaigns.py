"""Random mutations are all found; random honest histories are never accused (F5, METI-18).

The long forms are divided (tests/shard.py): each shard takes its share of their seeds.
"""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from app.audit.note import VerifierKey
from app.audit.store import FILE_NAME, reading
from app.audit.verdict import State, Verdict, Wrong
from app.audit.verify import verify
from tests.integration.app.audit.mutations import MUTATORS
from tests.shard import share
from tests.unit.app.audit.trail import Trail

SHORT, LONG = 50, 1_000


class Specimen:
    """A whole history to mutate: erasures, a restore, many checkpoints, an older archive."""

    def __init__(self, folder: Path) -> None:
        trail = Trail(folder / "trail")
        trail.add(9)
        trail.erase("person1")
        early = trail.archive(folder / "early")
        trail.add(3)
        trail.sealer.publish()
        trail.restore(early, known_checkpoint=trail.note)
        trail.add(12, each=True)
        self.older = trail.archive(folder / "older")
        trail.add(7)
        trail.add(4, each=True)
        trail.add(2)
        trail.sealer.publish()
        self.held, self.keys, self.trail = trail.note, trail.keys, trail
        self.store = trail.archive(folder / "store")
        trail.close()


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    return Specimen(tmp_path_factory.mktemp("specimen"))


def mutate(specimen: Specimen, folder: Path, seed: int) -> tuple[str, Verdict, int]:
    """Alter a copy; return how, what verification says, and where the damage begins."""
    chance = random.Random(seed)
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(specimen.store, copy)
    kinds = [*MUTATORS, None, None]
    mutator = kinds[seed % len(kinds)]
    if mutator is None:
        return mutate_from_outside(specimen, copy, chance)
    with sqlite3.connect(copy / FILE_NAME) as connection:
        begins = mutator(connection, chance)
    connection.close()
    return mutator.__name__, verify(copy, specimen.keys, indexes=True), begins


def mutate_from_outside(
    specimen: Specimen, copy: Path, chance: random.Random
) -> tuple[str, Verdict, int]:
    """Cut the end off back to a signed checkpoint, or put an older archive in the place."""
    with sqlite3.connect(copy / FILE_NAME) as connection:
        sizes = [row[0] for row in connection.execute("SELECT size FROM checkpoints ORDER BY 1")]
        size = chance.choice(sizes[len(sizes) // 2 : -1])
        for table, column in (("events", "position"), ("parts", "position")):
            connection.execute(f"DELETE FROM {table} WHERE {column} >= ?", (size,))
        connection.execute("DELETE FROM checkpoints WHERE size > ?", (size,))
        # a thorough attacker computes the frontier anew
        from app.audit.merkle import Tree, leaf_hash

        tree = Tree()
        for (content,) in connection.execute("SELECT content FROM events ORDER BY position"):
            tree.append(leaf_hash(content.encode()))
        connection.execute(
            "UPDATE frontier SET size = ?, hashes = ?", (size, b"".join(tree.frontier))
        )
    connection.close()
    if chance.random() < 0.5:
        shutil.copy(specimen.older / FILE_NAME, copy / FILE_NAME)
    inside = verify(copy, specimen.keys)
    assert inside.state is State.WHOLE
    assert not inside.rollback_excluded
    verdict = verify(copy, specimen.keys, against=[specimen.held])
    return "rolled back", verdict, inside.size


def assert_found(specimen: Specimen, folder: Path, seed: int) -> None:
    how, verdict, begins = mutate(specimen, folder, seed)
    told = f"seed {seed}, {how} at {begins}: {verdict.wrong}"
    assert verdict.state is State.TAMPERED, told
    assert verdict.wrong is not None
    if verdict.wrong.wrong is Wrong.REWRITTEN:
        # the seal was computed anew: the checkpoint behind names the range
        first, last = verdict.wrong.parameters["first"], verdict.wrong.parameters["last"]
        assert first <= begins <= last, told
    elif how == "alter_index":
        assert verdict.wrong.wrong is Wrong.STRUCTURE, told
        assert "index" in str(verdict.wrong), told
    elif verdict.wrong.wrong not in {Wrong.CHECKPOINT, Wrong.CHAIN, Wrong.FRONTIER}:
        assert verdict.wrong.position == begins, told


def test_fifty_random_mutations_are_found_and_the_first_wrong_event_is_named_F5(
    specimen: Specimen, tmp_path: Path
) -> None:
    assert verify(specimen.store, specimen.keys, against=[specimen.held]).state is State.WHOLE
    for seed in range(SHORT):
        assert_found(specimen, tmp_path, seed)


@pytest.mark.slow
@pytest.mark.divided
@pytest.mark.timeout(1800)
def test_a_thousand_random_mutations_are_found_F5(specimen: Specimen, tmp_path: Path) -> None:
    for seed in share(LONG):
        assert_found(specimen, tmp_path, seed)


def live_honestly(folder: Path, seed: int) -> tuple[Verdict, list[VerifierKey]]:
    """Lead a random honest life; return what verification says against all that was published."""
    chance = random.Random(seed)
    trail = Trail(folder)
    archives: list[Path] = []
    held: list[str] = []
    for turn in range(chance.randint(3, 8)):
        act = chance.choice(("work", "work", "publish", "archive", "erase", "restore", "restart"))
        if act == "work":
            trail.add(chance.randint(1, 9), each=chance.random() < 0.3)
        elif act == "publish":
            trail.sealer.publish()
            held.append(trail.note)
        elif act == "archive":
            archives.append(trail.archive(folder / f"archive{turn}"))
        elif act == "erase":
            before = chance.choice((0, 0, 1_763_690_000_000 + 1_000 * trail.count))
            trail.erase(f"person{chance.randrange(3)}", before=before)
        elif act == "restore" and archives:
            with reading(trail.folder) as connection:
                from app.audit.erasure import read_erasures

                erasures = tuple(read_erasures(connection).all)
            known = {"known_checkpoint": held[-1]} if held and chance.random() < 0.7 else {}
            trail.restore(chance.choice(archives), erasures=erasures, **known)
        else:
            trail.stop()
            trail.start()
    verdict = trail.verify(against=held, indexes=True)
    trail.close()
    return verdict, trail.keys


def assert_never_accused(folder: Path, seed: int) -> None:
    verdict, _ = live_honestly(folder / f"life{seed}", seed)
    assert verdict.state is State.WHOLE, f"seed {seed}: {verdict.wrong}"
    shutil.rmtree(folder / f"life{seed}")


def test_fifty_honest_histories_with_restores_and_erasures_are_whole_F5(tmp_path: Path) -> None:
    for seed in range(SHORT):
        assert_never_accused(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.divided
@pytest.mark.timeout(1800)
def test_a_thousand_honest_histories_are_whole_F5(tmp_path: Path) -> None:
    for seed in share(LONG):
        assert_never_accused(tmp_path, seed)
