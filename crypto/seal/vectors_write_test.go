package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
)

func writeVector(t *testing.T, name string, v any) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(vectorsDir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// part begins a vector with a file and the digest that the ledger names for it.
func part(about, do string, k Kind, r *Recipients, file []byte) *vector {
	d := DigestOf(file)
	return &vector{
		About: about, Do: do, Class: "ok", Kind: k, Threshold: r.threshold, Recipients: r.keys,
		SHA256: hex.EncodeToString(d.Hash[:]), Size: d.Size, File: base64.StdEncoding.EncodeToString(file),
	}
}

func (v *vector) as(person int) *vector {
	v.Position, v.Identity = person, people()[person-1].String()
	return v
}

func (v *vector) gives(content []byte) *vector {
	v.Content = base64.StdEncoding.EncodeToString(content)
	return v
}

func (v *vector) fails(class, says string) *vector {
	v.Class, v.Says = class, says
	return v
}

func (v *vector) of(file []byte) *vector { // other bytes than the ledger names
	v.File = base64.StdEncoding.EncodeToString(file)
	return v
}

func (v *vector) with(shares map[int][]byte) *vector {
	v.Shares = map[int]string{}
	for p, s := range shares {
		v.Shares[p] = hex.EncodeToString(s)
	}
	return v
}

// TestWriteVectors writes docs/spec/vectors, with new keys: go test -run Write
// -write. What it wrote is then read by the tests beside it.
func TestWriteVectors(t *testing.T) {
	if !*write {
		return
	}
	writePartVectors(t)
	writeFramings(t)
	writeQuorumVectors(t)
	writeDeals(t)
	writeTexts(t)
}

func writePartVectors(t *testing.T) {
	two := set(1, 2)
	a, b := two.natives[0], two.natives[1]
	hello := []byte("hello\n")
	signal, _ := sealed(t, Signal, two, hello)
	identity, _ := sealed(t, Identity, two, hello)
	attachment, _ := sealed(t, Attachment, two, []byte("\x89PNG\x00\x00"))
	var keyed bytes.Buffer
	_, key, err := SealWithKey(&keyed, Signal, two, bytes.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	forged := forge(t, keyed.Bytes(), key, framed([]byte("forged"), 1024-6-8, 6))
	raw := func(to ...age.Recipient) []byte { return rawSeal(t, framed(hello, 1024-6-8, 6), to...) }
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	token := hardware(t)
	tagged, err := NewRecipients(1, token.recipient, two.keys[1])
	if err != nil {
		t.Fatal(err)
	}
	short := rawSeal(t, framed(hello, 512-6-8, 6), two.age()...)
	withKey := part("the part's file key alone opens it", "open", Signal, two, keyed.Bytes()).gives(hello)
	withKey.FileKey = key.Reveal()
	forgedKey := part("the same, with the file key", "open", Signal, two, keyed.Bytes()).of(forged).fails("mismatch", "the file's SHA-256 is")
	forgedKey.FileKey = key.Reveal()
	wrongKey := part("another file key: the header's MAC does not fit", "open", Signal, two, signal).fails("mismatch", "the header's MAC does not fit")
	wrongKey.FileKey = key.Reveal()

	for name, v := range map[string]*vector{
		"signal-first":     part("the first trustee opens a signal", "open", Signal, two, signal).as(1).gives(hello),
		"signal-second":    part("the second trustee opens it", "open", Signal, two, signal).as(2).gives(hello),
		"signal-check":     part("the stanzas are the set's, without any key", "check", Signal, two, signal),
		"signal-own":       part("the second trustee's own stanza opens", "own", Signal, two, signal).as(2),
		"identity":         part("an identity part of threshold 1", "open", Identity, two, identity).as(1).gives(hello),
		"attachment":       part("an attachment whose content ends with zeros", "open", Attachment, two, attachment).as(1).gives([]byte("\x89PNG\x00\x00")),
		"file-key":         withKey,
		"stranger":         part("a key that is not in the set", "open", Signal, two, signal).as(3).fails("no-key", "none of them was given"),
		"flipped":          part("one bit of the payload flipped", "open", Signal, two, signal).of(flipAt(signal, len(signal)-20)).as(1).fails("mismatch", "the file's SHA-256 is"),
		"flipped-digest":   part("the same, and the ledger names the flipped file", "open", Signal, two, flipAt(signal, len(signal)-20)).as(1).fails("mismatch", "failed to decrypt and authenticate"),
		"header-flipped":   part("one bit of the header's MAC flipped, and the ledger names the flipped file", "open", Signal, two, macFlipped(signal)).as(1).fails("mismatch", "the header's MAC does not fit"),
		"cut":              part("the last byte is missing", "open", Signal, two, signal).of(signal[:len(signal)-1]).as(1).fails("mismatch", "bytes, and the ledger names"),
		"cut-digest":       part("the same, and the ledger names the cut file", "open", Signal, two, signal[:len(signal)-1]).as(1).fails("mismatch", "failed to decrypt and authenticate"),
		"longer":           part("one byte more", "open", Signal, two, signal).of(append(bytes.Clone(signal), 0)).as(1).fails("mismatch", "the file is longer than"),
		"forged-payload":   part("a new payload under the old header, made by somebody who knows the file key: stock age opens it", "open", Signal, two, keyed.Bytes()).of(forged).as(1).fails("mismatch", "the file's SHA-256 is"),
		"forged-file-key":  forgedKey,
		"wrong-file-key":   wrongKey,
		"wrong-size":       part("a plaintext of 512 bytes is no signal", "open", Signal, two, short).as(1).fails("mismatch", "a plaintext of 512 bytes is no size of kind signal"),
		"wrong-size-check": part("which shows without any key", "check", Signal, two, short).fails("mismatch", "no part of kind signal with this header has"),
		"stanza-missing":   part("one stanza for two trustees", "check", Signal, two, raw(a)).fails("mismatch", "the part is sealed to 1 keys, and the set has 2 trustees"),
		"stanza-more":      part("a third stanza", "check", Signal, two, raw(a, b, people()[2].Recipient())).fails("mismatch", "the part is sealed to 3 keys"),
		"stanza-classic": part("a classic stanza among post-quantum ones, as another implementation allows", "check", Signal, two,
			raw(a, recipientFunc(classic.Recipient().Wrap))).fails("mismatch", `stanza 2: of type "X25519"`),
		"hardware":       part("a key in hardware, and one in software", "check", Signal, tagged, raw(token.public, b)),
		"hardware-tag":   part("the tag is that of another key in hardware", "check", Signal, tagged, raw(hardware(t).public, b)).fails("mismatch", "stanza 1: the tag is not that of this trustee's key"),
		"hardware-order": part("the stanzas stand in the wrong order, which shows by their types", "check", Signal, tagged, raw(b, token.public)).fails("mismatch", `stanza 1: of type "mlkem768x25519"`),
		"own-other-key":  part("the second stanza wraps another file key", "own", Signal, two, raw(a, otherKey(b))).as(2).fails("own-stanza", "your own stanza (trustee 2 of 2)"),
		"own-garbage":    part("the second stanza opens for nobody", "own", Signal, two, raw(a, garbage(b))).as(2).fails("own-stanza", "your own stanza (trustee 2 of 2)"),
		"own-swapped":    part("the stanzas stand in the wrong order", "own", Signal, two, raw(b, a)).as(1).fails("own-stanza", "your own stanza (trustee 1 of 2)"),
		"own-unseen":     part("what the second trustee sees, the first can't", "own", Signal, two, raw(a, garbage(b))).as(1),
	} {
		writeVector(t, "part/part-"+name+".json", v)
	}
}

func flipAt(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

// macFlipped replaces the first character of the header's MAC.
func macFlipped(file []byte) []byte {
	file = bytes.Clone(file)
	i := bytes.Index(file, []byte("\n--- ")) + 5
	if file[i] == 'A' {
		file[i] = 'B'
	} else {
		file[i] = 'A'
	}
	return file
}

func writeFramings(t *testing.T) {
	h := func(b []byte) string { return hex.EncodeToString(b) }
	length := func(n uint64) run { return run{fmt.Sprintf("%016x", n), 1} }
	z := func(n int) run { return run{"00", n} }
	hello := run{h([]byte("hello")), 1}
	writeVector(t, "part/framing.json", []framing{
		{"five bytes", "ok", "", Signal, []run{hello, z(1011), length(5)}, []run{hello}},
		{"nothing", "ok", "", Signal, []run{z(1016), length(0)}, nil},
		{"zeros that belong to the content", "ok", "", Signal, []run{hello, z(1011), length(9)}, []run{hello, z(4)}},
		{"a full signal", "ok", "", Signal, []run{{"61", 1016}, length(1016)}, []run{{"61", 1016}}},
		{"a full identity", "ok", "", Identity, []run{{"61", 16376}, length(16376)}, []run{{"61", 16376}}},
		{"a full statement", "ok", "", Statement, []run{{"61", 65528}, length(65528)}, []run{{"61", 65528}}},
		{"a short message", "ok", "", Message, []run{hello, z(65536 - 13), length(5)}, []run{hello}},
		{"the largest attachment of the first size", "ok", "", Attachment, []run{{"61", 65528}, length(65528)}, []run{{"61", 65528}}},
		{"the smallest of the second", "ok", "", Attachment, []run{{"61", 65529}, z(131072 - 65529 - 8), length(65529)}, []run{{"61", 65529}}},
		{"an empty attachment", "ok", "", Attachment, []run{z(65528), length(0)}, nil},
		{"a length that does not fit", "mismatch", "the length at the end says 1017 bytes, and only 1016 fit", Signal, []run{hello, z(1011), length(1017)}, nil},
		{"a length that is negative where it is taken as signed", "mismatch", "only 1016 fit", Signal, []run{hello, z(1011), length(1<<63 | 5)}, nil},
		{"the largest length", "mismatch", "only 1016 fit", Signal, []run{hello, z(1011), length(1<<64 - 1)}, nil},
		{"a little-endian length", "mismatch", "only 1016 fit", Signal, []run{hello, z(1011), {"0500000000000000", 1}}, nil},
		{"padding that is not zero", "mismatch", "the padding after 5 bytes is not all zeros", Signal, []run{hello, z(1010), {"01", 1}, length(5)}, nil},
		{"a length shorter than the content", "mismatch", "the padding after 4 bytes is not all zeros", Signal, []run{hello, z(1011), length(4)}, nil},
		{"not the smallest size", "mismatch", "not the smallest size", Attachment, []run{hello, z(131072 - 13), length(5)}, nil},
		{"not the smallest size, by one byte", "mismatch", "not the smallest size", Attachment, []run{{"61", 65528}, z(131072 - 65528 - 8), length(65528)}, nil},
		{"no power of two", "mismatch", "a plaintext of 196608 bytes is no size of kind attachment", Attachment, []run{hello, z(196608 - 13), length(5)}, nil},
		{"a small attachment", "mismatch", "a plaintext of 32768 bytes is no size of kind attachment", Attachment, []run{hello, z(32768 - 13), length(5)}, nil},
		{"a signal of an identity's size", "mismatch", "a plaintext of 16384 bytes is no size of kind signal", Signal, []run{hello, z(16384 - 13), length(5)}, nil},
		{"a statement of an attachment's second size", "mismatch", "a plaintext of 131072 bytes is no size of kind statement", Statement, []run{{"61", 65529}, z(131072 - 65529 - 8), length(65529)}, nil},
		{"a message of a signal's size", "mismatch", "a plaintext of 1024 bytes is no size of kind message", Message, []run{hello, z(1011), length(5)}, nil},
		{"no padding at all", "mismatch", "a plaintext of 13 bytes is no size of kind signal", Signal, []run{hello, length(5)}, nil},
		{"nothing at all", "mismatch", "a plaintext of 0 bytes is no size of kind signal", Signal, []run{}, nil},
	})
}

func writeQuorumVectors(t *testing.T) {
	r := set(2, 3)
	hello := []byte("zapis/identity/v1\n")
	file, _ := sealed(t, Signal, r, hello)
	other, _ := sealed(t, Signal, r, hello)
	all := shares(t, file, 1, 2, 3)
	pick := func(positions ...int) map[int][]byte {
		m := maps.Clone(all)
		maps.DeleteFunc(m, func(p int, _ []byte) bool { return !slices.Contains(positions, p) })
		return m
	}
	forgedShares := pick(1)
	forgedShares[3] = flip(all[3])
	foreignShares := pick(1)
	foreignShares[2] = shares(t, other, 2)[2]
	outside := pick(1)
	outside[4] = all[2]

	bad := dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.put(t, 3, make([]byte, 32)) })
	wrapped := dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.wrapped[0] ^= 1 })
	unreduced := dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.put(t, 2, bytes.Repeat([]byte{0xff}, 32)) })
	hashless := dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.hashes[1][0] ^= 1 })
	trailing := dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.files[2] = append(q.files[2], 0) })
	swapped := dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.files[1], q.files[2] = q.files[2], q.files[1] })
	fewer, _ := sealed(t, Signal, set(2, 2), hello)
	twice := rawSeal(t, framed(hello, 1024-len(hello)-8, uint64(len(hello))), append(r.age(), r.natives[0])...)
	native, _ := sealed(t, Signal, set(1, 3), hello)
	more, _ := sealed(t, Signal, set(3, 3), hello)

	identity, _ := sealed(t, Identity, r, hello)

	for name, v := range map[string]*vector{
		"shares-1-2":    part("trustees 1 and 2 open it", "open", Signal, r, file).with(pick(1, 2)).gives(hello),
		"shares-2-3":    part("trustees 2 and 3 open it", "open", Signal, r, file).with(pick(2, 3)).gives(hello),
		"shares-all":    part("all three open it", "open", Signal, r, file).with(all).gives(hello),
		"identity":      part("an identity part", "open", Identity, r, identity).with(shares(t, identity, 1, 3)).gives(hello),
		"check":         part("the stanza is the set's, without any key", "check", Signal, r, file),
		"share":         part("trustee 2 opens their own share", "share", Signal, r, file).as(2).gives(all[2]),
		"own":           part("trustee 3's own share fits its hash", "own", Signal, r, file).as(3),
		"one":           part("one share of two", "open", Signal, r, file).with(pick(3)).fails("quorum", "2 of 3 trustees must grant their shares, and 1 did"),
		"alone":         part("a trustee's identity alone", "open", Signal, r, file).as(1).fails("quorum", "opens with the shares of 2 of 3 trustees"),
		"forged":        part("trustee 3 grants a forged share", "open", Signal, r, file).with(forgedShares).fails("mismatch", "what trustee 3 granted is not the share"),
		"foreign":       part("trustee 2 grants their share of another part", "open", Signal, r, file).with(foreignShares).fails("mismatch", "what trustee 2 granted is not the share"),
		"outside":       part("a share of a fourth trustee", "open", Signal, r, file).with(outside).fails("mismatch", "a share for position 4"),
		"share-other":   part("trustee 2's key on trustee 1's share", "share", Signal, r, file).as(2).at(1).fails("no-key", "share 1 does not open"),
		"bad-deal":      part("share 3 does not lie on the polynomial", "open", Signal, r, bad).with(shares(t, bad, 1, 2)).fails("mismatch", "dealt wrongly by the intake: share 3"),
		"bad-deal-3":    part("the same, opened with it", "open", Signal, r, bad).with(shares(t, bad, 1, 3)).fails("mismatch", "dealt wrongly by the intake: share"),
		"bad-deal-own":  part("and its owner can't see it alone", "own", Signal, r, bad).as(3),
		"bad-wrap":      part("the wrapped file key is another", "open", Signal, r, wrapped).with(shares(t, wrapped, 1, 2)).fails("mismatch", "they do not open the file key"),
		"unreduced":     part("a share above the group's order", "open", Signal, r, unreduced).with(shares(t, unreduced, 1, 2)).fails("mismatch", "share 2: it is not a reduced scalar"),
		"own-hash":      part("trustee 2's share does not fit its hash", "own", Signal, r, hashless).as(2).fails("own-stanza", "your own share (trustee 2 of 3)"),
		"share-trailer": part("a byte more in the last share's file", "check", Signal, r, trailing).fails("mismatch", "share 3: the share's file has"),
		"two-stanzas":   part("a native stanza beside the quorum", "check", Signal, r, twice).fails("mismatch", "the part has 2 stanzas, and under a quorum it must have one"),
		"native":        part("no quorum where the set asks for one", "check", Signal, r, native).fails("mismatch", "the part has 3 stanzas"),
		"arguments":     part("a zero before the threshold", "check", Signal, r, shaped(t, r, func(s *age.Stanza) { s.Args[0] = "02" })).fails("mismatch", `the quorum stanza says "02" of "3"`),
		"of-one":        part("a threshold of 1", "check", Signal, r, shaped(t, r, func(s *age.Stanza) { s.Args[0] = "1" })).fails("mismatch", `the quorum stanza says "1" of "3"`),
		"fewer":         part("a stanza for two trustees of three", "check", Signal, r, fewer).fails("mismatch", "the part opens with 2 of 2 trustees, and the set asks for 2 of 3"),
		"trailer":       part("a byte after the last share's file", "check", Signal, r, shaped(t, r, func(s *age.Stanza) { s.Body = append(s.Body, 0) })).fails("mismatch", "1 bytes follow the last share"),
		"share-swapped": part("the shares' files stand in another order", "own", Signal, r, swapped).as(2).fails("own-stanza", "your own share (trustee 2 of 3)"),
		"threshold":     part("another threshold than the set's", "check", Signal, r, more).fails("mismatch", "the part opens with 3 of 3 trustees, and the set asks for 2 of 3"),
	} {
		writeVector(t, "quorum/part-"+name+".json", v)
	}
}

// at asks for another position than the person's own.
func (v *vector) at(position int) *vector {
	v.Position = position
	return v
}

func writeDeals(t *testing.T) {
	var list []dealt
	for i, kn := range [][2]int{{2, 2}, {2, 3}, {3, 5}, {5, 5}, {7, 9}} {
		v := dealt{K: kn[0], N: kn[1], Random: hex.EncodeToString(random(wideSize)), FileKey: hex.EncodeToString(random(fileKeySize))}
		if i == 0 {
			v.Random = strings.Repeat("ff", wideSize) // the largest number
		}
		v.deal(t)
		list = append(list, v)
	}
	writeVector(t, "quorum/deal.json", list)
}
