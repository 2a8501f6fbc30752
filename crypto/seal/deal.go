package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/math/polynomial"
	"github.com/cloudflare/circl/secretsharing"
)

// Shamir's sharing of a scalar of ristretto255, with every coefficient derived
// from the secret: who recovers the secret can deal again and see whether the
// dealer was honest. circl's own New can't do that: on this group it takes its
// coefficients from the operating system and ignores the reader it is given.

const (
	scalarSize = 32 // little endian, reduced: RFC 9496, section 4.4
	wideSize   = 64 // reduced to a scalar without bias
)

var curve = group.Ristretto255

// wideScalar reads 64 bytes as a little-endian number modulo the group's order.
func wideScalar(b *[wideSize]byte) group.Scalar {
	shift := curve.NewScalar().SetUint64(1 << 32)
	shift.Mul(shift, shift)
	s, limb := curve.NewScalar(), curve.NewScalar()
	for i := wideSize - 8; i >= 0; i -= 8 {
		s.Mul(s, shift)
		s.Add(s, limb.SetUint64(binary.LittleEndian.Uint64(b[i:])))
	}
	return s
}

func scalarBytes(s group.Scalar) [scalarSize]byte {
	b, err := s.MarshalBinary()
	if err != nil || len(b) != scalarSize {
		panic("seal: a scalar of ristretto255 that does not marshal to 32 bytes")
	}
	defer wipe(b)
	return [scalarSize]byte(b)
}

// scalarOf refuses what is not reduced: a share has one encoding.
func scalarOf(b []byte) (group.Scalar, error) {
	s := curve.NewScalar()
	if err := s.UnmarshalBinary(b); err != nil {
		return nil, mismatch("it is not a reduced scalar of ristretto255")
	}
	return s, nil
}

// dealer holds a secret and what is derived from it.
type dealer struct {
	secret group.Scalar
	prk    []byte
}

func newDealer(secret group.Scalar) *dealer {
	b := scalarBytes(secret)
	defer wipe(b[:])
	prk, err := hkdf.Extract(sha256.New, b[:], nil)
	if err != nil {
		panic("seal: HKDF-Extract: " + err.Error())
	}
	return &dealer{secret, prk}
}

func (d *dealer) expand(info string, size int) []byte {
	b, err := hkdf.Expand(sha256.New, d.prk, info, size)
	if err != nil {
		panic("seal: HKDF-Expand: " + err.Error())
	}
	return b
}

// wrapKey returns the key that wraps the age file key.
func (d *dealer) wrapKey() []byte { return d.expand("zapis/quorum/v1 wrap", 32) }

// shares deals n shares of which k recover the secret; share i is at index i-1. The
// caller clears them.
func (d *dealer) shares(k, n int) [][scalarSize]byte {
	coefficients := make([]group.Scalar, k)
	coefficients[0] = d.secret
	for i := 1; i < k; i++ {
		wide := d.expand(fmt.Sprintf("zapis/quorum/v1 coefficient %d", i), wideSize)
		coefficients[i] = wideScalar((*[wideSize]byte)(wide))
		wipe(wide)
	}
	p := polynomial.New(coefficients)
	out := make([][scalarSize]byte, n)
	x := curve.NewScalar()
	for i := range out {
		out[i] = scalarBytes(p.Evaluate(x.SetUint64(uint64(i + 1))))
	}
	for _, c := range coefficients[1:] {
		c.SetUint64(0)
	}
	return out
}

func (d *dealer) wipe() {
	wipe(d.prk)
	d.secret.SetUint64(0)
}

// recoverSecret uses the first k shares by position, from 1. Positions are a map's
// keys, so none is there twice: circl panics on a repeated one.
func recoverSecret(k int, shares map[int][]byte) (group.Scalar, error) {
	in := make([]secretsharing.Share, 0, k)
	for _, position := range slices.Sorted(maps.Keys(shares)) {
		if len(in) == k {
			break
		}
		value, err := scalarOf(shares[position])
		if err != nil {
			return nil, fmt.Errorf("share %d: %w", position, err)
		}
		in = append(in, secretsharing.Share{
			ID:    curve.NewScalar().SetUint64(uint64(position)),
			Value: value,
		})
	}
	// circl's t is the number of shares that must not suffice.
	return secretsharing.Recover(uint(k-1), in)
}

// shareHash returns what the stanza publishes of a share: it names the
// position, so that equal shares would not show as equal hashes.
func shareHash(position int, share []byte) [32]byte {
	h := sha256.New()
	fmt.Fprintf(h, "zapis/quorum/v1 share %d\n", position)
	h.Write(share)
	return [32]byte(h.Sum(nil))
}
