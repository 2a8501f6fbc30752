package seal

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
)

// people are trustees with their keys; the same ones for every test, since
// making them is the slow part.
var people = sync.OnceValue(func() []*age.HybridIdentity {
	out := make([]*age.HybridIdentity, 7)
	for i := range out {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			panic(err)
		}
		out[i] = id
	}
	return out
})

// sealed returns a part as bytes.
func sealed(t testing.TB, k Kind, r *Recipients, content []byte) ([]byte, Sealed) {
	t.Helper()
	var b bytes.Buffer
	s, err := Seal(&b, k, r, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), s
}

func open(k Kind, file []byte, want Digest, ids ...age.Identity) ([]byte, Digest, error) {
	var b bytes.Buffer
	d, err := Open(&b, k, bytes.NewReader(file), want, ids...)
	return b.Bytes(), d, err
}

// refused asserts a refusal's class and its text.
func refused(t testing.TB, err, class error, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, where this was expected: %s", says)
	}
	if class != nil && !errors.Is(err, class) {
		t.Errorf("%q is not of the class %q", err, class)
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("the refusal says\n\t%s\nand should say\n\t%s", err, says)
	}
}

// rawSeal seals a plaintext as it is, without padding.
func rawSeal(t testing.TB, plaintext []byte, recipients ...age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, recipients...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plaintext); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// endless yields n bytes of a pattern without zeros, in small pieces.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	for i := range p[:n] {
		p[i] = byte(i%251) + 1
	}
	e.left -= n
	return int(n), nil
}

// set returns the first n people as a set with this threshold.
func set(k, n int) *Recipients {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = people()[i].Recipient().String()
	}
	r, err := NewRecipients(k, keys...)
	if err != nil {
		panic(err)
	}
	return r
}

type fataler interface {
	Helper()
	Fatal(...any)
}

// shares returns the shares of the trustees at these positions.
func shares(t fataler, file []byte, positions ...int) map[int][]byte {
	t.Helper()
	out := map[int][]byte{}
	for _, p := range positions {
		share, err := OpenShare(bytes.NewReader(file), p, people()[p-1])
		if err != nil {
			t.Fatal(err)
		}
		out[p] = share
	}
	return out
}

// reader returns an identity that opens the part: the last k trustees.
func reader(t fataler, file []byte, k, n int) age.Identity {
	t.Helper()
	if k == 1 {
		return people()[n-1]
	}
	var positions []int
	for p := n; len(positions) < k; p-- {
		positions = append(positions, p)
	}
	return QuorumIdentity(shares(t, file, positions...))
}
