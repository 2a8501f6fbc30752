package links

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"strconv"
)

// Distance is the most bits of 64 in which the difference hashes of two nearly equal pictures differ. docs/media.md has
// the measurement that it comes from.
const Distance = 8

// maxBucket is how many pictures of one band are compared pairwise.
const maxBucket = 4096

// flat reports whether a hash has too few changes of brightness to be compared: within Distance of it is the hash of an
// empty page, or of one that gets brighter from edge to edge.
func flat(hash uint64) bool {
	n := bits.OnesCount64(hash)
	return n <= Distance || n >= 64-Distance
}

// pictures pairs cases with pictures that are nearly the same. Two hashes that differ in at most Distance bits are
// equal in at least one of Distance+1 bands, so that only the pictures of one band are compared.
func (f *finder) pictures() {
	who := map[uint64][]int{}
	for n, c := range f.cases {
		for _, file := range c.Files {
			if list := who[file.Picture]; !flat(file.Picture) && !slices.Contains(list[max(0, len(list)-1):], n) {
				who[file.Picture] = append(list, n)
			}
		}
	}
	hashes := slices.Sorted(maps.Keys(who))
	for _, h := range hashes {
		f.group(who[h], Reason{NearPicture, "0"})
	}
	const bands = Distance + 1
	for band := range bands {
		low, high := band*64/bands, (band+1)*64/bands
		buckets := map[uint64][]uint64{}
		for _, h := range hashes {
			key := h >> low & (1<<(high-low) - 1)
			buckets[key] = append(buckets[key], h)
		}
		for _, key := range slices.Sorted(maps.Keys(buckets)) {
			f.compare(buckets[key], who)
		}
	}
	slices.SortFunc(f.common, func(a, b Common) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Detail, b.Detail), cmp.Compare(a.Cases, b.Cases))
	})
}

// compare pairs the hashes of one band. In a band with more than maxBucket each hash is compared with the next
// maxBucket ones, so that a flood of crafted pictures can't stop the desk.
func (f *finder) compare(hashes []uint64, who map[uint64][]int) {
	for i, a := range hashes {
		for _, b := range hashes[i+1 : min(len(hashes), i+1+maxBucket)] {
			d := bits.OnesCount64(a ^ b)
			if d > Distance || len(who[a]) > Limit || len(who[b]) > Limit {
				continue
			}
			f.pair(who[a][0], who[b][0], Reason{NearPicture, strconv.Itoa(d)})
		}
	}
}
