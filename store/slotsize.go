package store

import (
	"crypto/rand"
	"encoding/binary"
	"math"
)

// earlierMultiple is what the entries of a slot are filled up to a multiple of in a
// ledger whose genesis gives no slot size.
const earlierMultiple = 32

// slotTotal is how many entries a slot gets for so many that wait, of which due are
// changes that were announced. A ledger without a slot size gets the next multiple
// of 32, and the changes after it, as it always did.
//
// With a slot size, the count that decides is raised by a random number before it is
// rounded up. Without that, somebody who sends exactly a slot's size of reports sees
// whether there was one more. The number is at most a quarter of the size, so that a
// slot with up to three quarters of it waiting always has exactly that size.
// docs/slots.md tells what is left to learn, in bits.
func slotTotal(size, waiting, due int) (int, error) {
	if size == 0 {
		return roundUp(waiting, earlierMultiple) + due, nil
	}
	u, err := uniform()
	if err != nil {
		return 0, err
	}
	return SlotTotal(size, waiting+due, u), nil
}

// SlotTotal is the number of entries of a slot with that size in which count entries
// are no fillers, for a random number in [0, 1).
func SlotTotal(size, count int, u float64) int {
	return max(roundUp(count+slotNoise(size, u), size), roundUp(count, size))
}

// slotNoise is a geometric number cut at a quarter of a slot's size: each is less
// likely than the one before by one part in an eighth of the size.
func slotNoise(size int, u float64) int {
	most, ratio := size/4, 1-8/float64(max(size, 9))
	if most == 0 {
		return 0
	}
	within := 1 - math.Pow(ratio, float64(most+1))
	return min(int(math.Log1p(-u*within)/math.Log(ratio)), most)
}

// roundUp gives the smallest multiple that is at least n and at least one multiple.
func roundUp(n, multiple int) int { return max(1, (n+multiple-1)/multiple) * multiple }

// uniform is a fresh random number in [0, 1) of 53 bits.
func uniform() (float64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53), nil
}
