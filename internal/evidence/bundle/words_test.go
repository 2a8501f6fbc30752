package bundle

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zapis/internal/incident"
)

// The words of report.txt are part of the format zapis/report/v1: a checker of
// ten years from now writes the file again and compares. Whoever changes a
// word, a label, a country's name or a method's, needs a new version of the
// record, and the old words must stay for the old version.
func TestRecordWords(t *testing.T) {
	t.Parallel()
	words := record{Format: recordFormat, Case: "c0123456789", Ledger: "zapis-ledger+example.org/ledger+00"}
	entry, slot := uint64(2), "2026-11-22T00:00:00Z"
	var acts []string
	for act := range actTitles {
		acts = append(acts, act)
	}
	slices.Sort(acts)
	for i, act := range acts {
		s := submission{Act: act, ReceivedAt: "2026-11-21T20:47:45Z", Body: "00", Entry: &entry}
		if i == 0 {
			s.Entry, s.PromisedFor = nil, &slot
			for _, f := range incident.Fields() {
				s.Answers = append(s.Answers, answer{f.Name, json.RawMessage("null")}, everyAnswer(t, f))
			}
			s.Attachments = []exhibit{{"A01", "data/attachments/A01.jpg", "00", 3, "image/jpeg", "a\u202eb\n.jpg"}}
			for _, r := range append(Reasons(), ReasonIdentity, ReasonClosed) {
				s.Withheld = append(s.Withheld, withheld{"name", r})
			}
		}
		words.Submissions = append(words.Submissions, s)
	}
	text, err := words.text()
	if err != nil {
		t.Fatal(err)
	}
	const want = "d70d059236b041253089513a683778da0034a212132a5d5ea66ac3d483263da2"
	if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != want {
		t.Errorf("the words of report.txt have changed: %s, not %s\n%s", got, want, text)
	}
}

// everyAnswer gives all that a field can say, as far as it is a list.
func everyAnswer(t *testing.T, f incident.Field) answer {
	t.Helper()
	values := slices.Clone(f.Codes)
	switch f.Kind {
	case incident.KindCountry:
		for _, c := range incident.Countries() {
			values = append(values, c.Code)
		}
		values = append(values, incident.UnknownCountry)
	case incident.KindText:
		values = append(values, "one\ntwo\tthree \u202e \u200b \u00a0 \ufeff \U0001f600 \x07")
	case incident.KindDate, incident.KindWhen, incident.KindLanguage:
		values = append(values, "2026")
	}
	b, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return answer{f.Name, b}
}

func TestRecordText(t *testing.T) {
	t.Parallel()
	text := string(files(t, sample(t))[recordTextPath])
	for _, want := range []string{
		"\n1. REPORT\n\nReceived  2026-11-21T20:47:45Z, by the clock of the intake server\nPlace     entry 2 of the ledger\n",
		"\nWhat happened:\n    Мяне выклікалі ў консульства.\n    They said “come back”, and \"wait\" <b>.\\u{7}\n",
		"\nWas any of this part of it:\n    M1  passport refused\n    T2  threat to kill\n",
		"\nWhen: (left empty)\n",
		"\n    A02  data/attachments/A02.pdf\n         application/pdf, 18 bytes\n",
		"called \"ліст\\u{202e}.pdf\" where it came from\n",
		"\n    contact: it shows who the reporter is, and this bundle was made without the identity\n",
		"\n2. FOLLOW-UP\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
