package export

import (
	"strings"
	"testing"
	"time"

	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/casefile"
)

var received0 = time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)

func hex64(digit string) string { return strings.Repeat(digit, 64) }

// sample is a case with what a formula, a name and a closed file can do to a format.
func sample() casefile.Case {
	anna := custody.By{Name: "anna", Fingerprint: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}
	event := func(n uint64, act custody.Act, subject, in, out, why string) custody.Event {
		return custody.Event{Record: custody.Record{By: anna, Act: act, Case: "c5f0c91ab2e", Subject: subject, In: in, Out: out, Why: why},
			Nonce: [32]byte{byte(n)}, Number: n, At: received0.Add(time.Duration(n) * time.Hour), Tool: "zapis v1.0.0"}
	}
	return casefile.Case{
		ID: "c5f0c91ab2e", Ledger: "zapis-ledger+example.org/ledger+" + hex64("6"),
		Allowed: casefile.Allowed{Case: "c5f0c91ab2e", InForce: []string{"store", "lawyer"}, Given: []string{"store", "lawyer"}},
		Submissions: []casefile.Submission{
			{Place: "entry 42", Body: hex64("a"), Act: "report", Received: received0, Statement: casefile.Sealed{SHA256: hex64("1"), Size: 73000},
				Answers: map[string][]string{
					"narrative": {"=HYPERLINK(\"http://example.org\")\n- яны прыйшлі;-2+3"}, "method": {"H1", "T1"}, "when": {"2026-05"}, "when_precision": {"month"},
					"country_event": {"PL"}, "country_now": {"LT"}, "target": {"relative"}, "target_role": {"journalist"}, "basis": {"told_by_person"},
					"reported_to": {"police"}, "language": {"be-tarask"}, "danger_now": {"unsure"}, "person_agrees": {"yes"},
				},
				Identity: map[string][]string{"contact": {"+48 600 000 000"}, "name": {"Y. Z."}}},
			{Place: "entry 50", Body: hex64("b"), Act: "exhibit", Received: received0.Add(48 * time.Hour), Statement: casefile.Sealed{SHA256: hex64("2"), Size: 73000},
				Answers: map[string][]string{"narrative": {"Saved from the ministry's page."}}, Identity: map[string][]string{}},
		},
		Exhibits: []casefile.Exhibit{
			{Name: "A01", Place: "entry 42", Sealed: casefile.Sealed{SHA256: hex64("3"), Size: 70000}, File: "A01.jpg", MediaType: "image/jpeg", Size: 17, SHA256: hex64("4")},
			{Name: "A02", Place: "entry 42", Sealed: casefile.Sealed{SHA256: hex64("5"), Size: 70000}, Identifies: true, File: "A02.pdf", MediaType: "application/pdf", Size: 9, SHA256: hex64("7")},
			{Name: "A03", Place: "entry 50", Sealed: casefile.Sealed{SHA256: hex64("8"), Size: 70000}, Closed: "2 of 3 trustees must agree"},
		},
		Translation: []casefile.Translation{{Of: hex64("a"), Language: "en", Text: "They came."}},
		Nexus:       "proxy", Source: "B", Information: "2",
		Custody: []custody.Event{
			event(3, custody.Opened, "statement of entry 42", hex64("1"), "", ""),
			event(7, custody.Extracted, "A01 (entry 42)", hex64("3"), hex64("4"), ""),
			event(9, custody.Exported, "bundle without the identity", "", "", "asked by the lawyer"),
		},
	}
}

func to(t testing.TB, code string) casefile.Addressee {
	t.Helper()
	a, ok := casefile.AddresseeByCode(code)
	if !ok {
		t.Fatalf("there is no addressee %s", code)
	}
	return a
}

func write(t testing.TB, f Format, addressee string, identity bool, cases ...casefile.Case) Output {
	t.Helper()
	out, err := Write(f, Input{To: to(t, addressee), WithIdentity: identity, Cases: cases})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
