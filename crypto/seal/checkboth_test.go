package seal

import (
	"bytes"
	"errors"
	"testing"

	"filippo.io/age"
)

// TestCheckBoth: what it says of a part is what CheckPart and CheckOwn say, one after the other.
func TestCheckBoth(t *testing.T) {
	r, quorum := set(1, 3), set(2, 3)
	a, b, c := r.natives[0], r.natives[1], r.natives[2]
	good, _ := sealed(t, Signal, r, []byte("x"))
	shared, _ := sealed(t, Identity, quorum, []byte("x"))
	rogue := func(to ...age.Recipient) []byte { return rawSeal(t, framed([]byte("x"), 1024-9, 1), to...) }
	badMAC := bytes.Clone(good)
	mac := bytes.Index(badMAC, []byte("\n--- ")) + len("\n--- ")
	badMAC[mac] = badMAC[mac]%('z'-'a') + 'a'
	for _, tc := range []struct {
		name string
		kind Kind
		set  *Recipients
		file []byte
	}{
		{"as it must be", Signal, r, good},
		{"under a quorum", Identity, quorum, shared},
		{"of another kind", Statement, r, good},
		{"sealed to each alone", Identity, quorum, good},
		{"sealed to a quorum", Signal, r, shared},
		{"one is missing", Signal, r, rogue(a, b)},
		{"another file key", Signal, r, rogue(a, otherKey(b), c)},
		{"garbage", Signal, r, rogue(a, garbage(b), c)},
		{"another MAC", Signal, r, badMAC},
		{"no header", Signal, r, []byte("---\n")},
		{"an empty header", Signal, r, []byte("age-encryption.org/v1\n--- \n")},
		{"cut", Signal, r, good[:2000]},
		{"nothing", Signal, r, nil},
	} {
		size := int64(len(tc.file))
		part := CheckPart(bytes.NewReader(tc.file), tc.kind, tc.set, size)
		for position := range 4 {
			var own error
			var id age.Identity
			if position > 0 {
				if id = people()[position-1]; part == nil {
					own = CheckOwn(bytes.NewReader(tc.file), tc.set, position, id)
				}
			}
			gotOwn, gotPart := CheckBoth(bytes.NewReader(tc.file), tc.kind, size, []*Recipients{tc.set}, position, id)
			if !sameError(gotOwn, own) || !sameError(gotPart, part) {
				t.Errorf("%s, position %d: %v and %v, and must be %v and %v", tc.name, position, gotOwn, gotPart, own, part)
			}
		}
	}
	if own, refused := CheckBoth(bytes.NewReader(shared), Identity, int64(len(shared)), []*Recipients{r, quorum}, 3, people()[2]); own != nil || refused != nil {
		t.Errorf("the second of two sets: %v and %v", own, refused)
	}
	own, refused := CheckBoth(bytes.NewReader(good), Signal, int64(len(good)), []*Recipients{r}, 3, people()[1])
	if !errors.Is(own, ErrNoKey) || errors.Is(own, ErrOwnStanza) || refused != nil {
		t.Errorf("a key that is not the position's: %v and %v", own, refused)
	}
	broken := errors.New("the disk can't be read")
	if _, err := CheckBoth(&brokenReader{broken}, Signal, 9000, []*Recipients{r}, 0, nil); !errors.Is(err, broken) {
		t.Errorf("a disk that can't be read: %v", err)
	}
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	for _, class := range []error{ErrMismatch, ErrNoKey, ErrOwnStanza, ErrQuorum} {
		if errors.Is(a, class) != errors.Is(b, class) {
			return false
		}
	}
	return a.Error() == b.Error()
}

type brokenReader struct{ err error }

func (b *brokenReader) Read([]byte) (int, error) { return 0, b.err }
