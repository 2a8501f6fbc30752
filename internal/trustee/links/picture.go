package links

import (
	"cmp"
	"image"
	"image/color"
	"maps"
	"math/bits"
	"slices"
	"strconv"
)

// Distance is the most bits of 64 in which the difference hashes of two nearly equal pictures differ.
const Distance = 6

// maxBucket is how many pictures of one band are compared pairwise.
const maxBucket = 4096

// flat reports whether a hash has too few changes of brightness to be compared: an empty page, a plain colour.
func flat(hash uint64) bool { return bits.OnesCount64(hash) < 6 || bits.OnesCount64(hash) > 58 }

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

// Difference returns the 64-bit difference hash of a picture: it is scaled to 9 x 8 fields of grey, and each bit is
// set where a field is brighter than its right neighbour. Scaling, recompression and small changes of colour leave
// most bits as they are. It is 0 for an empty picture.
func Difference(img image.Image) uint64 {
	b := img.Bounds()
	if b.Empty() {
		return 0
	}
	var grey [8][9]uint64
	for y := range 8 {
		for x := range 9 {
			grey[y][x] = mean(img, image.Rect(b.Min.X+x*b.Dx()/9, b.Min.Y+y*b.Dy()/8, b.Min.X+(x+1)*b.Dx()/9, b.Min.Y+(y+1)*b.Dy()/8))
		}
	}
	var hash uint64
	for y := range 8 {
		for x := range 8 {
			hash <<= 1
			if grey[y][x] > grey[y][x+1] {
				hash |= 1
			}
		}
	}
	return hash
}

// mean returns the mean brightness of a field, from 0 to 65,535; of a field that is thinner than a pixel, that
// pixel's.
func mean(img image.Image, r image.Rectangle) uint64 {
	r.Max.X, r.Max.Y = max(r.Max.X, r.Min.X+1), max(r.Max.Y, r.Min.Y+1)
	var sum, n uint64
	stepX, stepY := max(1, r.Dx()/16), max(1, r.Dy()/16) // at most some 1,000 points of each field
	for y := r.Min.Y; y < r.Max.Y; y += stepY {
		for x := r.Min.X; x < r.Max.X; x += stepX {
			sum += uint64(color.Gray16Model.Convert(img.At(x, y)).(color.Gray16).Y)
			n++
		}
	}
	return sum / n
}
