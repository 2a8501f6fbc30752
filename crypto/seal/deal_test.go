package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// order is that of ristretto255's group, RFC 9496, section 4.
var order, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

// little reads and writes little-endian numbers, as the scalars are encoded.
func little(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func little32(n *big.Int) (out [32]byte) {
	n.FillBytes(out[:])
	slices.Reverse(out[:])
	return out
}

func TestWideScalar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wide := [wideSize]byte(rapid.SliceOfN(rapid.Byte(), wideSize, wideSize).Draw(t, "wide"))
		want := little32(new(big.Int).Mod(little(wide[:]), order))
		if got := scalarBytes(wideScalar(&wide)); got != want {
			t.Fatalf("%x, and arithmetic says %x", got, want)
		}
	})
	var most [wideSize]byte
	for i := range most {
		most[i] = 0xff
	}
	if got := scalarBytes(wideScalar(&most)); got != little32(new(big.Int).Mod(little(most[:]), order)) {
		t.Errorf("%x", got)
	}
}

// TestDeal deals with plain integers, as docs/spec/quorum.md specifies, and
// compares.
func TestDeal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wide := [wideSize]byte(rapid.SliceOfN(rapid.Byte(), wideSize, wideSize).Draw(t, "wide"))
		n := rapid.IntRange(2, 9).Draw(t, "n")
		k := rapid.IntRange(2, n).Draw(t, "k")

		s := new(big.Int).Mod(little(wide[:]), order)
		secret := little32(s)
		coefficients := []*big.Int{s}
		for i := 1; i < k; i++ {
			b, err := hkdf.Key(sha256.New, secret[:], nil, fmt.Sprintf("zapis/quorum/v1 coefficient %d", i), 64)
			if err != nil {
				t.Fatal(err)
			}
			coefficients = append(coefficients, new(big.Int).Mod(little(b), order))
		}
		d := newDealer(wideScalar(&wide))
		dealt := d.shares(k, n)
		for x := 1; x <= n; x++ {
			y, power := new(big.Int), big.NewInt(1)
			for _, c := range coefficients {
				y.Add(y, new(big.Int).Mul(c, power))
				power.Mul(power, big.NewInt(int64(x)))
			}
			if want := little32(y.Mod(y, order)); dealt[x-1] != want {
				t.Fatalf("share %d of %d of %d: %x, and arithmetic says %x", x, k, n, dealt[x-1], want)
			}
		}

		// Any k of them, in any order, give the secret back.
		some := map[int][]byte{}
		for _, p := range rapid.Permutation(slices.Collect(upTo(n))).Draw(t, "who")[:k] {
			some[p] = dealt[p-1][:]
		}
		got, err := recoverSecret(k, some)
		if err != nil || !got.IsEqual(d.secret) {
			t.Fatalf("recovered %v, %v", got, err)
		}
	})
}

func TestScalarEncoding(t *testing.T) {
	above := little32(order)
	for _, b := range [][]byte{nil, make([]byte, 31), make([]byte, 33), above[:], slices.Repeat([]byte{0xff}, 32)} {
		_, err := scalarOf(b)
		refused(t, err, ErrMismatch, "it is not a reduced scalar of ristretto255")
	}
	below := little32(new(big.Int).Sub(order, big.NewInt(1)))
	if _, err := scalarOf(below[:]); err != nil {
		t.Error(err)
	}
}
