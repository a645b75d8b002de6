#!/usr/bin/env python3
"""Checks a record without the product: docs/record.md is all that this program shares with it.

    verify.py DATA [CHECKPOINT [KEYS]]

DATA is the data directory, CHECKPOINT a note kept elsewhere, KEYS its verifier keys, one a line.
Ends with 0 if nothing is wrong, with 1 after naming the first thing that is, with 2 otherwise.
Absent: sealed parts, which need a key; what payloads mean; whatever is not record.
"""
import base64, hashlib, os, sqlite3, sys

class Bad(Exception):
    pass

def bad(what, stream=None, version=None):
    place = f"「{stream}」" if stream is not None else ""
    raise Bad(place + (f"第{version}条，" if version else "，" if place else "") + what)

HEADER, PAYLOAD, COLUMN, FILE = "记录头与校验链不符", "内容与记录时的校验值不符", "检索列与记录不符", "数据库文件损坏"
LEAF, OBJECT, STREAM, POINT = "总目录与记录不符", "文件缺失，或者与记录时的校验值不符", "记录流不完整", "检查点"

sha256 = lambda data: hashlib.sha256(data).digest()
sm3 = lambda data: hashlib.new("sm3", data).digest()  # In OpenSSL since 1.1.1, so wherever this Python is.

def header(data):
    """The fields of a header, or None if it cannot be read."""
    at, fields = 15, []
    def take(n):
        nonlocal at
        at += n
        return data[at - n:at]
    try:
        for kind in "tntttit":  # Texts and numbers: stream, version, kind, who, entered, recorded, setting.
            part = take(8 if kind in "ni" else int.from_bytes(take(4), "big"))
            fields.append(part.decode() if kind == "t" else int.from_bytes(part, "big", signed=kind == "i"))
        keyed = take(1)[0]
        if keyed:
            take(int.from_bytes(take(4), "big")).decode(), take(32)
        fields += [take(32), take(32)]  # Content and predecessor.
        return fields if data[:15] == b"chachu-event-1\n" and at == len(data) and keyed < 2 else None
    except (ValueError, TypeError, IndexError):
        return None

def chains(db):
    """Every event follows from the one before it and agrees with its columns and content."""
    names = {i: (n.decode(errors="replace"), v, h)
             for i, n, v, h in db.execute("SELECT id, CAST(name AS BLOB), version, head FROM stream")}
    blobs = {}
    for stream, version, *blob in db.execute("SELECT stream, version, sm3, sha256, size FROM blob ORDER BY sm3"):
        blobs.setdefault((stream, version), []).append(blob)
    last, at, head, count = None, 0, bytes(32), 0
    def close():
        if last is not None and names[last][1:] != (at, head):
            bad(STREAM, name, at)
    for stream, version, raw, salt, payload, *columns in db.execute(
            "SELECT stream, version, header, salt, payload, kind, who, entered, recorded FROM event ORDER BY stream, version"):
        h = header(raw)
        if stream != last:
            close()
            name = names.get(stream, ("",))[0]
            if stream not in names or h and h[0] != name:
                bad(STREAM if h else HEADER, h[0] if h else name, 1)
            last, at, head = stream, 0, bytes(32)
        at += 1
        version == at or bad(COLUMN, name, at)
        if h is None or (h[0], h[1], h[8]) != (name, at, head):
            bad(HEADER, name, at)
        columns == h[2:6] or bad(COLUMN, name, at)
        if (salt, payload) != (None, None):
            named = blobs.get((stream, version), [])
            try:
                parts = b"".join(a + b + size.to_bytes(8, "big") for a, b, size in named)
                right = len(salt) == 32 and sm3(salt + len(named).to_bytes(4, "big") + parts + payload) == h[7]
            except (TypeError, OverflowError):
                right = False
            right or bad(PAYLOAD, name, at)
        head, count = sm3(raw), count + 1
    close()
    db.execute("SELECT 1 FROM stream WHERE id NOT IN (SELECT stream FROM event)").fetchone() and bad(STREAM)
    return count

def leaves(db, count):
    """The entries of the tree: dense, and each its event's."""
    entries = []
    for place, hash, raw in db.execute("SELECT l.place, l.hash, e.header FROM leaf l LEFT JOIN event e"
                                       " ON e.stream = l.stream AND e.version = l.version ORDER BY l.place"):
        if place != len(entries) or raw is None:
            bad(LEAF)
        if hash != sm3(raw):
            bad(LEAF, *(header(raw) or [])[:2])
        entries.append(hash)
    return entries if len(entries) == count else bad(LEAF)

def objects(db, data):
    """Every named object has both its hashes and its size."""
    for hash, second, size, version, stream in db.execute(
            "SELECT b.sm3, b.sha256, b.size, b.version, s.name FROM blob b LEFT JOIN stream s ON s.id = b.stream ORDER BY b.sm3"):
        row = db.execute("SELECT bytes FROM blob_bytes WHERE sm3 = ?", (hash,)).fetchone()
        path = os.path.join(data, "vault", hash.hex()[:2], hash.hex()[2:])
        bytes_ = row[0] if row else open(path, "rb").read() if os.path.exists(path) else b""
        if stream is None or (sm3(bytes_), sha256(bytes_), len(bytes_)) != (hash, second, size):
            bad(OBJECT, stream, version)
    for hash, bytes_ in db.execute("SELECT sm3, bytes FROM blob_bytes"):
        sm3(bytes_) == hash or bad(OBJECT)

def root(hash, entries):
    """RFC 9162 §2.1.1, bottom up: a node without a sibling rises as it is."""
    row = [hash(b"\0" + entry) for entry in entries]
    while len(row) > 1:
        row = [hash(b"\1" + b"".join(row[i:i + 2])) if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)]
    return row[0] if row else hash(b"")

def times(add, n, point):
    """A point many times, from the addition of points; None is the point of no effect."""
    found = None
    while n:
        found, point, n = add(found, point) if n & 1 else found, add(point, point), n >> 1
    return found

def ed25519(public, text, signature):
    """RFC 8032 §5.1.7."""
    p, q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
    d = -121665 * pow(121666, -1, p) % p
    def add(a, b):
        if a is None or b is None:
            return a or b
        k = d * a[0] * b[0] * a[1] * b[1]
        return ((a[0] * b[1] + a[1] * b[0]) * pow(1 + k, -1, p) % p, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, p) % p)
    def point(data):
        y = int.from_bytes(data, "little") & 2**255 - 1
        x2 = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
        x = pow(x2, (p + 3) // 8, p)
        x = x if x * x % p == x2 else x * pow(2, (p - 1) // 4, p) % p
        if x * x % p != x2 or y >= p:
            raise ValueError
        return (p - x if x & 1 != data[31] >> 7 else x, y)
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % q
    base = point((4 * pow(5, -1, p) % p).to_bytes(32, "little"))
    return s < q and times(add, s, base) == add(point(signature[:32]), times(add, k, point(public)))

def sm2(public, text, signature):
    """GB/T 32918.2 §7, the signer's name being 1234567812345678."""
    p, b = 2**256 - 2**224 - 2**96 + 2**64 - 1, 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
    n = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
    g = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7, 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)
    def add(u, v):
        if u is None or v is None:
            return u or v
        if u[0] == v[0] and (u[1] + v[1]) % p == 0:
            return None
        m = ((3 * u[0] * u[0] - 3) * pow(2 * u[1], -1, p) if u == v else (v[1] - u[1]) * pow(v[0] - u[0], -1, p)) % p
        x = (m * m - u[0] - v[0]) % p
        return (x, (m * (u[0] - x) - u[1]) % p)
    number = lambda data: int.from_bytes(data, "big")
    key, r, s = (number(public[1:33]), number(public[33:])), number(signature[:32]), number(signature[32:])
    fixed = b"".join(x.to_bytes(32, "big") for x in (p - 3, b, *g))
    e = number(sm3(sm3(b"\0\x80" + b"1234567812345678" + fixed + public[1:]) + text))
    found = add(times(add, s, g), times(add, (r + s) % n, key))
    return 0 < r < n and 0 < s < n and (r + s) % n != 0 and found is not None and (e + found[0]) % n == r

def checkpoint(entries, note, keys):
    """The roots are those of the record's beginning, and known signatures are right."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    origin, size, first, second = text.splitlines()
    int(size) <= len(entries) or bad(f"{POINT}有{size}条，记录只有{len(entries)}条：{STREAM}")
    roots = [base64.b64encode(root(hash, entries[:int(size)])).decode() for hash in (sha256, sm3)]
    [first, second] == [roots[0], "sm3 " + roots[1]] or bad(f"{POINT}的根与记录不符")
    known = {(name, id): base64.b64decode(key) for name, id, key in (line.split("+", 2) for line in keys)}
    signed = 0
    for line in signatures.splitlines():
        _, name, signature = line.split(" ")
        key = known.get((name, (signature := base64.b64decode(signature))[:4].hex()))
        if key and name == origin:
            check = (ed25519, key[1:]) if key[0] == 1 else (sm2, key[-65:])
            if len(signature) != 68 or not check[0](check[1], text.encode(), signature[4:]):
                bad(f"{POINT}的签名不符")
            signed += 1
    known and not signed and bad(f"{POINT}没有已知密钥的签名")
    return f"，与{size}条的{POINT}一致，核对{signed}个签名"

def main(data, note=None, keys=None):
    read, path = lambda path: open(path, encoding="utf-8").read(), os.path.join(data, "record.db")
    try:
        db = os.stat(path) and sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        entries = leaves(db, count := chains(db))
        objects(db, data)
        db.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok" or bad(FILE)
        kept = checkpoint(entries, read(note), read(keys).splitlines() if keys else []) if note else ""
        return print(f"未发现问题：{count}条记录{kept}") or 0
    except (Bad, sqlite3.DatabaseError) as found:
        return print(f"发现问题，第一处：{found if isinstance(found, Bad) else FILE}") or 1
    except (OSError, ValueError) as error:
        why = {2: "没有这个文件", 13: "没有读取权限", 20: "上级不是目录", 21: "是目录，不是文件"}.get(getattr(error, "errno", 0), "读取出错")
        at = f"「{error.filename}」：{why}" if isinstance(error, OSError) else f"：{POINT}文件或者公钥文件的格式不对"
        return print("无法读取" + at, file=sys.stderr) or 2

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]) if 2 <= len(sys.argv) <= 4 else print(__doc__, file=sys.stderr) or 2)
