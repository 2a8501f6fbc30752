package seal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/canonical"
)

func attachmentValue(n int, name, mediaType string, size int64) []byte {
	return AttachmentValue{fmt.Sprintf("A%02d", n), strings.Repeat("0f", 32), size, mediaType, name}.Value()
}

// report returns a statement and an identity part with everything in them.
func report(t fataler) (*StatementPart, *IdentityPart, Listing) {
	t.Helper()
	lines, err := Commit(fields(), map[string][]byte{
		"danger_now": []byte(`"yes"`), "deadline": []byte(`"2026-12-01"`),
		"narrative": canonical.AppendString(nil, "Яны прыйшлі ў шэсць.\n\"Хто там?\""),
		"method":    []byte(`["D4","P1"]`), "consent": []byte(`["store","lawyer"]`),
		"contact": canonical.AppendString(nil, "signal: …"), "name": canonical.AppendString(nil, "Алеся"),
		"attachment-1": attachmentValue(1, "фота.jpg", "image/jpeg", 12345),
		"attachment-2": attachmentValue(2, "pass\"port\".pdf", "application/pdf", 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	items, identity := Split(lines, func(f string) bool { return f == "attachment-2" })
	s := &StatementPart{
		Head: Head{Act: "report", Received: time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)},
		Form: [16]byte{1, 2}, Mailbox: people()[0].Recipient().String(), Tags: [32]byte{9}, Items: items,
	}
	return s, identity, ListingOf(lines)
}

func TestStatementRoundTrip(t *testing.T) {
	s, identity, listing := report(t)
	b, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseStatement(b, fields())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := got.Marshal(); err != nil || !bytes.Equal(again, b) {
		t.Fatal("other bytes, or", err)
	}
	if !got.First() || got.Received != s.Received || got.Mailbox != s.Mailbox || got.Tags != s.Tags || got.Form != s.Form {
		t.Error("another head came back")
	}
	if l, ok := got.Line("narrative"); !ok || !bytes.Contains(l.Value, []byte("прыйшлі")) {
		t.Error("the narrative is gone")
	}
	if _, ok := got.Line("contact"); ok {
		t.Error("the statement holds the contact")
	}
	if !slices.Equal(got.Listing(), listing) {
		t.Error("another listing")
	}
	ib, err := identity.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	gotID, err := ParseIdentity(ib, fields())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range gotID.Lines {
		names = append(names, l.Field)
	}
	if want := []string{"contact", "contact_when", "name", "attachment-2"}; !slices.Equal(names, want) {
		t.Errorf("the identity part holds %v, not %v", names, want)
	}
	if err := CheckStatement(got, gotID, listing.Hash(), fields()); err != nil {
		t.Error(err)
	}
	if err := CheckStatement(got, nil, listing.Hash(), fields()); err != nil {
		t.Error(err)
	}
}

func TestStatementActs(t *testing.T) {
	for _, act := range Acts() {
		s, _, _ := report(t)
		s.Act = act
		if act != "report" {
			s.Case = [32]byte{3}
		}
		if act == "exhibit" {
			s.Mailbox, s.Tags, s.Form = "-", [32]byte{}, [16]byte{}
		}
		b, err := s.Marshal()
		if err != nil {
			t.Errorf("%s: %v", act, err)
			continue
		}
		if got, err := ParseStatement(b, fields()); err != nil || got.Act != act || got.Case != s.Case {
			t.Errorf("%s: %v", act, err)
		}
	}
}

func TestStatementRefusals(t *testing.T) {
	s, _, _ := report(t)
	good, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	text := string(good)
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	swap := func(old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("nothing to replace: %q", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	contact := lines[7+slices.Index(fields(), "contact")]
	narrative := lines[7+slices.Index(fields(), "narrative")]
	_, rest, _ := strings.Cut(text, "mailbox ")
	_, afterMailbox, _ := strings.Cut(rest, "\n")
	otherCase := "case " + strings.Repeat("03", 32) + "\n"
	contactLine, err := Commit([]string{"contact"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, says string }{
		{"empty", "", "the text is empty"},
		{"no last LF", strings.TrimSuffix(text, "\n"), "the last line does not end with LF"},
		{"a line more", text + "x\n", "44 lines, and a statement has 43"},
		{"a blank line", text + "\n", "44 lines, and a statement has 43"},
		{"a line less", strings.TrimSuffix(text, lines[len(lines)-1]+"\n"), "42 lines, and a statement has 43"},
		{"version", swap("zapis/statement/v1", "zapis/statement/v2"), "line 1: not zapis/statement/v1"},
		{"CR", strings.ReplaceAll(text, "\n", "\r\n"), "line 1: not zapis/statement/v1"},
		{"act", swap("act report", "act rumour"), "line 2: act: not one of report, follow-up, consent, stop, delete, exhibit"},
		{"act spaced", swap("act report", "act  report"), "line 2: act: not one of"},
		{"act word", swap("act report", "Act report"), "line 2: no act"},
		{"order", swap("act report\ncase first\n", "case first\nact report\n"), "line 2: no act"},
		{"report with a case", swap("case first\n", otherCase), "line 3: case: a report is the first of its case, and nothing else is"},
		{"follow-up without", swap("act report", "act follow-up"), "line 3: case: a report is the first"},
		{"case short", strings.Replace(swap("act report", "act stop"), "case first", "case 03", 1), "line 3: case: not 64 lower-case hex digits"},
		{"case upper", strings.Replace(swap("act report", "act stop"), "case first", "case "+strings.Repeat("AB", 32), 1), "line 3: case: not 64 lower-case"},
		{"case zero", strings.Replace(swap("act report", "act stop"), "case first", "case "+strings.Repeat("0", 64), 1), "line 3: case: no report has the hash zero"},
		{"time zone", swap("20:47:45Z", "20:47:45+00:00"), "line 4: received: not a time like 2006-01-02T15:04:05Z"},
		{"time fraction", swap("20:47:45Z", "20:47:45.0Z"), "line 4: received: not a time like"},
		{"time 24", swap("20:47:45Z", "24:00:00Z"), "line 4: received: not a time like"},
		{"time leap", swap("20:47:45Z", "23:59:60Z"), "line 4: received: not a time like"},
		{"no such day", swap("2026-11-21", "2026-11-31"), "line 4: received: not a time like"},
		{"form", swap("form 0102", "form 010"), "line 5: form: not 32 lower-case hex digits"},
		{"mailbox none", swap("mailbox age1pq1", "mailbox -age1pq1"), "line 6: mailbox: not an age1pq1 recipient"},
		{"mailbox dash", text[:strings.Index(text, "mailbox ")] + "mailbox -\n" + afterMailbox, "line 6: mailbox: not an age1pq1 recipient"},
		{"mailbox upper", swap("mailbox age1pq1", "mailbox AGE1PQ1"), "line 6: mailbox: not an age1pq1 recipient"},
		{"mailbox of an exhibit", strings.Replace(swap("act report", "act exhibit"), "case first\n", otherCase, 1), "line 6: mailbox: an exhibit has none, written -"},
		{"tags zero", swap("tags 09", "tags 00"), "line 7: tags: zeros in an exhibit, and only there"},
		{"tags long", swap("tags 09", "tags 0900"), "line 7: tags: not 64 lower-case hex digits"},
		{"field order", swap(lines[7]+lines[8], lines[8]+lines[7]), "line 8: deadline where danger_now belongs"},
		{"field twice", swap(lines[7]+lines[8], lines[7]+lines[7]), "line 9: danger_now where deadline belongs"},
		{"line broken", swap(`"danger_now","yes"`, `"danger_now", "yes"`), "line 8: danger_now: the value is not in its one encoding"},
		{"narrative withheld", swap(narrative, strings.Replace(contact, "contact", "narrative", 1)), "line 11: narrative is withheld from the statement, and must not be"},
		{"contact in the open", swap(contact, string(contactLine[0].Marshal())), "line 24: contact stands in the statement, and belongs into the identity part"},
		{"hash short", swap(contact, contact[1:]), "line 24: no SHA-256 in lower-case hex"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseStatement([]byte(c.text), fields())
			refused(t, err, ErrMismatch, c.says)
			if strings.Contains(err.Error(), "прыйшлі") {
				t.Error("the refusal repeats what was written")
			}
		})
	}
	s.Act = "follow-up"
	_, err = s.Marshal()
	refused(t, err, ErrMismatch, "the statement: line 3: case: a report is the first of its case")
}

func TestIdentityRefusals(t *testing.T) {
	_, identity, _ := report(t)
	good, err := identity.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(good), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	s, _, _ := report(t)
	narrative, _ := s.Line("narrative")
	join := strings.Join
	for _, c := range []struct{ name, text, says string }{
		{"empty", "", "the text is empty"},
		{"version", "zapis/identity/v2\n" + join(lines[1:], ""), "line 1: not zapis/identity/v1"},
		{"no LF", strings.TrimSuffix(string(good), "\n"), "the last line does not end with LF"},
		{"none", lines[0], "contact is missing"},
		{"no name", join(slices.Concat(lines[:3], lines[4:]), ""), "name is missing"},
		{"twice", join(slices.Concat(lines[:2], lines[1:]), ""), "line 3: contact is twice there, out of order, or no field"},
		{"out of order", lines[0] + lines[2] + lines[1] + lines[3], "line 3: contact is twice there, out of order"},
		{"narrative", lines[0] + string(narrative.Marshal()) + join(lines[1:], ""), "line 2: narrative does not belong into an identity part"},
		{"no field", join(lines[:4], "") + strings.Replace(lines[4], "attachment-2", "attachment-17", 1), "line 5: attachment-17 is twice there, out of order, or no field"},
		{"broken", lines[0] + strings.Replace(lines[1], `","contact",`, `","contact", `, 1) + join(lines[2:], ""), "line 2: contact: the value is not in its one encoding"},
		{"blank line", string(good) + "\n", "line 6: a disclosure line begins with"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseIdentity([]byte(c.text), fields())
			refused(t, err, ErrMismatch, c.says)
		})
	}
	identity.Lines = identity.Lines[1:]
	_, err = identity.Marshal()
	refused(t, err, ErrMismatch, "the identity part: contact is missing")
}

func TestSignal(t *testing.T) {
	for _, s := range []SignalPart{
		{"report", "yes", "2026-12-01", "be"}, {"follow-up", "", "", ""}, {"stop", "unsure", "", "zh-Hant"},
	} {
		b, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseSignal(b); err != nil || got != s {
			t.Errorf("%s: %+v, %v", b, got, err)
		}
	}
	const good = "zapis/signal/v1\nact report\ndanger_now yes\ndeadline 2026-12-01\nlanguage be\n"
	swap := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for _, c := range []struct{ text, says string }{
		{"", "the text is empty"},
		{good[:len(good)-1], "the last line does not end with LF"},
		{swap("v1", "v2"), "line 1: not zapis/signal/v1"},
		{good + "more -\n", "6 lines, and a signal has 5"},
		{swap("act report", "act -"), "line 2: act has a value that it can't have"},
		{swap("act ", "act  "), "line 2: act has a value that it can't have"},
		{swap("danger_now yes", "danger_now Yes"), "line 3: danger_now has a value that it can't have"},
		{swap("danger_now yes", "danger_now "), "line 3: danger_now has a value that it can't have"},
		{swap("danger_now yes", "danger yes"), "line 3: no danger_now"},
		{swap("2026-12-01", "2026-02-30"), "line 4: deadline has a value that it can't have"},
		{swap("2026-12-01", "2026-12-1"), "line 4: deadline has a value that it can't have"},
		{swap("language be", "language be "), "line 5: language has a value that it can't have"},
		{swap("language be", "language бе"), "line 5: language has a value that it can't have"},
		{swap("language be", "language "), "line 5: language has a value that it can't have"},
		{swap("language be", "language "+strings.Repeat("a", 36)), "line 5: language has a value that it can't have"},
		{swap("language be\n", "language be\r\n"), "line 5: language has a value that it can't have"},
	} {
		_, err := ParseSignal([]byte(c.text))
		refused(t, err, ErrMismatch, c.says)
	}
	_, err := SignalPart{Act: "report", Language: "-"}.Marshal()
	refused(t, err, ErrMismatch, "the signal: an empty value is an empty string, not -")
	_, err = SignalPart{Act: "report", Danger: "maybe"}.Marshal()
	refused(t, err, ErrMismatch, "the signal: line 3: danger_now has a value that it can't have")
	_, err = SignalPart{}.Marshal()
	refused(t, err, ErrMismatch, "the signal: line 2: act")
	if n := int64(len(good)) + 70; n > Signal.Capacity() {
		t.Error("a signal does not fit its part")
	}
}

func TestCheckStatement(t *testing.T) {
	fresh := func(field, value string) *Line {
		l, err := Commit([]string{field}, map[string][]byte{field: []byte(value)})
		if err != nil {
			t.Fatal(err)
		}
		return &l[0]
	}
	at := func(f string) int { return slices.Index(fields(), f) }
	for _, c := range []struct {
		name   string
		change func(s *StatementPart, id *IdentityPart)
		says   string
	}{
		{"right", func(*StatementPart, *IdentityPart) {}, ""},
		{"an answer replaced", func(s *StatementPart, _ *IdentityPart) {
			s.Items[at("narrative")].Line = fresh("narrative", `"nothing happened"`)
		}, "the answers do not fit the commitments in the ledger: they give "},
		{"another salt", func(s *StatementPart, _ *IdentityPart) {
			s.Items[at("deadline")].Line.Salt[0] ^= 1
		}, "the answers do not fit the commitments in the ledger: they give "},
		{"contact replaced", func(_ *StatementPart, id *IdentityPart) {
			id.Lines[0] = *fresh("contact", `"police"`)
		}, "the identity part's contact does not fit the hash in the statement"},
		{"contact taken out", func(_ *StatementPart, id *IdentityPart) {
			id.Lines = id.Lines[1:]
		}, "the identity part lacks contact, which the statement withholds"},
		{"file taken out", func(_ *StatementPart, id *IdentityPart) {
			id.Lines = id.Lines[:3]
		}, "the identity part lacks attachment-2, which the statement withholds"},
		{"file put in", func(s *StatementPart, id *IdentityPart) {
			id.Lines = append(id.Lines, *s.Items[at("attachment-1")].Line)
		}, "the identity part holds attachment-1, which the statement does not withhold"},
		{"order", func(_ *StatementPart, id *IdentityPart) {
			id.Lines[0], id.Lines[2] = id.Lines[2], id.Lines[0]
		}, "the identity part holds name where contact belongs"},
		{"twice", func(_ *StatementPart, id *IdentityPart) {
			id.Lines = append(id.Lines, id.Lines[3])
		}, "the identity part holds attachment-2 twice"},
		{"a field less", func(s *StatementPart, _ *IdentityPart) {
			s.Items = s.Items[1:]
		}, "the statement has 35 fields, and the vocabulary 36"},
		{"fields swapped", func(s *StatementPart, _ *IdentityPart) {
			s.Items[0], s.Items[1] = s.Items[1], s.Items[0]
		}, "the statement has deadline where danger_now belongs"},
		{"a withheld hash", func(s *StatementPart, _ *IdentityPart) {
			s.Items[at("contact")].Hash[5] ^= 1
		}, "the identity part's contact does not fit the hash in the statement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, id, listing := report(t)
			c.change(s, id)
			err := CheckStatement(s, id, listing.Hash(), fields())
			if c.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refused(t, err, ErrMismatch, c.says)
		})
	}
	s, _, listing := report(t)
	s.Items[at("contact")].Hash[5] ^= 1
	refused(t, CheckStatement(s, nil, listing.Hash(), fields()), ErrMismatch, "the answers do not fit the commitments in the ledger")
}

func TestAttachmentJSON(t *testing.T) {
	a := AttachmentValue{"A01", strings.Repeat("0f", 32), 12, "image/png", "a\"b\u202e<&>.png"}
	want := `{"exhibit":"A01","sha256":"` + strings.Repeat("0f", 32) + `","size":12,"media_type":"image/png","name":"a\"b` + "\u202e" + `<&>.png"}`
	if got := string(a.Value()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !json.Valid(a.Value()) {
		t.Error("not JSON")
	}
	if got := a.String(); got != "[A01, image/png, 12 bytes]" {
		t.Error(got)
	}
	var out bytes.Buffer
	for _, v := range []any{a, &a, []AttachmentValue{a}, struct{ A AttachmentValue }{a}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).Info("message", "value", a, "pointer", &a, slog.Group("g", "value", a))
	}
	if got := out.String(); strings.Contains(got, ".png") || strings.Contains(strings.ToLower(got), fmt.Sprintf("%x", ".png")) || !strings.Contains(got, "[A01") {
		t.Errorf("the name is printed: %s", got)
	}
}
