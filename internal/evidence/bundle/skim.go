package bundle

import (
	"hash/crc32"
	"io"
)

const (
	notItsCRC   = "%s: its CRC-32 is not the one in the zip"
	notAsListed = "%s: does not have the SHA-256 that %s lists"
)

// listed is the hash that one of the two lists has for a file.
type listed struct {
	sum [32]byte
	in  string
}

// skim is what a check that ends at its first fault begins with: the CRC-32 of
// every file, at a tenth of the price of its SHA-256. It returns what the
// lists say, so that each file can be held against them as soon as it is
// hashed. It decides nothing in the bundle's favour: a list that is none, or
// that lacks a file, is found when all are read.
func skim(r io.ReaderAt, members []member, report *Report) (map[string]listed, error) {
	all := make(map[string]listed, len(members))
	var buffer []byte
	for _, m := range members {
		var crc uint32
		for done := int64(0); done < m.Size; {
			n := min(m.Size-done, blockSize)
			if int64(len(buffer)) < n {
				buffer = make([]byte, n)
			}
			if err := readFull(r, buffer[:n], m.contentOffset()+done); err != nil {
				return nil, err
			}
			crc = crc32.Update(crc, crc32.IEEETable, buffer[:n])
			done += n
		}
		if crc != m.CRC {
			report.fault(notItsCRC, printable(m.Name))
			return nil, nil
		}
		if m.Name != manifestPath && m.Name != tagManifestPath || m.Size > blockSize {
			continue
		}
		if list, err := parseManifest(buffer[:m.Size]); err == nil {
			for path, sum := range list {
				all[path] = listed{sum, m.Name}
			}
		}
	}
	return all, nil
}
