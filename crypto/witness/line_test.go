package witness_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/witness"
)

func TestCosignedCheckpoint(t *testing.T) {
	b := grown(33)
	log := ledgertest.Key(1).Verifier()
	one, two := signingKey(t, "one.example/w", 1), signingKey(t, "two.example/w", 2)
	known := append(one.Verifiers(), two.Verifiers()...)

	msg := cosigned(t, cosigned(t, b.Checkpoints[0], two), one)
	c, by, err := witness.Open(log, msg, known)
	must(t, err)
	if c.Size != 33 || len(by) != 4 || by[0].Witness.Name() != "one.example/w" || !by[3].Time.Equal(noon) {
		t.Errorf("got %+v by %+v", c, by)
	}
	if _, by, err = witness.Open(log, msg, two.Verifiers()); err != nil || len(by) != 2 {
		t.Errorf("two alone: %d lines, %v", len(by), err)
	}
	if stored, err := ledger.StripWitnesses(msg); err != nil || !bytes.Equal(stored, b.Checkpoints[0]) {
		t.Errorf("what is stored is not what was signed: %v", err)
	}
	if again := cosigned(t, msg, one); len(again) != len(msg) {
		t.Errorf("a witness who signs again has %d bytes more", len(again)-len(msg))
	}

	// The other implementation's verifiers say the same of each line.
	for _, v := range known {
		other, err := fnote.NewVerifierForCosignatureV1(v.String())
		must(t, err)
		n, err := note.Open(msg, note.VerifierList(other))
		if err != nil || len(n.Sigs) != 1 || n.Sigs[0].Hash != v.ID() {
			t.Errorf("%s, %s: %v", v.Name(), v.Algorithm(), err)
		}
	}
}

func TestLinesRefused(t *testing.T) {
	b := grown(33, 64)
	log := ledgertest.Key(1).Verifier()
	one := signingKey(t, "one.example/w", 1)
	here, there := b.Checkpoints[0], b.Checkpoints[1]
	lineOf := func(checkpoint []byte, i int, at time.Time) string {
		c, err := one.Cosign(text(t, checkpoint), at)
		must(t, err)
		return string(c[i].Line())
	}
	for name, c := range map[string]struct{ lines, want string }{
		"of another checkpoint": {lineOf(there, 0, noon),
			"cosignature: the Ed25519 line of one.example/w does not fit the checkpoint"},
		"of another checkpoint, ML-DSA-44": {lineOf(there, 1, noon),
			"cosignature: the ML-DSA-44 line of one.example/w does not fit the checkpoint"},
		"twice": {lineOf(here, 0, noon) + lineOf(here, 0, noon.Add(time.Second)),
			"cosignature: two lines of one key of one.example/w"},
		"not one": {"— one.example/w AAAA\n", "signature lines: line 1 is none"},
		"open":    {strings.TrimSuffix(lineOf(here, 0, noon), "\n"), "signature lines: line 1 is none"},
		"second":  {lineOf(here, 0, noon) + "hello\n", "signature lines: line 2 is none"},
		"loose":   {strings.Replace(lineOf(here, 0, noon), " one", "  one", 1), "signature lines: line 1 is none"},
		"nothing": {"", "signature lines: 0 bytes, where 1 to 262144 are allowed"},
		"many":    {strings.Repeat(lineOf(here, 0, noon), 65), "signature lines: more than 64"},
	} {
		t.Run(name, func(t *testing.T) {
			sigs, err := witness.ParseLines([]byte(c.lines))
			if err == nil {
				_, err = witness.Check(text(t, here), sigs, one.Verifiers())
			}
			refused(t, err, c.want)
		})
	}

	// Lines of unknown keys are ignored.
	sigs, err := witness.ParseLines([]byte(lineOf(there, 0, noon)))
	must(t, err)
	if by, err := witness.Check(text(t, here), sigs, signingKey(t, "other.example/w", 3).Verifiers()); err != nil || by != nil {
		t.Errorf("a stranger's line: %v, %v", by, err)
	}

	// The log is no witness of itself, under any name.
	own, err := witness.NewVerifier(log.Keys()[1])
	must(t, err)
	_, _, err = witness.Open(log, here, []*witness.Verifier{own})
	refused(t, err, "cosignature: the witness key of example.org/ledger is a key of the log itself")

	_, _, err = witness.Open(log, append(bytes.Clone(here), lineOf(there, 0, noon)...), one.Verifiers())
	refused(t, err, "cosignature: the Ed25519 line of one.example/w does not fit the checkpoint")
	stripped := append([]byte(text(t, here)+"\n"), lineOf(here, 0, noon)...)
	if _, _, err = witness.Open(log, stripped, one.Verifiers()); !errors.Is(err, canonical.ErrMismatch) {
		t.Errorf("a witness's line without the log's: %v", err)
	}
}

func TestTimesRefused(t *testing.T) {
	b := grown(33)
	one := signingKey(t, "one.example/w", 1)
	for _, at := range []time.Time{time.Unix(0, 0), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, err := one.Cosign(text(t, b.Checkpoints[0]), at); err == nil || err.Error() != "cosign: a time lies between 1970 and 9999" {
			t.Errorf("%s: %v", at, err)
		}
	}
	// A signature without a time is one over a subtree, and does not concern the largest tree.
	c, err := ledgertest.Key(1).Verifier().OpenCheckpoint(b.Checkpoints[0])
	must(t, err)
	skey, vkey, err := fnote.GenerateMLDSAKey("sub.example/w")
	must(t, err)
	signer, err := fnote.NewMLDSASigner(skey)
	must(t, err)
	sig, err := signer.SignSubtree(0, c.Origin, 0, c.Size, c.Root[:])
	must(t, err)
	v, err := witness.NewVerifier(vkey)
	must(t, err)
	raw := append([]byte{byte(v.ID() >> 24), byte(v.ID() >> 16), byte(v.ID() >> 8), byte(v.ID())}, sig...)
	sigs, err := witness.ParseLines(fmt.Appendf(nil, "— sub.example/w %s\n", base64.StdEncoding.EncodeToString(raw)))
	must(t, err)
	_, err = witness.Check(text(t, b.Checkpoints[0]), sigs, []*witness.Verifier{v})
	refused(t, err, "cosignature: the ML-DSA-44 line of sub.example/w bears no time between 1970 and 9999")
}

func TestKeys(t *testing.T) {
	k := signingKey(t, "one.example/w", 1)
	again, err := witness.ParseSigningKey(k.Marshal())
	must(t, err)
	if again.Verifiers()[1].String() != k.Verifiers()[1].String() {
		t.Error("the key file holds another key")
	}
	for _, s := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v", k, k, k)} {
		if strings.Contains(s, "PRIVATE") || len(s) > 200 {
			t.Errorf("a key prints itself: %s", s)
		}
	}
	ed := k.Verifiers()[0].String()
	for key, want := range map[string]string{
		"hello":                              "witness key: not a verifier key: NAME+8 hexadecimal digits+base64",
		ed + "=":                             "witness key: not a verifier key: NAME+8 hexadecimal digits+base64",
		"a b" + ed[len("one.example/w"):]:    "witness key: a key's name has 1 to 255 bytes, and no space or plus",
		"two" + ed[len("one.example/w"):]:    "witness key: the verifier key's id does not fit its key",
		ledgertest.Key(1).Keys()[0]:          "witness key: type 1 is a log's; a witness signs with type 4 (Ed25519) or type 6 (ML-DSA-44)",
		"w+00000000+AgAA":                    "witness key: the verifier key is of type 2, which is not known here",
		"w+00000000+BAAA":                    "witness key: a verifier key of type 4 has 32 bytes, not 2",
		strings.Repeat("w", 256) + "+0+BA==": "witness key: a key's name has 1 to 255 bytes, and no space or plus",
	} {
		_, err := witness.NewVerifier(key)
		refused(t, err, want)
	}
	_, err = witness.GenerateSigningKey("One Example", bytes.NewReader(make([]byte, 64)))
	refused(t, err, "a witness's name is like example.org/witness: written as a ledger's origin is")
	_, err = witness.ParseSigningKey(bytes.Replace(k.Marshal(), []byte("ml-dsa-44 d"), []byte("ml-dsa-44 !"), 1))
	refused(t, err, "witness key: line 4: a seed is 32 bytes in base64")
}

func TestFromAnchor(t *testing.T) {
	b := grown(33, 64)
	one := signingKey(t, "one.example/w", 1)
	by, err := one.Cosign(text(t, b.Checkpoints[0]), noon)
	must(t, err)
	for i, c := range by {
		a := ledger.Anchor{Size: 33, Checkpoint: ledger.Sum(b.Checkpoints[0]), Witness: c.Witness.String(), Cosignature: c.Raw}
		got, err := witness.FromAnchor(a, b.Checkpoints[0])
		must(t, err)
		if !got.Time.Equal(noon) || got.Witness.Algorithm() != c.Witness.Algorithm() {
			t.Errorf("got %+v", got)
		}
		_, err = witness.FromAnchor(a, b.Checkpoints[1])
		refused(t, err, "anchor: it is about another checkpoint file than this one")
		a.Witness = by[1-i].Witness.String()
		_, err = witness.FromAnchor(a, b.Checkpoints[0])
		refused(t, err, "anchor: the cosignature is of another key than the one it names")
		a.Witness = ""
		_, err = witness.FromAnchor(a, b.Checkpoints[0])
		refused(t, err, "anchor: it holds no cosignature")
	}
}

func FuzzParseLines(f *testing.F) {
	f.Add([]byte("— one.example/w AAAAAAA=\n"))
	f.Add([]byte("— one.example/w AAAAAAA=\n— two AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		sigs, err := witness.ParseLines(body)
		if err != nil {
			return
		}
		var again []byte
		for _, s := range sigs {
			again = append(again, "— "+s.Name+" "+s.Base64+"\n"...)
		}
		if !bytes.Equal(again, body) {
			t.Fatalf("%q was read as %q", body, again)
		}
	})
}
