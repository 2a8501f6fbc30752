package bundle

import (
	"io"

	"zapis/internal/exit"
)

// CaseOf returns the id of a bundle's case from its bag-info.txt. The bundle must have been verified: CaseOf compares
// nothing.
func CaseOf(r io.ReaderAt, size int64) (string, error) {
	members, err := readZip(r, size)
	if err != nil {
		return "", exit.New(exit.Mismatch, "", "%w", err)
	}
	for _, m := range members {
		if m.Name != bagInfoPath {
			continue
		}
		text := make([]byte, min(m.Size, 4<<10))
		if err := readFull(r, text, m.contentOffset()); err != nil {
			return "", err
		}
		info, err := parseBagInfo(text)
		if err != nil {
			return "", exit.New(exit.Mismatch, "", "%s: %w", bagInfoPath, err)
		}
		return info.Case, nil
	}
	return "", exit.New(exit.Mismatch, "", "the bundle has no %s", bagInfoPath)
}
