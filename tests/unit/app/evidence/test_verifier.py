"""The verifier as an auditor runs it: alone, on honest and on forged files."""

import ast
import base64
import io
import itertools
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.audit.merkle import Forest, leaf_hash
from app.evidence import verify
from app.evidence.making import Made, Period, make_evidence
from tests.unit.app.audit.trail import Trail

BEGIN = 1_763_690_000_000
ALWAYS = Period(since=0, until=2**61)
Files = dict[str, bytes]


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    made = Trail(tmp_path)
    yield made
    made.sealer._ledger.close()
    made.database.close()


def make(trail: Trail, period: Period = ALWAYS) -> tuple[bytes, Made]:
    target = io.BytesIO()
    made = make_evidence(trail.folder, target, period, at=BEGIN, progress=lambda *_: None)
    return target.getvalue(), made


def unpack(packed: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(files: Files, *, honest_sums: bool = True) -> bytes:
    """Pack files again; a forger who knows the format writes the sums anew."""
    if honest_sums:
        files = dict(files)
        names = [line.partition("  ")[2] for line in files["SHA256SUMS"].decode().splitlines()]
        files["SHA256SUMS"] = "".join(
            f"{verify.sha256(files[name]).hexdigest()}  {name}\n" for name in names
        ).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def judge(packed: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str):
    """Return exit code and what was printed."""
    path = tmp_path / "evidence.zip"
    path.write_bytes(packed)
    code = verify.main([str(path), "--language", "en", *more])
    return code, capsys.readouterr().out


def test_the_verifier_runs_alone_in_an_empty_folder_and_says_whole_in_both_languages_F5_METI_18(
    trail: Trail, tmp_path: Path
) -> None:
    trail.add(30)
    packed, _ = make(trail)
    empty = tmp_path / "another computer"
    empty.mkdir()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(empty)
    for language, says in (("en", "WHOLE: events 0 to"), ("ja", "改ざんなし：操作0から")):
        run = subprocess.run(
            [sys.executable, "-I", "verify.py", "--language", language],
            cwd=empty, capture_output=True, text=True, encoding="utf-8", check=False,
            env={"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}, timeout=60,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr
        assert run.stdout.startswith(says)
        assert run.stderr == ""
    assert {path.name for path in empty.iterdir()} == {
        "events.jsonl", "evidence.json", "key.txt", "verify.py", "SHA256SUMS",
        "README.en.txt", "README.ja.txt",
    }  # fmt: skip


def test_it_imports_the_standard_library_only_and_speaks_the_python_of_39() -> None:
    source = Path(verify.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        name.name.partition(".")[0]
        for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }  # fmt: skip
    assert imported <= sys.stdlib_module_names
    assert not any(isinstance(node, ast.ImportFrom | ast.Match) for node in ast.walk(tree))


VECTORS = [  # RFC 8032, section 7.1: public key, message, signature
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_signatures_are_checked_as_rfc_8032_says(public, message, signature) -> None:
    key, text, signed = (bytes.fromhex(each) for each in (public, message, signature))
    assert verify.accepts(key, text, signed)
    assert not verify.accepts(key, text + b"x", signed)
    assert not verify.accepts(key, text, signed[:-1])
    for place in range(0, 64, 7):
        flipped = bytearray(signed)
        flipped[place] ^= 1
        assert not verify.accepts(key, text, bytes(flipped))
    assert not verify.accepts(b"\xff" * 32, text, signed)
    larger = int.from_bytes(signed[32:], "little") + verify.ORDER
    assert not verify.accepts(key, text, signed[:32] + larger.to_bytes(32, "little"))


def test_signatures_of_many_keys_are_accepted_as_the_library_makes_them() -> None:
    for number in range(20):
        key = Ed25519PrivateKey.generate()
        message = bytes([number]) * number
        public = key.public_key().public_bytes_raw()
        assert verify.accepts(public, message, key.sign(message))
        assert not verify.accepts(public, message + b"!", key.sign(message))


def test_the_tree_is_that_of_the_appliance() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(70)]
    for size, first in itertools.product((1, 2, 7, 64, 70), (0, 1, 5, 64)):
        forest, tree, at = Forest(leaves[:size]), verify.Tree(), 0
        for stop in sorted({min(first, size), size}):
            for height in verify.heights(at, stop):
                tree.append(forest.root(at, at + (1 << height)), height)
                at += 1 << height
        assert tree.root() == forest.root()
        for position in range(size):
            path = forest.inclusion(position)
            assert verify.climb(leaves[position], position, size, path) == forest.root()


def test_any_stretch_of_a_history_is_proven_F5(
    trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for count in (5, 12, 1, 20):
        trail.add(count)
    for since, until in ((0, 3), (2, 17), (17, 18), (30, 99), (0, 99), (5, 5)):
        period = Period(since=BEGIN + since * 1000, until=BEGIN + until * 1000)
        code, says = judge(make(trail, period)[0], tmp_path, capsys)
        assert (code, says.split()[0]) == (0, "WHOLE:"), says


# --- Forgeries ------------------------------------------------------------------------------------


def lines(files: Files) -> list[bytes]:
    return files["events.jsonl"].splitlines(keepends=True)


def forged(change: Callable[[list[bytes]], object]) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        found = lines(files)
        change(found)
        files["events.jsonl"] = b"".join(found)

    return apply


def swap(found: list[bytes]) -> None:
    found[7], found[8] = found[8], found[7]


def swap_with_numbers(found: list[bytes]) -> None:
    swap(found)
    for place in (7, 8):
        found[place] = b'{"position":%d,' % (place + 3) + found[place].partition(b",")[2]


def replace_seal(line: bytes) -> bytes:
    """As a forger does who computes the seal anew."""
    head = verify.HEAD.match(line)
    assert head
    content = line[-2 - int(head[2]) : -2]
    return line.replace(head[3], leaf_hash(content).hex()[:16].encode(), 1)


def rewrite(found: list[bytes]) -> None:
    found[7] = replace_seal(found[7].replace(b'"outcome":"done"', b'"outcome":"d0ne"'))


def edit(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return apply


def other_key(files: Files) -> None:
    name, _, _ = files["key.txt"].decode().partition("+")
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    hashed = verify.sha256(name.encode() + b"\n\x01" + public).hexdigest()[:8]
    encoded = base64.b64encode(b"\x01" + public).decode()
    files["key.txt"] = f"{name}+{hashed}+{encoded}\n".encode()


def other_root(files: Files) -> None:
    evidence = json.loads(files["evidence.json"])
    text = evidence["checkpoints"][-1].split("\n")
    text[2] = base64.b64encode(bytes(32)).decode()
    evidence["checkpoints"][-1] = "\n".join(text)
    files["evidence.json"] = json.dumps(evidence).encode()


def fewer_checkpoints(files: Files) -> None:
    evidence = json.loads(files["evidence.json"])
    evidence["checkpoints"] = evidence["checkpoints"][:1]
    files["evidence.json"] = json.dumps(evidence).encode()


def no_checkpoints(files: Files) -> None:
    evidence = json.loads(files["evidence.json"])
    evidence["checkpoints"] = []
    files["evidence.json"] = json.dumps(evidence).encode()


def other_subtree(files: Files) -> None:
    evidence = json.loads(files["evidence.json"])
    evidence["subtrees"][0] = "00" * 32
    files["evidence.json"] = json.dumps(evidence).encode()


def invented_value(found: list[bytes]) -> None:
    """Beside the true values: a reader of the lines would take them for the event's own."""
    found[7] = found[7].replace(b'"parts":[', b'"parts":[["actor","00",9,{"x":"y"}],', 1)


def invented_member(found: list[bytes]) -> None:
    found[7] = found[7].replace(b',"content":', b',"note":"x","content":', 1)


def cut_in_a_value(found: list[bytes]) -> None:
    found[7] = found[7][: found[7].index(b'"parts":[') + 80]


def other_bracket(found: list[bytes]) -> None:
    found[7] = found[7].replace(b'}]],"content":', b'}}],"content":', 1)


def no_comma(found: list[bytes]) -> None:
    found[7] = found[7].replace(b'],["target"', b']["target"', 1)


FORGERIES: list[tuple[str, Callable[[Files], None], str]] = [
    ("deleted", forged(lambda found: found.pop(7)), "at event 10"),
    ("deleted first", forged(lambda found: found.pop(0)), "at event 3"),
    ("cut off", forged(lambda found: found.pop()), "at event "),
    ("inserted", forged(lambda found: found.insert(7, found[2])), "at event 10"),
    ("appended", forged(lambda found: found.append(found[-1])), "at event "),
    ("swapped", forged(swap), "at event 10"),
    ("swapped and renumbered", forged(swap_with_numbers), ""),
    ("rewritten with its seal", forged(rewrite), "do not give the signed root"),
    ("garbled", forged(lambda found: found.__setitem__(7, b"{}\n")), "at event 10"),
    ("value", edit("events.jsonl", "花子".encode(), "太郎".encode()), "values “actor”"),
    ("content", edit("events.jsonl", b'"outcome":"done"', b'"outcome":"gone"'), "was changed"),
    ("invented value", forged(invented_value), "values “actor”"),
    ("invented member", forged(invented_member), "was changed"),
    ("cut in a value", forged(cut_in_a_value), "was changed"),
    ("another bracket", forged(other_bracket), "was changed"),
    ("no comma", forged(no_comma), "was changed"),
    ("root", other_root, "checkpoint of"),
    ("key", other_key, "another key"),
    ("covered by none", fewer_checkpoints, "No checkpoint covers"),
    ("no checkpoint", no_checkpoints, "No checkpoint covers"),
    ("subtree", other_subtree, "do not give the signed root"),
]


@pytest.mark.parametrize(("change", "says"), [each[1:] for each in FORGERIES],
                         ids=[each[0] for each in FORGERIES])  # fmt: skip
def test_a_forgery_is_found_and_its_first_wrong_event_named_F5_METI_18(
    trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    change: Callable[[Files], None], says: str,
) -> None:  # fmt: skip
    trail.add(30, each=True)
    files = unpack(make(trail, Period(since=BEGIN + 2000, until=BEGIN + 20_000))[0])
    assert len(lines(files)) >= 12
    first = json.loads(files["evidence.json"])["first"]
    assert first == 3, "one event begins the history"
    change(files)
    code, told = judge(pack(files), tmp_path, capsys)
    assert code == 3, told
    assert told.startswith("TAMPERED WITH")
    assert says in told


def test_a_changed_file_beside_the_events_is_named(
    trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail.add(3)
    files = unpack(make(trail)[0])
    files["README.en.txt"] += b"!"
    code, told = judge(pack(files, honest_sums=False), tmp_path, capsys)
    assert (code, "README.en.txt" in told) == (3, True)


def test_every_byte_that_is_flipped_in_events_and_proof_is_found_F5(
    trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail.add(9)
    trail.add(9)
    files = unpack(make(trail, Period(since=BEGIN + 1000, until=BEGIN + 8000))[0])
    chosen = random.Random(7)
    for name in ("events.jsonl", "evidence.json", "key.txt"):
        for place in chosen.sample(range(len(files[name])), 60):
            changed = bytearray(files[name])
            changed[place] ^= 1 << chosen.randrange(7)
            code, told = judge(pack({**files, name: bytes(changed)}), tmp_path, capsys)
            if code == 0:  # spaces, the time asked for, names of members that prove nothing
                if name == "key.txt":
                    assert changed.split() == files[name].split(), told
                    continue
                assert name == "evidence.json", told
                proof = {"first", "end", "checkpoints", "subtrees", "later"}
                old, new = (json.loads(each) for each in (files[name], changed))
                new["subtrees"] = [each.lower() for each in new["subtrees"]]  # the same bytes
                assert {key: old[key] for key in proof} == {key: new[key] for key in proof}


def test_a_download_that_was_cut_is_unreadable_and_never_called_forged(
    trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail.add(30)
    packed, _ = make(trail)
    for size in (0, 1, 100, len(packed) // 2, len(packed) - 30, len(packed) - 1):
        code, told = judge(packed[:size], tmp_path, capsys)
        assert (code, told.startswith("CANNOT BE READ")) == (2, True), (size, told)
    hole = bytearray(packed)
    hole[60:120] = bytes(60)
    assert judge(bytes(hole), tmp_path, capsys)[0] == 2
    assert verify.main([str(tmp_path / "nothing.zip")]) == 2
    (tmp_path / "empty").mkdir()
    assert verify.main([str(tmp_path / "empty")]) == 2
    other = unpack(packed)
    other["evidence.json"] = b'{"format": "other/1"}'
    assert judge(pack(other), tmp_path, capsys)[0] == 2


def test_the_fingerprint_noted_on_paper_is_compared(
    trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail.add(3)
    packed, _ = make(trail)
    _, told = judge(packed, tmp_path, capsys)
    noted = next(line for line in told.splitlines() if "Fingerprint" in line).partition(": ")[2]
    assert "Compare it" in told
    code, told = judge(packed, tmp_path, capsys, "--key", noted.upper())
    assert (code, "is the one that you named" in told) == (0, True)
    code, told = judge(packed, tmp_path, capsys, "--key", "0000 " * 10)
    assert (code, "not the one that you named" in told) == (3, True)


def test_erased_values_are_told_as_erased_and_removed_ones_as_tampered_F5_METI_46(
    trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail.add(12)
    trail.erase("person1")
    trail.add(6)
    inside, made = make(trail)
    assert made.erasures == 1
    code, told = judge(inside, tmp_path, capsys)
    assert code == 0, told
    assert "Erased on " in told
    assert "under “個人情報保護法 第35条”" in told
    behind = Period(since=BEGIN, until=BEGIN + 8000)
    packed, _ = make(trail, behind)
    code, told = judge(packed, tmp_path, capsys)
    assert (code, "under “個人情報保護法 第35条”" in told) == (0, True), told

    files = unpack(packed)
    evidence = json.loads(files["evidence.json"])
    (later,) = evidence["later"]
    without = {**evidence, "later": []}
    code, told = judge(
        pack({**files, "evidence.json": json.dumps(without).encode()}), tmp_path, capsys
    )
    assert (code, "no erasure says why" in told) == (3, True)
    invented = {**later, "content": later["content"].replace("person1", "person2")}
    code, told = judge(
        pack({**files, "evidence.json": json.dumps({**evidence, "later": [invented]}).encode()}),
        tmp_path, capsys,
    )  # fmt: skip
    assert (code, "not part of the history" in told) == (3, True)


def test_a_restore_within_the_period_is_told_and_honest(
    trail: Trail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail.add(10)
    kept = trail.archive(tmp_path / "archive-7")
    trail.add(4, each=True)
    trail.restore(kept, known_checkpoint=trail.note)
    trail.add(5)
    code, told = judge(make(trail)[0], tmp_path, capsys)
    assert code == 0, told
    assert "Restored from the archive “archive-7”" in told
