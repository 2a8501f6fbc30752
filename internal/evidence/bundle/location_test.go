package bundle

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"zapis/internal/incident"
)

var located = append(append([]byte("\xff\xd8\xff\xe1\x00\x40Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01"),
	"\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1a"...), bytes.Repeat([]byte{0}, 300)...)

func TestHoldsLocation(t *testing.T) {
	t.Parallel()
	far := strings.Repeat("x", blockSize+overlap-3)
	for _, tt := range []struct {
		name, content string
		want          bool
	}{
		{"nothing", "", false},
		{"a picture without", string(photo.content), false},
		{"Exif, Motorola", string(located), true},
		{"Exif, Intel", "Exif\x00\x00II\x2a\x00\x08\x00\x00\x00\x01\x00\x25\x88\x04\x00\x01\x00\x00\x00\x1a\x00\x00\x00", true},
		{"XMP", `<rdf:Description exif:GPSLatitude="53,54.1N"/>`, true},
		{"QuickTime", "moov\x00\x00\x00\x1e\xa9xyz\x00\x12\x15\xc7+53.9000+027.5667/", true},
		{"QuickTime's letters in noise", "\xa9xyzabcdef", false},
		{"3GPP", "loci\x00\x00\x00\x00\x15\xc7", true},
		{"a word", "velociraptor", false},
		{"Apple", "com.apple.quicktime.location.ISO6709", true},
		{"across two blocks", far + "GPSLatitude", true},
		{"at the very end of a block", strings.Repeat("x", blockSize+overlap-11) + "GPSLatitude" + strings.Repeat("y", 100), true},
	} {
		for _, r := range []io.Reader{strings.NewReader(tt.content), iotest.HalfReader(strings.NewReader(tt.content))} {
			if got, err := holdsLocation(r); err != nil || got != tt.want {
				t.Errorf("%s: %v %v", tt.name, got, err)
			}
		}
	}
	if _, err := holdsLocation(iotest.ErrReader(io.ErrClosedPipe)); err != io.ErrClosedPipe {
		t.Error(err)
	}
}

// Originals that hold a place are withheld unless they are asked for.
func TestLocationIsWithheld(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	hidden := file{name: "b.jpg", mediaType: "image/jpeg", content: located, identify: true}
	s, body := h.submit(firstReport(photo, file{name: "a.jpg", mediaType: "image/jpeg", content: located}, hidden))
	s.Entry = h.append(body)
	cp := h.checkpoint()
	s.Receipt = h.receipt(1, cp)
	in := Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{s},
		Custody: h.custody(caseID(body)), Signer: h.signers["anna"], Time: testTime, Tool: "zapis test"}
	choices, err := FindLocations(in)
	if err != nil || !slices.Equal(choices, []Choice{{"A02", ReasonLocation}}) {
		t.Errorf("%v %v", choices, err)
	}
	zip := write(t, in)
	r := check(t, zip, Options{})
	if want := incident.SlotName(2) + " of the report: it holds the place where it was made."; !slices.Contains(r.Withheld, want) {
		t.Errorf("%q", r.Withheld)
	}
	if bytes.Contains(zip, located) {
		t.Error("the picture with its place is in the bundle")
	}
	in.IncludeIdentity = true
	if choices, err := FindLocations(in); err != nil || len(choices) != 2 {
		t.Errorf("with the identity: %v %v", choices, err)
	}
	in.IncludeLocation = true
	if f := files(t, write(t, in)); f["data/attachments/A02.jpg"] == nil || f["data/attachments/A03.jpg"] == nil {
		t.Error("asked for, and not there")
	}
}
