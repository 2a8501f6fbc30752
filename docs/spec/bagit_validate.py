#!/usr/bin/env python3
"""A BagIt 1.0 validator, written from RFC 8493 alone, with nothing but Python's standard library.

    python3 bagit_validate.py FOLDER

Says whether FOLDER is a complete and valid bag (RFC 8493, section 3) and exits with 0; otherwise it
prints one line for each fault and exits with 1. Wrong usage is 2.

It shares no code with Zapis and knows nothing of it: a second pair of eyes. Stricter than the RFC in
two places, both said where they stand: fetch.txt is refused, because a bag of evidence has to be whole,
and so are links. Not stricter in another: a bag whose tag manifest was removed, or to which a tag file
was added, is still valid by the RFC. That gap is closed by the signature over the tag manifest, and by
zapis-verify.
"""

import hashlib
import os
import re
import stat
import sys
import unicodedata

# Section 2.4: the names of algorithms, as in the manifests' file names.
ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
MANIFEST = re.compile(r"^(tag)?manifest-([a-z0-9]+)\.txt$")


class Bag:
    def __init__(self, root):
        self.root = root
        self.faults = []
        self.files = {}  # path with "/" -> size in bytes
        self.encoding = "utf-8"

    def fault(self, text):
        self.faults.append(text)

    def path(self, name):
        return os.path.join(self.root, *name.split("/"))

    def walk(self, below=""):
        for entry in sorted(os.scandir(self.path(below) if below else self.root), key=lambda e: e.name):
            name = f"{below}/{entry.name}" if below else entry.name
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                self.walk(name)
            elif stat.S_ISREG(mode):
                self.files[name] = entry.stat().st_size
            else:
                self.fault(f"{name}: neither a file nor a folder (links are refused)")

    def lines(self, name):
        """The lines of a tag file, ended by LF, CR, or CRLF (section 2.2)."""
        with open(self.path(name), "rb") as f:
            data = f.read()
        try:
            text = data.decode(self.encoding)
        except UnicodeDecodeError:
            self.fault(f"{name}: is not {self.encoding.upper()}")
            return []
        lines = re.split(r"\r\n|\r|\n", text)
        if lines and lines[-1] == "":
            lines.pop()
        return lines

    def declaration(self):
        """Section 2.1.1: bagit.txt, exactly two lines, UTF-8 without a byte order mark."""
        if "bagit.txt" not in self.files:
            self.fault("bagit.txt: missing")
            return
        lines = self.lines("bagit.txt")
        if len(lines) != 2:
            self.fault(f"bagit.txt: {len(lines)} lines, not 2")
            return
        if lines[0] != "BagIt-Version: 1.0":
            self.fault(f"bagit.txt: first line is {lines[0]!r}, not 'BagIt-Version: 1.0'")
        encoding = re.fullmatch(r"Tag-File-Character-Encoding: (\S+)", lines[1])
        if not encoding:
            self.fault(f"bagit.txt: second line is {lines[1]!r}")
        elif encoding[1].upper() != "UTF-8":
            self.fault(f"bagit.txt: tag files in {encoding[1]}, and this validator reads UTF-8 only")

    def info(self):
        """Section 2.2.2: bag-info.txt, labels and values, folded lines; Payload-Oxum is checked."""
        if "bag-info.txt" not in self.files:
            return
        values = []
        for number, line in enumerate(self.lines("bag-info.txt"), 1):
            if line[:1] in (" ", "\t"):
                if not values:
                    self.fault(f"bag-info.txt:{number}: continues nothing")
                    continue
                values[-1][1] += " " + line.strip()
                continue
            label, colon, value = line.partition(":")
            if not colon or not label.strip():
                self.fault(f"bag-info.txt:{number}: no label")
                continue
            values.append([label.strip().lower(), value.strip()])
        oxums = [value for label, value in values if label == "payload-oxum"]
        if len(oxums) > 1:
            self.fault("bag-info.txt: Payload-Oxum more than once")
        payload = [size for name, size in self.files.items() if name.startswith("data/")]
        for oxum in oxums:
            match = re.fullmatch(r"([0-9]+)\.([0-9]+)", oxum)
            if not match:
                self.fault(f"bag-info.txt: Payload-Oxum is {oxum!r}")
            elif (int(match[1]), int(match[2])) != (sum(payload), len(payload)):
                self.fault(
                    f"bag-info.txt: Payload-Oxum is {oxum}, the payload has {sum(payload)}.{len(payload)}"
                )

    def manifest(self, name):
        """Sections 2.1.3 and 2.2.1: a checksum, white space, a path; returns {path: checksum}."""
        listed = {}
        normal = {}
        for number, line in enumerate(self.lines(name), 1):
            match = re.fullmatch(r"([0-9A-Fa-f]+)[ \t]+\*?(.+)", line)
            if not match:
                self.fault(f"{name}:{number}: not a checksum and a path")
                continue
            checksum, path = match[1].lower(), match[2]
            path = re.sub(r"%(0[Aa]|0[Dd]|25)", lambda m: chr(int(m[1], 16)), path)
            if path.startswith("./"):
                path = path[2:]
            parts = path.split("/")
            if path.startswith(("/", "~")) or ".." in parts or "" in parts or "\\" in path or ":" in parts[0]:
                self.fault(f"{name}:{number}: {path!r} leads out of the bag")
                continue
            if path in listed:
                self.fault(f"{name}:{number}: {path} is listed twice")
                continue
            folded = unicodedata.normalize("NFC", path).casefold()
            if folded in normal:
                self.fault(f"{name}:{number}: {path} and {normal[folded]} differ only in case or normalization")
            normal[folded] = path
            listed[path] = checksum
        return listed

    def compare(self, name, listed, algorithm):
        for path in sorted(listed):
            if path not in self.files:
                self.fault(f"{name}: {path} is listed and not there")
                continue
            digest = hashlib.new(algorithm)
            with open(self.path(path), "rb") as f:
                while block := f.read(1 << 20):
                    digest.update(block)
            if digest.hexdigest() != listed[path]:
                self.fault(f"{path}: does not have the {algorithm} that {name} lists")

    def manifests(self):
        payload = sorted(name for name in self.files if name.startswith("data/"))
        if not os.path.isdir(self.path("data")):
            self.fault("data: the payload's folder is missing")
        found = {"": 0, "tag": 0}
        tag_lists = []
        for name in sorted(self.files):
            match = MANIFEST.match(name)
            if not match:
                continue
            kind, algorithm = match[1] or "", match[2]
            if algorithm not in ALGORITHMS:
                self.fault(f"{name}: {algorithm} is no algorithm this validator knows")
                continue
            found[kind] += 1
            listed = self.manifest(name)
            self.compare(name, listed, algorithm)
            if kind == "":
                for path in listed:
                    if not path.startswith("data/"):
                        self.fault(f"{name}: {path} is not in the payload")
                # Section 3: every payload file in every payload manifest.
                for path in payload:
                    if path not in listed:
                        self.fault(f"{name}: {path} is in the payload and not listed")
                continue
            tag_lists.append((name, listed))
            for path in listed:
                if path.startswith("data/") or path.startswith("tagmanifest-"):
                    self.fault(f"{name}: may not list {path}")
            # Section 2.2.1: a tag manifest lists every payload manifest.
            for path in self.files:
                other = MANIFEST.match(path)
                if other and not other[1] and path not in listed:
                    self.fault(f"{name}: {path} is not listed")
        if found[""] == 0:
            self.fault("no payload manifest")
        # Section 2.2.1: all tag manifests list the same set of files.
        for name, listed in tag_lists[1:]:
            if set(listed) != set(tag_lists[0][1]):
                self.fault(f"{name}: lists other files than {tag_lists[0][0]}")

    def validate(self):
        self.walk()
        self.declaration()
        if "fetch.txt" in self.files:
            self.fault("fetch.txt: a bag of evidence has to be whole; nothing may be left to fetch")
        self.info()
        self.manifests()
        return not self.faults


def visible(text):
    """A stranger's file name can't move the cursor of a terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: bagit_validate.py FOLDER", file=sys.stderr)
        return 2
    if not os.path.isdir(arguments[0]):
        print(f"{arguments[0]}: not a folder", file=sys.stderr)
        return 2
    bag = Bag(arguments[0])
    if not bag.validate():
        for fault in bag.faults:
            print(visible(fault))
        print("not a valid bag")
        return 1
    payload = [size for name, size in bag.files.items() if name.startswith("data/")]
    print(f"valid BagIt 1.0 bag: {len(payload)} payload files, {sum(payload)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
