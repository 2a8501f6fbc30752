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

// The words of report.txt are part of its format: a checker of ten years from
// now writes the file again and compares. A change of a word, a label, a
// country's name or a method's needs a new version of the record, and the old
// words must stay for the old version.
func TestRecordWords(t *testing.T) {
	t.Parallel()
	words := record{Case: "c0123456789", Ledger: "zapis-ledger+example.org/ledger+00"}
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
			for _, f := range vocabulary1.Fields() {
				s.Answers = append(s.Answers, answer{f.Name, json.RawMessage("null")}, everyAnswer(t, f))
			}
			s.Attachments = []exhibit{{"A01", "data/attachments/A01.jpg", "00", 3, "image/jpeg", "a\u202eb\n.jpg"}}
			for _, r := range append(Reasons(), ReasonIdentity, ReasonClosed) {
				s.Withheld = append(s.Withheld, withheld{"name", r})
			}
		}
		words.Submissions = append(words.Submissions, s)
	}
	for version, want := range map[int]string{
		version1: "d70d059236b041253089513a683778da0034a212132a5d5ea66ac3d483263da2",
		version2: "ae8842b85c9dcef46f1d5e92e707a1d84deab9c64812f4726eec5d01ae19063a",
	} {
		words.Format = recordFormats[version]
		text, err := words.text()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != want {
			t.Errorf("the words of report.txt have changed in version %d: %s, not %s\n%s", version, got, want, text)
		}
	}
}

// everyAnswer returns all that a field can say, as far as it is a list.
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
		"\n1. REPORT\n\nReceived  2026-11-21T20:47:45Z, by the clock of the intake server, as the trustee states\nPlace     entry 2 of the ledger\n",
		"\nWhat happened:\n    Мяне выклікалі ў консульства.\n    They said “come back”, and \"wait\" <b>.\\u{7}\n",
		"\nWas any of this part of it:\n    M1  passport refused\n    T2  threat to kill\n",
		"\nLeft empty: A date that must be known; What that date is; When; ",
		"\n    A02  data/attachments/A02.pdf\n         application/pdf, 18 bytes\n",
		"called \"ліст\\u{202e}.pdf\" where it came from\n",
		"\n    How to reach the reporter: it shows who the reporter is, and this bundle was made without the identity\n",
		"\n2. FOLLOW-UP\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
