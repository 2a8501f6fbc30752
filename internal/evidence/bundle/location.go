package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"zapis/crypto/seal"
	"zapis/internal/exit"
)

// FindLocations reads the pictures and films that a bundle of this input would
// show, and gives the choices that withhold those which hold the place where
// they were made. Write does so itself unless IncludeLocation is set; whoever
// keeps a custody log asks first, writes the choices down, and adds them to
// Withhold.
//
// It is a search for the usual marks (Exif, XMP, QuickTime, 3GPP), and no proof:
// metadata that is compressed or of another kind is not found, nor is what a
// person sees in the picture. A working copy that holds a place is an error: it
// was made in order to hide something.
func FindLocations(in Input) ([]Choice, error) {
	var found []Choice
	for _, s := range in.Submissions {
		lines := slices.Clone(s.Lines)
		if in.IncludeIdentity {
			lines = append(lines, s.Identity...)
		}
		for _, text := range lines {
			l, err := seal.ParseLine(text)
			if err != nil {
				return nil, err
			}
			a, err := seal.ParseAttachment(l.Value)
			if err != nil || !canHoldLocation(a.MediaType) || in.withholds(l.Field, a.Exhibit) {
				continue
			}
			i := slices.IndexFunc(s.Attachments, func(given Attachment) bool { return given.Exhibit == a.Exhibit })
			if i < 0 {
				continue
			}
			r, err := s.Attachments[i].Open()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", a.Exhibit, err)
			}
			located, err := holdsLocation(r)
			if err = errors.Join(err, r.Close()); err != nil {
				return nil, fmt.Errorf("%s: %w", a.Exhibit, err)
			}
			if located {
				found = append(found, Choice{a.Exhibit, ReasonLocation})
			}
		}
	}
	for _, d := range in.Derived {
		if !canHoldLocation(d.MediaType) {
			continue
		}
		r, err := d.Open()
		if err != nil {
			return nil, err
		}
		located, err := holdsLocation(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		if located {
			return nil, exit.New(exit.Failed, "take the metadata out of it, or ask for places to be shown", "a working copy of %s holds the place where it was made", d.Of)
		}
	}
	return found, nil
}

func (in *Input) withholds(field, exhibit string) bool {
	return slices.ContainsFunc(in.Withhold, func(c Choice) bool { return c.Item == field || c.Item == exhibit })
}

func canHoldLocation(mediaType string) bool {
	return strings.HasPrefix(mediaType, "image/") || strings.HasPrefix(mediaType, "video/") || strings.HasPrefix(mediaType, "audio/mp4")
}

// marks are bytes that stand before or in a place. After the mark, follows
// judges what comes next, where the mark alone is too short to be sure.
var marks = []struct {
	mark    []byte
	follows func(after []byte) bool
}{
	{mark: []byte("\x25\x88\x04\x00\x01\x00\x00\x00")}, // Exif's GPS directory (tag 0x8825, one LONG), Intel's order
	{mark: []byte("\x88\x25\x00\x04\x00\x00\x00\x01")}, // and Motorola's
	{mark: []byte("GPSLatitude")},                      // XMP
	{mark: []byte("com.apple.quicktime.location.ISO6709")},
	{mark: []byte("\xa9xyz"), follows: func(b []byte) bool { // QuickTime: length, language, then ±DD
		return len(b) > 5 && (b[4] == '+' || b[4] == '-') && b[5] >= '0' && b[5] <= '9'
	}},
	{mark: []byte("loci"), follows: func(b []byte) bool { // 3GPP: version and flags
		return len(b) > 3 && bytes.Equal(b[:4], []byte{0, 0, 0, 0})
	}},
}

// overlap is more than the longest mark with what follows it.
const overlap = 64

func holdsLocation(r io.Reader) (bool, error) {
	buffer := make([]byte, overlap+blockSize)
	kept := 0
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		seen := buffer[:kept+n]
		for _, m := range marks {
			for rest := seen; ; {
				i := bytes.Index(rest, m.mark)
				if i < 0 {
					break
				}
				rest = rest[i+len(m.mark):]
				if m.follows == nil || m.follows(rest) {
					return true, nil
				}
			}
		}
		switch {
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
			return false, nil
		case err != nil:
			return false, err
		}
		kept = copy(buffer, seen[len(seen)-overlap:])
	}
}
