#!/usr/bin/env python3
"""Follow the chain of a Zapis carry file and compute its root again.

    verify-carry.py carry.tar [LEDGER-CARD]

Written from docs/spec/ledger.md and docs/spec/carry.md, in Python's standard
library alone, so that what the Go programs say can be checked by something
that shares no code with them. It checks the entries' places and links, the
tree's root under every checkpoint that the file covers from the beginning,
both signatures of the log on each, and the SHA-256 of every part. It does not
judge who may change trustees and keys, what waits, nor how the archive is
written, and it opens nothing. Exit status: 0 it fits, 3 it does not, 2 wrong
usage.
"""

import base64
import hashlib
import re
import sys
import tarfile


class Mismatch(Exception):
    pass


def need(ok, sentence):
    if not ok:
        raise Mismatch(sentence)


def sha256(*pieces):
    h = hashlib.sha256()
    for p in pieces:
        h.update(p)
    return h.digest()


# --- the tree, RFC 6962 section 2.1 -----------------------------------------

class Tree:
    """The roots of the complete subtrees, largest first."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def add(self, leaf):
        n, h = self.size, leaf
        while n & 1:
            h = sha256(b"\x01", self.peaks.pop(), h)
            n >>= 1
        self.peaks.append(h)
        self.size += 1

    def root(self):
        h = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            h = sha256(b"\x01", left, h)
        return h


# --- Ed25519, RFC 8032 section 5.1.7 ----------------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def plus(a, b):
    s = (a[1] - a[0]) * (b[1] - b[0]) % P
    t = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * a[3] * b[3] * D % P
    d = 2 * a[2] * b[2] % P
    e, f, g, h = t - s, d - c, d + c, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(k, a):
    r = (0, 1, 1, 0)
    while k:
        if k & 1:
            r = plus(r, a)
        a = plus(a, a)
        k >>= 1
    return r


def point(b):
    y = int.from_bytes(b, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = recover_x(y, sign) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


GY = 4 * pow(5, P - 2, P) % P
GX = recover_x(GY, 0)
G = (GX, GY, 1, GX * GY % P)


def ed25519(key, text, sig):
    a, r, s = point(key), point(sig[:32]), int.from_bytes(sig[32:], "little")
    if a is None or r is None or s >= Q or len(sig) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(sig[:32] + key + text).digest(), "little") % Q
    x, y = times(s, G), plus(r, times(h, a))
    return not ((x[0] * y[2] - y[0] * x[2]) % P or (x[1] * y[2] - y[1] * x[2]) % P)


# --- ML-DSA-44, FIPS 204 algorithm 8 -----------------------------------------

M = 8380417
GAMMA2 = (M - 1) // 88
ZETAS = [pow(1753, int(f"{i:08b}"[::-1], 2), M) for i in range(256)]


def ntt(a):
    a, k, half = list(a), 0, 128
    while half:
        for start in range(0, 256, 2 * half):
            k += 1
            for j in range(start, start + half):
                t = ZETAS[k] * a[j + half] % M
                a[j + half], a[j] = (a[j] - t) % M, (a[j] + t) % M
        half //= 2
    return a


def inverse_ntt(a):
    a, k, half = list(a), 256, 1
    while half < 256:
        for start in range(0, 256, 2 * half):
            k -= 1
            for j in range(start, start + half):
                a[j], a[j + half] = (a[j] + a[j + half]) % M, ZETAS[k] * (a[j + half] - a[j]) % M
        half *= 2
    return [x * pow(256, M - 2, M) % M for x in a]


def numbers(b, bits):
    n = int.from_bytes(b, "little")
    return [n >> bits * i & (1 << bits) - 1 for i in range(len(b) * 8 // bits)]


def matrix(rho, row, column):
    stream, a = hashlib.shake_128(rho + bytes([column, row])).digest(1344), []
    for i in range(0, len(stream), 3):
        x = int.from_bytes(stream[i:i + 3], "little") & 0x7FFFFF
        if x < M:
            a.append(x)
    return a[:256]


def challenge(seed):
    stream, c = hashlib.shake_256(seed).digest(1024), [0] * 256
    signs, at = int.from_bytes(stream[:8], "little"), 8
    for i in range(256 - 39, 256):
        while stream[at] > i:
            at += 1
        j, at = stream[at], at + 1
        c[i], c[j] = c[j], 1 - 2 * (signs >> i - (256 - 39) & 1)
    return c


def hints(b):
    """The positions of each row's hints; None where they are not written in the one way."""
    rows, at = [], 0
    for end in b[80:]:
        row = list(b[at:end])
        if end < at or end > 80 or row != sorted(set(row)):
            return None
        rows.append(row)
        at = end
    return None if any(b[at:80]) else rows


def use_hint(r, hint):
    low = r % (2 * GAMMA2)
    if low > GAMMA2:
        low -= 2 * GAMMA2
    high, low = (0, low - 1) if r - low == M - 1 else ((r - low) // (2 * GAMMA2), low)
    return (high + (1 if low > 0 else -1) * hint) % 44


def ml_dsa_44(key, text, sig):
    if len(key) != 1312 or len(sig) != 2420:
        return False
    rows = hints(sig[2336:])
    z = [[(1 << 17) - x for x in numbers(sig[32 + 576 * i:608 + 576 * i], 18)] for i in range(4)]
    if rows is None or max(abs(x) for p in z for x in p) >= (1 << 17) - 78:
        return False
    z, c, high = [ntt(p) for p in z], ntt(challenge(sig[:32])), b""
    for i in range(4):
        t = ntt(x << 13 for x in numbers(key[32 + 320 * i:352 + 320 * i], 10))
        a = [matrix(key[:32], i, j) for j in range(4)]
        w = inverse_ntt([(sum(a[j][n] * z[j][n] for j in range(4)) - c[n] * t[n]) % M for n in range(256)])
        packed = sum(use_hint(r, n in rows[i]) << 6 * n for n, r in enumerate(w))
        high += packed.to_bytes(192, "little")
    digest = hashlib.shake_256(hashlib.shake_256(key).digest(64) + b"\x00\x00" + text).digest(64)
    return hashlib.shake_256(digest + high).digest(32) == sig[:32]


# --- the file ---------------------------------------------------------------

def lines(text, name):
    need(text.endswith(b"\n"), f"{name}: no line feed at its end")
    return text.decode("utf-8").split("\n")[:-1]


def value(line, key, name):
    need(line.startswith(key + " "), f"{name}: {line!r} should begin with {key!r}")
    return line[len(key) + 1:]


def entry_of(text, name):
    """The fields of an entry that this script needs."""
    ls = lines(text, name)
    need(len(ls) >= 7 and ls[0] == "zapis/entry/v1", f"{name}: not an entry")
    e = {key: value(ls[i + 1], key, name)
         for i, key in enumerate(["origin", "index", "previous", "kind", "trustees"])}
    e["parts"] = []
    for line in ls[6:]:
        word = line.split(" ")
        if word[0] in ("signal", "statement", "identity", "attachment", "body"):
            need(len(word) == 3, f"{name}: {line!r}")
            e["parts"].append((word[1], int(word[2])))
    return e


def note(text, name):
    body, blank, sigs = text.decode("utf-8").rpartition("\n\n")
    need(blank, f"{name}: no blank line before its signatures")
    return (body + "\n").encode(), sigs.split("\n")[:-1]


def named(vkey):
    """A verifier key's key id and public key."""
    _, digits, b64 = vkey.split("+", 2)
    return bytes.fromhex(digits), base64.b64decode(b64)[1:]


def check_signatures(origin, size, root, text, sigs, vkeys, name):
    """Both of the log's lines, in their order, as ledger.md says what they sign."""
    raw = [base64.b64decode(line.split(" ")[2]) if line.startswith(f"— {origin} ") else b"" for line in sigs]
    for i, (vkey, kind) in enumerate(zip(vkeys, ["Ed25519", "ML-DSA-44"])):
        digits, key = named(vkey)
        need(i < len(raw) and raw[i][:4] == digits, f"{name}: the {kind} signature is missing, or not in its place")
        sig = raw[i][4:]
        if kind == "Ed25519":
            fits = ed25519(key, text, sig)
        else:
            label, said = origin.encode(), sig[:8]
            label = bytes([len(label)]) + label
            fits = ml_dsa_44(key, b"subtree/v1\n\0" + label + said + label + bytes(8) + size.to_bytes(8, "big") + root, sig[8:])
        need(fits, f"{name}: the {kind} signature does not fit")


def values(text, key):
    return [line[len(key) + 1:] for line in text.decode("utf-8").split("\n")
            if line.startswith(key + " ")]


NAMES = re.compile("carry.txt|(checkpoints|entries)/(0|[1-9][0-9]*)|parts/HEX|waiting/HEX/(body|promise|parts/HEX)"
                   .replace("HEX", "[0-9a-f]{64}"))


def verify(path, card):
    tar = tarfile.open(path, "r:")
    names = tar.getnames()
    need(len(set(names)) == len(names), "a member is there twice")
    for n in names:
        need(NAMES.fullmatch(n), f"{n!r}: not a name that a carry file has")

    def read(name):
        try:
            return tar.extractfile(name).read()
        except KeyError:
            raise Mismatch(f"{name} is missing") from None

    head = lines(read("carry.txt"), "carry.txt")
    need(head[0] == "zapis/carry/v1" and len(head) == 6, "carry.txt: not a carry file's")
    origin, genesis, since, size, _ = (
        value(line, key, "carry.txt")
        for line, key in zip(head[1:], ["origin", "genesis", "since", "size", "waiting"]))
    since, size = int(since), int(size)
    if card:
        need(card == f"zapis-ledger+{origin}+{genesis}", "the card names another ledger")

    wanted = sorted(int(n.split("/")[1]) for n in names if n.startswith("checkpoints/"))
    need(wanted and wanted[-1] == size, f"the checkpoint of {size} entries is missing")

    tree, previous, roots, parts, keys, erased = Tree(), None, {}, {}, [], set()
    for i in range(since, size):
        name = f"entries/{i}"
        text = read(name)
        e = entry_of(text, name)
        leaf = sha256(b"\x00", text)
        need(e["origin"] == origin, f"entry {i}: it is of {e['origin']}")
        need(e["index"] == str(i), f"entry {i}: it says index {e['index']}")
        if i == 0:
            need(leaf.hex() == genesis, "entry 0: not the genesis that carry.txt names")
            need(e["previous"] == "0" * 64, "entry 0: previous is not zeros")
        elif previous is not None:
            need(e["previous"] == previous.hex(),
                 f"entry {i}: previous is {e['previous']}, and entry {i - 1} has {previous.hex()}")
        previous = leaf
        for h, n in e["parts"]:
            parts[h] = n
        if e["kind"] in ("genesis", "key"):
            keys.append((i, values(read("parts/" + e["parts"][0][0]), "log")))
        if e["kind"] == "tombstone":
            erased.update(line.split(" ")[1] for line in values(read("parts/" + e["parts"][0][0]), "part"))
        if since == 0:
            tree.add(leaf)
            if tree.size in wanted:
                roots[tree.size] = tree.root()

    for n in wanted if since == 0 else []:
        name = f"checkpoints/{n}"
        text, sigs = note(read(name), name)
        first = text.decode().split("\n")
        need(first[:2] == [origin, str(n)], f"{name}: not of this ledger and size")
        root = base64.b64encode(roots[n]).decode()
        need(first[2] == root, f"{name}: the root of {n} entries is {root}, and it says {first[2]}")
        key = [k for i, k in keys if i < n][-1]
        check_signatures(origin, n, roots[n], text, sigs, key, name)

    found = set()
    for member in tar.getmembers():
        need(member.isfile(), f"{member.name}: not a plain file")
        at = member.name.split("/")
        if at[-2:-1] != ["parts"]:
            continue
        h, stream = hashlib.sha256(), tar.extractfile(member)
        while piece := stream.read(1 << 20):
            h.update(piece)
        need(h.hexdigest() == at[-1], f"{member.name}: it has another hash than its name")
        if len(at) == 2:
            need(parts.get(at[-1]) == member.size, f"{member.name}: no entry names it with its size")
            found.add(at[-1])
    for h in parts:
        need(h in found or h in erased, f"the part {h} is missing, and no tombstone names it")

    print(f"{size} entries, root {roots[size].hex()}" if since == 0 else
          f"entries {since} to {size - 1} follow one another; the root needs a file from the beginning")
    print(f"{len(found)} of {len(parts)} parts are here, and each has its hash")
    print("it is the ledger of the card" if card else
          f"whose ledger this is was NOT proved; its card would be zapis-ledger+{origin}+{genesis}")
    print("not checked: who approved changes, what waits, and how the archive is written")


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        verify(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else None)
    except Mismatch as e:
        print(f"does not verify: {e}", file=sys.stderr)
        return 3
    except (tarfile.TarError, ValueError, LookupError, AttributeError, EOFError) as e:
        print(f"does not verify: it can't be read: {e}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
