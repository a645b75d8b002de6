#!/usr/bin/env python3
"""Checks the proof of one dossier without the product: docs/record.md describes the file.

    check_proof.py PROOF KEYS [CHECKPOINT]

PROOF is what `chachu proof` wrote, KEYS the verifier keys, one a line, CHECKPOINT a note kept elsewhere.
Ends with 0 if it is right, 1 after saying what is not, 2 if something cannot be read; verify.py lies beside it.
"""
import base64, json, os, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from verify import ed25519, header, sha256, sm2, sm3
parent = lambda hash, left, right: hash(b"\1" + left + right)

def inclusion(hash, entry, place, size, path):
    """RFC 9162 §2.1.3.2: the root that the path leads to."""
    if place >= size:
        return None
    node, last, found = place, size - 1, hash(b"\0" + entry)
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = parent(hash, sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = parent(hash, found, sibling)
        node, last = node >> 1, last >> 1
    return found if last == 0 else None

def consistency(hash, old, old_root, new, path):
    """RFC 9162 §2.1.4.2: the root of the new tree, if the old one is its beginning."""
    if old == new:
        return old_root if not path else None
    path = ([old_root] if old & old - 1 == 0 else []) + path
    if not path or not 0 < old < new:
        return None
    full = (~(old - 1) & old).bit_length() - 1  # How often the last old leaf is a right child.
    node, last = old - 1 >> full, new - 1 >> full
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            older, newer = parent(hash, sibling, older), parent(hash, sibling, newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = parent(hash, newer, sibling)
        node, last = node >> 1, last >> 1
    return newer if last == 0 and older == old_root else None

def checkpoint(note, keys):
    """Size and both roots of a note that a known key signed, and none wrongly."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    (origin, size, first, second), signed = text.splitlines(), False
    for line in signatures.splitlines():
        _, name, signature = line.split(" ")
        signature = base64.b64decode(signature)
        key = keys.get((name, signature[:4].hex()))
        if key and name == origin:
            check = (ed25519, key[1:]) if key[0] == 1 else (sm2, key[-65:])
            if len(signature) != 68 or not check[0](check[1], text.encode(), signature[4:]):
                return None
            signed = True
    return (int(size), base64.b64decode(first), base64.b64decode(second[4:])) if signed else None

def wrong(proof, keys, kept):
    ours = checkpoint(proof["checkpoint"], keys)
    if proof["format"] != "chachu-proof-1" or not proof["events"] or ours is None:
        return "检查点的签名与公钥不符"
    before, columns = bytes(32), ((sha256, 0), (sm3, 1))
    paths = lambda path, i: [bytes.fromhex(pair[i]) for pair in path]
    for version, event in enumerate(proof["events"], 1):
        h = header(raw := bytes.fromhex(event["header"]))
        if h is None or (h[0], h[1], h[8]) != ("dossier/" + proof["dossier"], version, before):
            return f"第{version}条的记录头与校验链不符"
        before = sm3(raw)
        for hash, i in columns:
            if inclusion(hash, before, event["place"], ours[0], paths(event["path"], i)) != ours[1 + i]:
                return f"第{version}条不在检查点之中"
    if kept is not None:
        old, way = checkpoint(kept, keys), proof["consistency"]
        if old is None or way is None or way["size"] != old[0] or any(
                consistency(hash, old[0], old[1 + i], ours[0], paths(way["path"], i)) != ours[1 + i] for hash, i in columns):
            return "没有证明记录自保存的检查点以来只有增加"

def main(proof, keys, kept=None):
    read = lambda path: open(path, encoding="utf-8").read()
    try:
        known = {(n, i): base64.b64decode(k) for n, i, k in (line.split("+", 2) for line in read(keys).splitlines())}
        found = wrong(json.loads(read(proof)), known, kept and read(kept))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return print(f"无法读取：{error}", file=sys.stderr) or 2
    return print(f"证明不成立：{found}" if found else "证明成立") or bool(found)

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]) if 3 <= len(sys.argv) <= 4 else print(__doc__, file=sys.stderr) or 2)
