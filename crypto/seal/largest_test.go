package seal

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/canonical"
)

// The most that the limits of docs/spec/incident.md allow, as the committed
// values that take the most room. A quotation mark is one byte and two when
// escaped; a character of four bytes is four. So the longest narrative of 16,000
// characters and 40,000 bytes is half of each: 48,000 bytes.
const (
	nameBytes   = 255
	widestType  = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	largestSize = 1 << 40
)

func text(s string) []byte { return canonical.AppendString(nil, s) }

func list(n int, s string) []byte {
	l := make([]string, n)
	for i := range l {
		l[i] = s
	}
	return canonical.AppendStrings(nil, l)
}

func worst(files int, name string) map[string][]byte {
	v := map[string][]byte{
		"danger_now": text("unsure"), "deadline": text("2026-12-01"), "deadline_what": text(strings.Repeat(`"`, 200)),
		"narrative": text(strings.Repeat(`"`, 8000) + strings.Repeat("🙂", 8000)),
		"language":  text(strings.Repeat("a", 35)), "method": list(43, "D1"),
		"when": text("2026-11-21"), "when_precision": text("ongoing"),
		"country_event": text("unknown"), "country_now": text("unknown"),
		"target": text("acquaintance"), "target_role": text("volunteer_fighter"),
		"basis": text("told_by_person"), "person_agrees": text("undecided"),
		"reported_to": list(3, "police"), "consent": list(11, "statistics"), "files_identify": text("yes"),
	}
	for i := 1; i <= files; i++ {
		v[fmt.Sprintf("attachment-%d", i)] = attachmentValue(1000+i, name, widestType, largestSize)
	}
	return v
}

func statementOf(t *testing.T, values map[string][]byte, identify func(string) bool) (*StatementPart, *IdentityPart) {
	t.Helper()
	lines, err := Commit(fields(), values)
	if err != nil {
		t.Fatal(err)
	}
	items, identity := Split(lines, identify)
	return &StatementPart{
		Head:    Head{Act: "follow-up", Case: [32]byte{1}, Received: time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)},
		Mailbox: people()[0].Recipient().String(), Tags: [32]byte{9}, Items: items,
	}, identity
}

// TestLargestStatement: whatever a form may hold fits a statement part.
func TestLargestStatement(t *testing.T) {
	s, _ := statementOf(t, worst(16, strings.Repeat(`"`, nameBytes)), nil)
	b := s.marshal()
	documented(t, len(b))
	if _, err := s.Marshal(); err != nil {
		t.Error(err)
	}
}

// TestTooLargeStatement: what no form allows is refused before it is sealed.
func TestTooLargeStatement(t *testing.T) {
	values := worst(16, strings.Repeat(`"`, nameBytes))
	values["narrative"] = text(strings.Repeat("x", 50_000))
	s, _ := statementOf(t, values, nil)
	_, err := s.Marshal()
	refused(t, err, ErrTooLarge, "the statement has 67112 bytes, and 65528 fit")
}

// documented asserts that the specification's table has this size.
func documented(t *testing.T, n int) {
	t.Helper()
	page, err := os.ReadFile("../../docs/spec/commitments.md")
	if err != nil {
		t.Fatal(err)
	}
	if says := fmt.Sprintf("| %d,%03d |", n/1000, n%1000); !strings.Contains(string(page), says) {
		t.Errorf("docs/spec/commitments.md does not give %d bytes", n)
	}
}

// TestLargestIdentity holds what docs/spec/commitments.md says of the identity
// part: contact, contact_when and name always fit; with them, files at their
// worst do not, and the reporter is told so.
func TestLargestIdentity(t *testing.T) {
	for _, c := range []struct {
		name     string
		own      string // what contact and name are made of
		ownBytes int    // how long they are; contact_when a quarter
		files    int
		file     string
		fits     bool

		documented bool // the size is in the specification
	}{
		{name: "words at their worst", own: `"`, ownBytes: 2000, files: 0, fits: true, documented: true},
		{name: "words at their worst, and 16 plain files", own: `"`, ownBytes: 2000, files: 16, file: "IMG_20261121_204745.jpg", fits: true, documented: true},
		{name: "words and 16 names of full length, nothing to escape", own: "x", ownBytes: 2000, files: 16, file: strings.Repeat("x", nameBytes), fits: true, documented: true},
		{name: "words short, 16 names at their worst", own: "x", ownBytes: 200, files: 16, file: strings.Repeat(`"`, nameBytes), fits: true},
		{name: "everything at its worst", own: `"`, ownBytes: 2000, files: 16, file: strings.Repeat(`"`, nameBytes), fits: false, documented: true},
	} {
		values := worst(c.files, c.file)
		values["contact"] = text(strings.Repeat(c.own, c.ownBytes))
		values["contact_when"] = text(strings.Repeat(c.own, c.ownBytes/4))
		values["name"] = values["contact"]
		_, identity := statementOf(t, values, func(string) bool { return true })
		identity.Lines = slices.DeleteFunc(identity.Lines, func(l Line) bool { return l.Null() })
		b, err := identity.Marshal()
		if c.documented {
			documented(t, len(identity.marshal()))
		}
		if c.fits && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !c.fits {
			refused(t, err, ErrTooLarge, fmt.Sprintf("the identity part has %d bytes, and %d fit", len(identity.marshal()), Identity.Capacity()))
			if b != nil {
				t.Error("and yet something came back")
			}
		}
	}
}
