package intake

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

// fullest fills each text with what takes the most bytes as JSON.
func fullest(h *house, more ...string) *incident.Report {
	pairs := append([]string{
		"narrative", strings.Repeat(`"`, 8_000) + strings.Repeat("𝔷", 8_000), // 16,000 characters, 40,000 bytes
		"deadline_what", strings.Repeat(`"`, 200), "language", "be-" + strings.Repeat("abcdefg-", 4)[:31],
		"contact", strings.Repeat(`\`, 2_000), "contact_when", strings.Repeat("\n", 499) + "x", "name", strings.Repeat(`"`, 2_000),
	}, more...)
	for _, f := range incident.Fields() {
		switch {
		case f.Multi:
			for _, c := range f.Codes {
				pairs = append(pairs, f.Name, c)
			}
		case f.Name == "files_identify":
		case f.Kind == incident.KindCode:
			longest := ""
			for _, c := range f.Codes {
				if len(c) > len(longest) {
					longest = c
				}
			}
			pairs = append(pairs, f.Name, longest)
		case f.Kind == incident.KindCountry:
			pairs = append(pairs, f.Name, incident.UnknownCountry)
		case f.Kind == incident.KindDate, f.Kind == incident.KindWhen:
			pairs = append(pairs, f.Name, "2026-11-21")
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "when_precision" {
			pairs[i+1] = "unknown"
		}
	}
	return h.report(incident.ActReport, pairs...)
}

// TestTheFullestReportFits: the limits of the fields, and the sizes of the parts,
// were not made for each other. No refusal at the last step may come of that.
func TestTheFullestReportFits(t *testing.T) {
	shorttest.Skip(t, "not tested: the largest report that is allowed")
	h := newHouse(t, Limits{}, 0)
	d := h.begin()
	for range incident.Slots {
		h.must(d.AddFile(strings.Repeat(`"`, incident.MaxFileName), strings.NewReader("a")))
	}
	for _, f := range d.files {
		f.mediaType = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
		f.content.Size = MaxFile
	}
	result, err := d.Send(context.Background(), fullest(h), "")
	h.must(err)
	size := 0
	for _, it := range h.open(result.Promise).statement.Items {
		if it.Line != nil {
			size += len(it.Line.Marshal())
		}
	}
	t.Logf("%d bytes of lines in a statement of %d", size, seal.Statement.Capacity())
}

// TestTooManyLongNames is the one case that is refused: names that hardly fit a
// directory, of characters that JSON writes double, beside a full contact.
func TestTooManyLongNames(t *testing.T) {
	shorttest.Skip(t, "not tested: long names of many files")
	h := newHouse(t, Limits{}, 0)
	for _, tt := range []struct {
		name string
		want string
	}{
		{strings.Repeat(`"`, incident.MaxFileName), "the form was refused: file: file_name_too_long"},
		{strings.Repeat("ж", 20) + ".jpg", ""},
	} {
		d := h.begin()
		for i := range incident.Slots {
			h.must(d.AddFile(tt.name, strings.NewReader(fmt.Sprint(i))))
		}
		_, err := d.Send(context.Background(), fullest(h, "files_identify", "yes"), "")
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("%.10s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	h.wantFiles(incident.Slots)
}
