package reporterkey

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
)

func testKey(t *testing.T, fill byte) *Key {
	t.Helper()
	k, err := New(bytes.Repeat([]byte{fill}, SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestBothSignaturesMustVerify(t *testing.T) {
	k, text := testKey(t, 1), []byte("zapis/reporter/v1\nledger …\n")
	block, err := k.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(block) != BlockSize {
		t.Fatalf("a block of %d bytes, not %d", len(block), BlockSize)
	}
	if err := Verify(k.Fingerprint(), text, block); err != nil {
		t.Fatal(err)
	}
	other, err := testKey(t, 2).Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		b := bytes.Clone(block)
		b[at] ^= 1
		return b
	}
	// A block in which one signature is genuine and the other is over another text.
	mixed := bytes.Clone(block)
	elsewhere, err := k.Sign([]byte("another text"))
	if err != nil {
		t.Fatal(err)
	}
	copy(mixed[publicSize+64:], elsewhere[publicSize+64:])
	mixed2 := bytes.Clone(block)
	copy(mixed2[publicSize:publicSize+64], elsewhere[publicSize:publicSize+64])
	for _, tt := range []struct {
		name  string
		text  string
		block []byte
		want  error
	}{
		{"another text", "another text", block, ErrSignature},
		{"another key", string(text), other, ErrOtherKey},
		{"a changed Ed25519 key", string(text), flip(3), ErrOtherKey},
		{"a changed ML-DSA key", string(text), flip(100), ErrOtherKey},
		{"a changed Ed25519 signature", string(text), flip(publicSize + 5), ErrSignature},
		{"a changed ML-DSA signature", string(text), flip(BlockSize - 5), ErrSignature},
		{"an ML-DSA signature over another text", string(text), mixed, ErrSignature},
		{"an Ed25519 signature over another text", string(text), mixed2, ErrSignature},
		{"a cut block", string(text), block[:BlockSize-1], ErrSize},
		{"a longer block", string(text), append(bytes.Clone(block), 0), ErrSize},
		{"nothing", string(text), nil, ErrSize},
	} {
		if err := Verify(k.Fingerprint(), []byte(tt.text), tt.block); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestAnotherImplementationComesToTheSameKeys derives the public keys with circl's ML-DSA-44.
func TestAnotherImplementationComesToTheSameKeys(t *testing.T) {
	seed := make([]byte, SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	k, err := New(seed)
	if err != nil {
		t.Fatal(err)
	}
	ed := ed25519.NewKeyFromSeed(seed[:32]).Public().(ed25519.PublicKey)
	ml, _ := mldsa44.NewKeyFromSeed((*[32]byte)(seed[32:]))
	if got := Fingerprint(sha256.Sum256(append(bytes.Clone(ed), ml.Bytes()...))); got != k.Fingerprint() {
		t.Errorf("%x, and circl comes to %x", k.Fingerprint(), got)
	}
	block, err := k.Sign([]byte("a text"))
	if err != nil {
		t.Fatal(err)
	}
	if !mldsa44.Verify(ml, []byte("a text"), []byte(context), block[publicSize+64:]) {
		t.Error("circl does not verify the ML-DSA-44 signature")
	}
}

func TestAKeyIsNotPrinted(t *testing.T) {
	k := testKey(t, 7)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, k); got != redacted {
			t.Errorf("%s: %s", verb, got)
		}
	}
	if _, err := New(make([]byte, SeedSize-1)); err == nil || err.Error() != "reporterkey: a seed of 63 bytes, not 64" {
		t.Errorf("a short seed: %v", err)
	}
}
