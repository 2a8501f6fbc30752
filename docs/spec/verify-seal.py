#!/usr/bin/env python3
"""Recomputes the vectors of part.md, quorum.md and commitments.md.

Python's standard library only, written from the specification and not from the
Go code:  python3 docs/spec/verify-seal.py docs/spec/vectors
Everything that needs ML-KEM is left to age; what is Zapis's own is here.
"""
import base64, glob, hashlib, hmac, json, os, re, struct, sys

SIZES = {"signal": 1024, "identity": 16384, "statement": 65536, "message": 65536}
ORDER = 2**252 + 27742317777372353535851937790883648493  # of ristretto255's group
IDENTITY = ["contact", "contact_when", "name"]


class Refused(Exception):
    pass


def need(ok, why):
    if not ok:
        raise Refused(why)


# part.md ---------------------------------------------------------------------

def content_of(kind, plain):
    size = len(plain)
    if kind == "attachment":
        need(size >= 65536 and size & (size - 1) == 0, "size")
    else:
        need(size == SIZES[kind], "size")
    n = int.from_bytes(plain[-8:], "big")
    need(n <= size - 8, "length")
    need(not any(plain[n:-8]), "padding")
    need(kind != "attachment" or size == 65536 or n + 8 > size // 2, "not the smallest")
    return plain[:n]


def runs(rs):
    return b"".join(bytes.fromhex(r["hex"]) * r["times"] for r in rs or [])


# quorum.md -------------------------------------------------------------------

def hkdf(secret, info, size):
    prk = hmac.digest(b"\0" * 32, secret, "sha256")
    out, block, i = b"", b"", 1
    while len(out) < size:
        block = hmac.digest(prk, block + info.encode() + bytes([i]), "sha256")
        out, i = out + block, i + 1
    return out[:size]


def chacha_block(key, counter, nonce):
    rot = lambda v, c: ((v << c) & 0xFFFFFFFF) | v >> (32 - c)
    start = list(struct.unpack("<16L", b"expand 32-byte k" + key + struct.pack("<L", counter) + nonce))
    x = start[:]
    for i in range(20):
        columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
        diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
        for a, b, c, d in (diagonals if i % 2 else columns):
            x[a] = (x[a] + x[b]) & 0xFFFFFFFF; x[d] = rot(x[d] ^ x[a], 16)
            x[c] = (x[c] + x[d]) & 0xFFFFFFFF; x[b] = rot(x[b] ^ x[c], 12)
            x[a] = (x[a] + x[b]) & 0xFFFFFFFF; x[d] = rot(x[d] ^ x[a], 8)
            x[c] = (x[c] + x[d]) & 0xFFFFFFFF; x[b] = rot(x[b] ^ x[c], 7)
    return struct.pack("<16L", *((a + b) & 0xFFFFFFFF for a, b in zip(x, start)))


def wrap(key, file_key):
    """ChaCha20-Poly1305 (RFC 8439) of 16 bytes, zero nonce, nothing associated."""
    nonce = b"\0" * 12
    text = bytes(a ^ b for a, b in zip(file_key, chacha_block(key, 1, nonce)))
    otk = chacha_block(key, 0, nonce)
    r = int.from_bytes(otk[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for block in (text, struct.pack("<QQ", 0, len(text))):
        acc = (acc + int.from_bytes(block + b"\1", "little")) * r % (2**130 - 5)
    tag = (acc + int.from_bytes(otk[16:32], "little")) % 2**128
    return text + tag.to_bytes(16, "little")


def deal(secret, k, n):
    coefficients = [int.from_bytes(secret, "little")]
    for i in range(1, k):
        wide = hkdf(secret, "zapis/quorum/v1 coefficient %d" % i, 64)
        coefficients.append(int.from_bytes(wide, "little") % ORDER)
    value = lambda x: sum(c * x**e for e, c in enumerate(coefficients)) % ORDER
    return coefficients[1:], [value(x).to_bytes(32, "little") for x in range(1, n + 1)]


def share_hash(i, share):
    return hashlib.sha256(b"zapis/quorum/v1 share %d\n" % i + share).digest()


def recover(shares):
    """The secret from exactly k shares: Lagrange's interpolation at 0."""
    total = 0
    for i, y in shares.items():
        num = den = 1
        for j in shares:
            if j != i:
                num, den = num * -j % ORDER, den * (i - j) % ORDER
        total += int.from_bytes(y, "little") * num * pow(den, -1, ORDER)
    return (total % ORDER).to_bytes(32, "little")


def header_stanzas(file):
    lines, stanzas = file.split(b"\n"), []
    need(lines[0] == b"age-encryption.org/v1", "not age")
    i = 1
    while lines[i].startswith(b"-> "):
        args, body, i = lines[i].decode().split(" ")[1:], b"", i + 1
        while True:
            body, last, i = body + lines[i], len(lines[i]) < 64, i + 1
            if last:
                break
        stanzas.append((args[0], args[1:], base64.b64decode(body + b"=" * (-len(body) % 4))))
    return stanzas


def quorum_stanza(file, want_k, want_n):
    stanzas = header_stanzas(file)
    if len(stanzas) > 1 and stanzas[-1][0] == "zapis-pad/v1":  # of an attachment
        stanzas.pop()
    need(len(stanzas) == 1, "not one stanza")
    kind, args, body = stanzas[0]
    need(kind == "zapis-quorum/v1" and args == [str(want_k), str(want_n)], "not the set's")
    need(len(body) >= 32 + 32 * want_n, "short")
    hashes = [body[32 + 32 * i:64 + 32 * i] for i in range(want_n)]
    rest, files = body[32 + 32 * want_n:], []
    for _ in range(want_n):
        size = int.from_bytes(rest[:4], "big")
        need(len(rest) >= 4 + size and 0 < size <= 16384, "short")
        files.append(rest[4:4 + size])
        rest = rest[4 + size:]
    need(rest == b"", "trailing bytes")
    return body[:32], hashes, files


def open_shares(file, k, n, shares):
    """What can be said of shares without the part's own file key."""
    wrapped, hashes, _ = quorum_stanza(file, k, n)
    for i, s in shares.items():
        need(1 <= i <= n and share_hash(i, s) == hashes[i - 1], "share %d forged" % i)
    if len(shares) < k:
        return "quorum"
    need(all(int.from_bytes(s, "little") < ORDER for s in shares.values()), "unreduced")
    secret = recover(dict(list(sorted(shares.items()))[:k]))
    _, again = deal(secret, k, n)
    need([share_hash(i + 1, s) for i, s in enumerate(again)] == hashes, "bad deal")
    key = hkdf(secret, "zapis/quorum/v1 wrap", 32)
    file_key = bytes(a ^ b for a, b in zip(wrapped[:16], chacha_block(key, 1, b"\0" * 12)))
    need(wrap(key, file_key) == wrapped, "wrapped key")
    mac_key = hmac.digest(hmac.digest(b"", file_key, "sha256"), b"header\1", "sha256")
    head, _, rest = file.partition(b"\n---")
    mac = base64.b64encode(hmac.digest(mac_key, head + b"\n---", "sha256")).rstrip(b"=")
    need(rest.split(b"\n")[0] == b" " + mac, "header MAC")
    return "ok"


# commitments.md --------------------------------------------------------------

def dumps(v):
    return json.dumps(v, ensure_ascii=False, separators=(",", ":"))


def attachment(v):
    return (isinstance(v, dict) and list(v) == ["exhibit", "sha256", "size", "media_type", "name"]
            and type(v["size"]) is int and v["size"] >= 0
            and all(isinstance(v[f], str) for f in v if f != "size")
            and re.fullmatch("A(0[1-9]|[1-9][0-9]+)", v["exhibit"])
            and re.fullmatch("[0-9a-f]{64}", v["sha256"]) and v["media_type"] and v["name"])


def line(raw):
    """The field of one disclosure line, and its commitment."""
    try:
        text = raw.decode()
        row = json.loads(text)
        need(isinstance(row, list) and len(row) == 3, "not three")
        salt, field, value = row
        need(text == dumps(row) + "\n", "encoding")
        need(base64.b64encode(base64.b64decode(salt, validate=True)).decode() == salt, "salt")
        need(len(base64.b64decode(salt)) == 32, "salt")
        need(re.fullmatch("[a-z][a-z0-9_-]{0,31}", field), "field")
    except (ValueError, TypeError) as e:
        raise Refused(str(e))
    slot = re.fullmatch("attachment-[1-9][0-9]*", field)
    text = isinstance(value, str) and value
    several = isinstance(value, list) and value and all(isinstance(s, str) and s for s in value)
    need(value is None or (attachment(value) if slot else text or several), "value")
    return field, hashlib.sha256(raw).hexdigest()


def listing(raw, fields):
    rows = re.fullmatch(b"(?:[0-9a-f]{64}  [a-z][a-z0-9_-]*\\.json\n)*", raw)
    need(rows, "lines")
    need([r.split(b"  ")[1][:-5].decode() for r in raw.splitlines()] == fields, "fields")


def items(rows, fields):
    """(field, hash, withheld?) of a statement's lines after its head."""
    need(len(rows) == len(fields), "fields")
    out = []
    for row, field in zip(rows, fields):
        if row.startswith(b"["):
            name, digest = line(row)
            withheld = False
        else:
            listing(row, [field])
            name, digest, withheld = field, row[:64].decode(), True
        need(name == field, "order")
        need(withheld == (field in IDENTITY) or withheld and field.startswith("attachment-"), "place")
        out.append((field, digest, withheld))
    return out


def check_statement(v):
    rows = v["statement"].encode().splitlines(keepends=True)
    got = items(rows[7:], v["fields"])
    if v.get("identity"):
        lines = [line(r) for r in v["identity"].encode().splitlines(keepends=True)[1:]]
        need(lines == [(f, h) for f, h, withheld in got if withheld], "identity")
    text = "".join("%s  %s.json\n" % (h, f) for f, h, _ in got)
    need(hashlib.sha256(text.encode()).hexdigest() == v["commitments"], "commitments")


# -----------------------------------------------------------------------------

def main(root):
    wrong = []

    def load(*path):
        with open(os.path.join(root, *path), encoding="utf-8") as f:
            return json.load(f)

    def expect(v, what, run):
        try:
            got = run() or "ok"
        except Refused as e:
            got = "mismatch"
        if got != v["class"]:
            wrong.append("%s: %s: %s, not %s" % (what, v["about"], got, v["class"]))

    framings = load("part", "framing.json")
    for v in framings:
        def framing():
            need(content_of(v["kind"], runs(v["plaintext"])) == runs(v.get("content")), "content")
        expect(v, "framing", framing)
    print("framings: %d" % len(framings))

    deals = load("quorum", "deal.json")
    for v in deals:
        secret = (int.from_bytes(bytes.fromhex(v["random"]), "little") % ORDER).to_bytes(32, "little")
        coefficients, shares = deal(secret, v["k"], v["n"])
        key = hkdf(secret, "zapis/quorum/v1 wrap", 32)
        got = (secret.hex(), [c.to_bytes(32, "little").hex() for c in coefficients], [s.hex() for s in shares],
               [share_hash(i + 1, s).hex() for i, s in enumerate(shares)], key.hex(),
               wrap(key, bytes.fromhex(v["file_key"])).hex())
        if got != tuple(v[f] for f in ("secret", "coefficients", "shares", "hashes", "wrap_key", "wrapped")):
            wrong.append("deal %d of %d" % (v["k"], v["n"]))
        if recover(dict(list(enumerate(shares, 1))[-v["k"]:])) != secret:
            wrong.append("recovery %d of %d" % (v["k"], v["n"]))
    print("deals: %d" % len(deals))

    stanzas = 0
    for path in sorted(glob.glob(os.path.join(root, "quorum", "part-*.json"))):
        v = load("quorum", os.path.basename(path))
        file, n = base64.b64decode(v["file"]), len(v["recipients"])
        if v.get("shares"):
            shares = {int(i): bytes.fromhex(s) for i, s in v["shares"].items()}
            expect(v, path, lambda: open_shares(file, v["threshold"], n, shares))
        elif v["do"] == "check" and "share 3" not in v.get("says", ""):
            expect(v, path, lambda: quorum_stanza(file, v["threshold"], n) and None)
        else:
            continue
        stanzas += 1
    print("quorum stanzas: %d" % stanzas)

    lines = load("commitments", "lines.json")
    for v in lines:
        raw = base64.b64decode(v["base64"]) if v.get("base64") else v["text"].encode()
        expect(v, "line", lambda: need(line(raw)[1] == v["sha256"], "sha256"))
    listings = load("commitments", "listings.json")
    for v in listings:
        expect(v, "listing", lambda: listing(v["text"].encode(), v["fields"]))
    print("lines: %d, listings: %d" % (len(lines), len(listings)))

    checks = load("commitments", "checks.json")
    for v in checks:
        expect(v, "check", lambda: check_statement(v))
    print("statements: %d" % len(checks))

    for w in wrong:
        print("WRONG " + w)
    if wrong or not (framings and deals and stanzas and lines and listings and checks):
        sys.exit(1)
    print("all as the vectors say")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: verify-seal.py docs/spec/vectors")
    main(sys.argv[1])
