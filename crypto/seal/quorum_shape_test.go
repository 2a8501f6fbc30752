package seal

import (
	"bytes"
	"testing"

	"filippo.io/age"
)

// TestShutOutOfQuorum: a trustee whose share does not open, or is not the one
// that the hash names, is warned on import.
func TestShutOutOfQuorum(t *testing.T) {
	r := set(2, 3)
	for _, c := range []struct {
		name   string
		change func(*quorumStanza, []byte)
		why    string
	}{
		{"sealed to somebody else", func(q *quorumStanza, _ []byte) {
			file, _, err := sealShare(set(1, 6).natives[5], random(32))
			if err != nil {
				t.Fatal(err)
			}
			q.files[1] = file
		}, "share 2 does not open with the key that was given"},
		{"another share", func(q *quorumStanza, _ []byte) {
			h := q.hashes[1]
			q.put(t, 2, random(32))
			q.hashes[1] = h
		}, "share 2 is not the one that was sealed to trustee 2"},
		{"payload flipped", func(q *quorumStanza, _ []byte) { q.files[1][len(q.files[1])-1] ^= 1 },
			"share 2: failed to decrypt and authenticate payload chunk"},
		{"another file key", func(q *quorumStanza, _ []byte) {
			q.files[1] = rawSeal(t, random(32), otherKey(r.natives[1]))
		}, "share 2: bad header MAC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := dealtBy(t, r, c.change)
			if err := checkStanzas(bytes.NewReader(file), r); err != nil {
				t.Fatal("without a key it looks right:", err)
			}
			err := CheckOwn(bytes.NewReader(file), r, 2, people()[1])
			refused(t, err, ErrOwnStanza, "your own share (trustee 2 of 3) does not open with your key, so this part was made unreadable for you: ")
			refused(t, err, ErrMismatch, c.why)
			for _, p := range []int{1, 3} {
				if err := CheckOwn(bytes.NewReader(file), r, p, people()[p-1]); err != nil {
					t.Errorf("trustee %d: %v", p, err)
				}
			}
			if got, _, err := open(Signal, file, DigestOf(file), QuorumIdentity(shares(t, file, 1, 3))); err != nil || string(got) != "x" {
				t.Errorf("the others can still open it: %q, %v", got, err)
			}
		})
	}
}

// shaped seals a part whose quorum stanza was changed.
func shaped(t *testing.T, r *Recipients, change func(*age.Stanza)) []byte {
	t.Helper()
	return rawSeal(t, framed([]byte("x"), 1024-9, 1), recipientFunc(func(fileKey []byte) ([]*age.Stanza, error) {
		s, _, err := (&quorumRecipient{r}).WrapWithLabels(fileKey)
		change(s[0])
		return s, err
	}))
}

// TestQuorumShape: stanzas that CheckPart refuses.
func TestQuorumShape(t *testing.T) {
	r := set(2, 3)
	const shareAt = wrappedSize + 3*hashSize
	for _, c := range []struct {
		name   string
		change func(*age.Stanza)
		says   string
	}{
		{"type", func(s *age.Stanza) { s.Type = "zapis-quorum/v2" }, `a stanza of type "zapis-quorum/v2" where zapis-quorum/v1 belongs`},
		{"k raised", func(s *age.Stanza) { s.Args[0] = "3" }, "the part opens with 3 of 3 trustees, and the set asks for 2 of 3"},
		{"k 1", func(s *age.Stanza) { s.Args[0] = "1" }, `the quorum stanza says "1" of "3"`},
		{"k above n", func(s *age.Stanza) { s.Args[0] = "4" }, `the quorum stanza says "4" of "3"`},
		{"k with zero", func(s *age.Stanza) { s.Args[0] = "02" }, `the quorum stanza says "02" of "3"`},
		{"k signed", func(s *age.Stanza) { s.Args[0] = "+2" }, `the quorum stanza says "+2" of "3"`},
		{"n huge", func(s *age.Stanza) { s.Args[1] = "256" }, `the quorum stanza says "2" of "256"`},
		{"n beyond int", func(s *age.Stanza) { s.Args[1] = "99999999999999999999" }, `says "2" of "99999999999999999999"`},
		{"n raised", func(s *age.Stanza) { s.Args[1] = "4" }, `share 1 of the quorum stanza says that it has`},
		{"n lowered", func(s *age.Stanza) { s.Args[1] = "2" }, `the quorum stanza`},
		{"no arguments", func(s *age.Stanza) { s.Args = nil }, "the quorum stanza has 0 arguments, not 2"},
		{"an argument more", func(s *age.Stanza) { s.Args = append(s.Args, "x") }, "the quorum stanza has 3 arguments, not 2"},
		{"empty", func(s *age.Stanza) { s.Body = nil }, "the quorum stanza ends inside its 3 share hashes"},
		{"cut in hashes", func(s *age.Stanza) { s.Body = s.Body[:shareAt-1] }, "the quorum stanza ends inside its 3 share hashes"},
		{"cut before shares", func(s *age.Stanza) { s.Body = s.Body[:shareAt] }, "the quorum stanza ends before share 1"},
		{"cut in a length", func(s *age.Stanza) { s.Body = s.Body[:shareAt+3] }, "the quorum stanza ends before share 1"},
		{"cut in a share", func(s *age.Stanza) { s.Body = s.Body[:shareAt+100] }, "the quorum stanza ends inside share 1"},
		{"cut by one", func(s *age.Stanza) { s.Body = s.Body[:len(s.Body)-1] }, "the quorum stanza ends inside share 3"},
		{"one more", func(s *age.Stanza) { s.Body = append(s.Body, 0) }, "1 bytes follow the last share of the quorum stanza"},
		{"length zero", func(s *age.Stanza) { clear(s.Body[shareAt : shareAt+4]) }, "share 1 of the quorum stanza says that it has 0 bytes"},
		{"length huge", func(s *age.Stanza) { s.Body[shareAt] = 0xff }, "share 1 of the quorum stanza says that it has 42"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := shaped(t, r, c.change)
			refused(t, checkStanzas(bytes.NewReader(file), r), ErrMismatch, c.says)
			if _, _, err := open(Signal, file, DigestOf(file), people()[0]); err == nil {
				t.Error("opened by one alone")
			}
		})
	}

	two := rawSeal(t, framed([]byte("x"), 1024-9, 1), append(r.age(), r.natives[0])...)
	refused(t, checkStanzas(bytes.NewReader(two), r), ErrMismatch, "the part has 2 stanzas, and under a quorum it must have one")
	native, _ := sealed(t, Signal, set(1, 3), []byte("x"))
	refused(t, checkStanzas(bytes.NewReader(native), r), ErrMismatch, "the part has 3 stanzas, and under a quorum it must have one")
	_, err := OpenShare(bytes.NewReader(native), 1, people()[0])
	refused(t, err, ErrMismatch, "this part is not under a quorum")

	for name, inner := range map[string][]byte{
		"the share is sealed to 2 keys, not to one":   rawSeal(t, random(32), r.natives[0], r.natives[1]),
		"the share's file has ":                       rawSeal(t, random(33), r.natives[0]),
		"it does not begin with a whole age header":   []byte("hello"),
		`of type "mlkem768p256tag" with 2 arguments,`: rawSeal(t, random(32), hardware(t).public),
	} {
		file := dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.files[0] = inner })
		refused(t, checkStanzas(bytes.NewReader(file), r), ErrMismatch, "share 1: "+name)
	}
}
