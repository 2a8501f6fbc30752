package bundle

import (
	"bytes"
	"hash/crc32"
	"io"

	"zapis/crypto/timestamp"
	"zapis/internal/exit"
)

// SignatureOf returns the signature file of a bundle, which must verify: it is
// sent to a time-stamping authority.
func SignatureOf(r io.ReaderAt, size int64) ([]byte, error) {
	b, _, report, err := inspect(r, size, Options{First: true})
	if err != nil {
		return nil, exit.New(exit.Mismatch, "", "%w", err)
	}
	if !report.OK {
		return nil, exit.New(exit.Mismatch, "", "the bundle does not verify: %s", report.Faults[0])
	}
	if report.Container != "" {
		return nil, exit.Advise(exit.Mismatch, exit.StampAsWritten.With(), "the bundle was unpacked and packed again")
	}
	return b.texts[signaturePath], nil
}

// Stamp writes the bundle again with a time-stamp response over its signature
// beside that. It checks only that the response contains a token, and that the
// bundle has none yet; Check verifies the token with trusted roots.
func Stamp(w io.Writer, r io.ReaderAt, size int64, response []byte) error {
	if _, err := timestamp.Claimed(response); err != nil {
		return exit.New(exit.Mismatch, "", "%w", err)
	}
	members, err := readZip(r, size)
	if err != nil {
		return exit.New(exit.Mismatch, "", "%w", err)
	}
	z := &zipWriter{w: w}
	if len(members) > 0 {
		z.date = members[0].Date
	}
	put := func() error {
		return z.add(stampPath, int64(len(response)), crc32.ChecksumIEEE(response), bytes.NewReader(response))
	}
	done := false
	for _, m := range members {
		switch {
		case m.Name == stampPath:
			return exit.New(exit.Failed, "", "the bundle has a time stamp already")
		case m.Name > stampPath && !done:
			if err := put(); err != nil {
				return err
			}
			done = true
		}
		if err := z.add(m.Name, m.Size, m.CRC, io.NewSectionReader(r, m.contentOffset(), m.Size)); err != nil {
			return err
		}
	}
	return z.close()
}
