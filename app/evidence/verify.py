#!/usr/bin/env python3
"""Check the evidence of an operation history. Needs Python 3.9 or newer and nothing else.

    python3 verify.py                    the evidence that lies unpacked in this folder
    python3 verify.py evidence.zip       the download as it came
    --key FINGERPRINT                    compare the signing key with what you noted on paper
    --language ja                        日本語で表示します

It answers: 0 whole, 3 tampered with (and names the first wrong event), 2 cannot be read.

How it convinces. The history is a Merkle tree (RFC 6962): a hash of each event, hashes of pairs of
hashes, up to one root that stands for all. The appliance signs the root with the number of events:
a checkpoint. Here the tree grows again: over the events of the period from their own bytes, over
everything before and after from hashes of whole subtrees. Where one bit differs, no signed root
comes out. Values about people stand beside an event, which holds their salted hash: they can be
erased later, and an event of its own then says when, by whom and under which rule.
"""

import argparse
import base64
import binascii
import datetime
import hashlib
import io
import json
import locale
import pathlib
import re
import sys
import zipfile
import zlib

FORMAT = "tenshu-evidence/1"
WHOLE, UNREADABLE, TAMPERED = 0, 2, 3
sha256, unhexlify = hashlib.sha256, binascii.unhexlify


class Tampered(Exception):
    """Something is not what was sealed; `where` is the position of the first wrong event."""

    def __init__(self, says, where=None, **told):
        super().__init__(says)
        self.says, self.where, self.told = says, where, told


# --- Signatures: Ed25519 (RFC 8032, section 5.1), only the checking ---------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(a, b):
    """Add two points of the curve in extended coordinates (X, Y, Z, T)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    g, h = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = (f - e) % P, (h - g) % P, (h + g) % P, (f + e) % P
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(number, point):
    """Add a point to itself `number` times."""
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def decompress(raw):
    """Return the point that 32 bytes name; None where they name none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def accepts(public, message, signature):
    """Tell whether `signature` is that of the key `public` over `message`."""
    key, nonce = decompress(public), decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or nonce is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = multiply(scalar, BASE)
    right = add(nonce, multiply(int.from_bytes(digest, "little") % ORDER, key))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


# --- The tree (RFC 6962, section 2.1) -----------------------------------------------------------


class Tree:
    """A Merkle tree that grows by whole subtrees; it keeps the roots of the perfect ones."""

    def __init__(self):
        self.size, self.roots = 0, []

    def append(self, root, height=0):
        """Add a perfect subtree of 2**height leaves."""
        filled = self.size >> height
        while filled & 1:
            root = sha256(b"\x01" + self.roots.pop() + root).digest()
            filled >>= 1
        self.roots.append(root)
        self.size += 1 << height

    def root(self):
        """Return the one hash that stands for all leaves so far."""
        found = self.roots[-1] if self.roots else sha256(b"").digest()
        for left in reversed(self.roots[:-1]):
            found = sha256(b"\x01" + left + found).digest()
        return found


def perfect(leaves):
    """Return the root over a power of two of leaf hashes."""
    while len(leaves) > 1:
        pairs = zip(leaves[::2], leaves[1::2])
        leaves = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return leaves[0]


def heights(first, end):
    """Yield the heights of the largest subtrees that cover the leaves from `first` to `end`."""
    while first < end:
        height = (end - first).bit_length() - 1
        if first:
            height = min(height, (first & -first).bit_length() - 1)
        yield height
        first += 1 << height


def climb(leaf, position, size, path):
    """Return the root that an audit path leads to from a leaf (RFC 9162, section 2.1.3.2)."""
    node, last, found = position, size - 1, leaf
    for sibling in path:
        if node & 1 or node == last:
            found = sha256(b"\x01" + sibling + found).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + sibling).digest()
        node, last = node >> 1, last >> 1
    return found if last == 0 else b""


# --- Keys and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint) ------------------------


def decode(encoded):
    """Return the bytes of base64 in its one standard form: nothing may be written in two ways."""
    raw = base64.b64decode(encoded, validate=True)
    if base64.b64encode(raw).decode() != encoded:
        raise ValueError(encoded)
    return raw


def read_keys(text):
    """Return (name, key hash) → public key of lines `name+hash+base64`."""
    keys = {}
    for line in text.split():
        name, hashed, encoded = line.split("+", 2)
        public = decode(encoded)[1:]
        if sha256(name.encode() + b"\n\x01" + public).hexdigest()[:8] != hashed:
            raise ValueError(line)
        keys[name, bytes.fromhex(hashed)] = public
    return keys


def fingerprint(public):
    """Return what people compare on the telephone: groups of four signs."""
    return " ".join(re.findall("....", sha256(public).hexdigest()[:40]))


def open_checkpoint(note, keys):
    """Return number of events and root of a checkpoint that one of the keys has signed."""
    text, _, signatures = note.rpartition("\n\n")
    origin, size, root = (text + "\n").split("\n")[:3]
    for line in signatures.splitlines():
        _, name, encoded = line.split(" ")
        raw = decode(encoded)
        public = keys.get((name, raw[:4]))
        if public and name == origin and accepts(public, (text + "\n").encode(), raw[4:]):
            return int(size), decode(root)
    raise Tampered("checkpoint", size=size)


# --- The events -----------------------------------------------------------------------------------

HEAD = re.compile(rb'\{"position":(\d+),"bytes":(\d+),"seal":"([0-9a-f]{16})","parts":\[')
PART = re.compile(rb',?\["([a-z]+)","([0-9a-f]*)",(\d+),')


class Events:
    """Reads the events in order; notes what was erased, and what says so."""

    def __init__(self, lines):
        self.lines = lines
        self.missing, self.told, self.values = [], [], 0

    def read(self, first, end):
        """Return the leaf hashes of the events that must stand from `first` to before `end`."""
        leaves, match_head, match_part = [], HEAD.match, PART.match
        for position in range(first, end):
            line = next(self.lines, b"")
            head = match_head(line)
            if not head or int(head[1]) != position:
                raise Tampered("removed" if not line or head else "changed", position)
            size, at, found = int(head[2]), head.end(), []
            content = line[-2 - size : -2]
            leaf = sha256(b"\x00" + content).digest()
            part = match_part(line, at)
            while part:
                name, salt, length = part.groups()
                begin = part.end()
                at = begin + int(length)
                digest = sha256(unhexlify(salt) + line[begin:at]).hexdigest()
                found.append(b'"%b":"%b"' % (name, digest.encode()))
                part = match_part(line, at + 1) if line.startswith(b"],[", at) else None
            # between and behind these pieces nothing stands but what holds them together
            between = b']],"content":' if found else b'],"content":'
            if (
                leaf[:8].hex().encode() != head[3]
                or not line.startswith(between, at)
                or len(line) != at + len(between) + size + 2
                or not line.endswith(b"}\n")
            ):
                raise Tampered("changed", position, event=identifier(content))
            # quotes inside a JSON text are escaped: these bytes are the member and nothing else
            whole = b'"commitments":{' + b",".join(found) + b"}"
            if not (whole in content if found else b'"commitments":{' not in content):
                self.compare(position, json.loads(content), found)
            if b'"verb":"audit.' in content:
                self.told.append((position, json.loads(content)))
            self.values += len(found)
            leaves.append(leaf)
        return leaves

    def compare(self, position, event, found):
        """Compare the values that are there with the hashes in the event; note those missing."""
        due = event.get("commitments", {})
        have = [json.loads(b"{" + each + b"}").popitem() for each in found]
        for name, digest in have:
            if due.get(name) != digest:
                raise Tampered("values", position, event=event["id"], name=name)
        for name in due.keys() - dict(have).keys():
            self.missing.append((position, event["id"], name, event.get(name, ""), event["at"]))


def identifier(content):
    """Return an event's identifier, as far as it can still be read."""
    found = re.search(rb'"id":"([0-9A-Za-z._-]+)"', content)
    return found[1].decode() if found else "?"


def erasures(told):
    """Yield position, subject, time limit and event of each erasure among these events."""
    for position, event in told:
        subject = event.get("references", {}).get("subject", "")
        before = event.get("numbers", {}).get("before", 0)
        if event["verb"] == "audit.erase" and event["outcome"] == "done" and (subject or before):
            yield position, subject, before, event


def explain(missing, told):
    """Return erasure's position → (its event, number of values). Each missing value needs one."""
    known, taken = sorted(erasures(told), key=lambda one: one[0]), {}
    for position, event, name, subject, at in missing:
        for place, whose, before, erasure in known:
            if place > position and ((whose and whose == subject) or before > at):
                taken[place] = (erasure, taken.get(place, (erasure, 0))[1] + 1)
                break
        else:
            raise Tampered("value_removed", position, event=event, name=name)
    return taken


# --- The whole ------------------------------------------------------------------------------------


def check(open_file, noted=""):
    """Check everything. Return what was found; raise Tampered, or what reading raises."""
    evidence = json.loads(open_file("evidence.json").read())
    if evidence["format"] != FORMAT:
        raise ValueError(evidence["format"])
    for line in open_file("SHA256SUMS").read().decode().splitlines():
        digest, _, name = line.partition("  ")
        if sha256(open_file(name).read()).hexdigest() != digest:
            raise Tampered("file", name=name)
    keys = read_keys(open_file("key.txt").read().decode())
    if noted and noted not in {fingerprint(key).replace(" ", "") for key in keys.values()}:
        raise Tampered("key")
    signed = dict(open_checkpoint(note, keys) for note in evidence["checkpoints"])
    if not signed or max(signed) < evidence["end"]:
        raise Tampered("uncovered", evidence["first"])
    events = Events(iter(open_file("events.jsonl")))
    grow(evidence, events, signed)
    events.told += later_events(evidence["later"], max(signed), signed[max(signed)])
    return {
        "first": evidence["first"],
        "end": evidence["end"],
        "size": max(signed),
        "values": events.values,
        "keys": keys,
        "erased": explain(events.missing, events.told),
        "epochs": [event for _, event in events.told if event["verb"] == "audit.epoch"],
    }


def grow(evidence, events, signed):
    """Let the tree grow to the newest checkpoint; every signed root must come out on the way."""
    first, end = evidence["first"], evidence["end"]
    subtrees = iter([bytes.fromhex(each) for each in evidence["subtrees"]])
    tree, proven = Tree(), first
    for stop in sorted({first, end, *signed}):
        inside = first <= tree.size < end
        for height in heights(tree.size, stop):
            if inside:
                tree.append(perfect(events.read(tree.size, tree.size + (1 << height))), height)
            else:
                tree.append(next(subtrees, b""), height)
        if stop in signed:
            if signed[stop] != tree.root():
                raise Tampered("rewritten", proven, last=min(stop, end) - 1, size=stop)
            proven = max(first, min(stop, end))
    if next(events.lines, b""):
        raise Tampered("inserted", end)


def later_events(given, size, root):
    """Yield the erasures behind the period, each proven to stand in the tree of that root."""
    for one in given:
        leaf = sha256(b"\x00" + one["content"].encode()).digest()
        path = [bytes.fromhex(each) for each in one["path"]]
        if climb(leaf, one["position"], size, path) != root:
            raise Tampered("later", one["position"])
        yield one["position"], json.loads(one["content"])


WORDS = {
    "whole": ("WHOLE: events {first} to {last} are exactly as they were sealed.",
              "改ざんなし：操作{first}から{last}までは、封印されたときのままです。"),
    "none": ("WHOLE: there is no event in this period.", "改ざんなし：この期間に操作はありません。"),
    "covers": ("The newest signed checkpoint covers {size} events. Values about people checked: {values}.",
               "最新の署名付きチェックポイントは操作{size}件を対象とします。個人に関する値の確認数：{values}"),
    "erased": ("Erased on {day} under “{basis}”: {count} values (the events themselves are proven).",
               "{day}に「{basis}」に基づいて消去：値{count}件（操作そのものは証明されています）。"),
    "epoch": ("Restored from the archive “{archive}” on {day}; the history says so itself.",
              "{day}にアーカイブ「{archive}」から復元。履歴自体に記録されています。"),
    "print": ("Fingerprint of the signing key: {print}", "署名鍵の指紋：{print}"),
    "compare": ("Compare it with the one noted at the set-up, by paper or telephone: who has another "
                "key could have written another history.",
                "初期設定時に控えた指紋と、紙または電話で照合してください。鍵が違えば、別の履歴を作れます。"),
    "compared": ("The signing key is the one that you named.", "署名鍵は、指定された指紋と一致します。"),
    "tampered": ("TAMPERED WITH", "改ざんあり"),
    "at": (" at event {where}", "：操作{where}"),
    "removed": ("An event is missing here, or stands at another place.", "ここにあるはずの操作がないか、位置が違います。"),
    "changed": ("The event {event} was changed after it was sealed.", "操作{event}は封印後に変更されています。"),
    "inserted": ("An event was added that nobody sealed.", "封印されていない操作が追加されています。"),
    "values": ("The values “{name}” of the event {event} were changed.", "操作{event}の値「{name}」が変更されています。"),
    "value_removed": ("The values “{name}” of the event {event} are gone, and no erasure says why.",
                      "操作{event}の値「{name}」がなく、消去の記録もありません。"),
    "rewritten": ("Events from here to {last} do not give the signed root of {size} events.",
                  "ここから{last}までの操作から、操作{size}件の署名付きルートが得られません。"),
    "checkpoint": ("The checkpoint of {size} events was altered, or signed by another key.",
                   "操作{size}件のチェックポイントが変更されたか、別の鍵で署名されています。"),
    "uncovered": ("No checkpoint covers the period.", "期間を対象とするチェックポイントがありません。"),
    "later": ("The erasure that should explain missing values is not part of the history.",
              "値の消去を示す操作が、この履歴のものではありません。"),
    "file": ("The file {name} was changed.", "ファイル{name}が変更されています。"),
    "key": ("The signing key is not the one that you named.", "署名鍵が、指定された指紋と一致しません。"),
    "unreadable": ("CANNOT BE READ: {reason}. Download the evidence again.",
                   "読み取れません：{reason}。証拠をもう一度ダウンロードしてください。"),
}  # fmt: skip


def report(tell, found, noted):
    """Print what was found about evidence that is whole."""

    def day(event):
        at = datetime.datetime.fromtimestamp(event["at"] / 1000, datetime.timezone.utc)
        return at.astimezone().strftime("%Y-%m-%d %H:%M")

    tell(
        "whole" if found["end"] > found["first"] else "none",
        first=found["first"],
        last=found["end"] - 1,
    )
    tell("covers", size=found["size"], values=found["values"])
    for erasure, count in found["erased"].values():
        tell(
            "erased",
            day=day(erasure),
            basis=erasure.get("references", {}).get("basis", ""),
            count=count,
        )
    for epoch in found["epochs"]:
        tell("epoch", day=day(epoch), archive=epoch.get("references", {}).get("archive", ""))
    for public in found["keys"].values():
        tell("print", print=fingerprint(public))
    tell("compared" if noted else "compare")


def main(arguments=None):
    """Check what the command line names; print the verdict; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "evidence", nargs="?", default=pathlib.Path(__file__).parent, type=pathlib.Path
    )
    parser.add_argument("--key", default="", metavar="FINGERPRINT")
    parser.add_argument("--language", choices=("ja", "en"), default="")
    asked = parser.parse_args(arguments)
    japanese = (asked.language or (locale.getlocale()[0] or "")[:2].lower()) == "ja"

    def tell(which, /, end="\n", **told):
        print(WORDS[which][japanese].format(**told), end=end)

    noted = re.sub("[^0-9a-f]", "", asked.key.lower())
    try:
        if asked.evidence.is_dir():
            report(tell, check(lambda name: (asked.evidence / name).open("rb"), noted), noted)
        else:
            with zipfile.ZipFile(asked.evidence) as archive:
                found = check(lambda name: io.BufferedReader(archive.open(name), 1 << 20), noted)
                report(tell, found, noted)
    except Tampered as error:
        tell("tampered", end="")
        if error.where is not None:
            tell("at", end="", where=error.where)
        print()
        tell(error.says, **{"event": "?", **error.told})
        return TAMPERED
    except (
        OSError,
        EOFError,
        KeyError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        tell("unreadable", reason=error or type(error).__name__)
        return UNREADABLE
    return WHOLE


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
