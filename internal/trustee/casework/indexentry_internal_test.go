package casework

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
)

func TestIndexEntryText(t *testing.T) {
	full := caseIndexEntry{Body: ledger.Sum([]byte("1")), Act: "report", First: ledger.Sum([]byte("2")), Received: time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC),
		Mailbox: ledger.Sum([]byte("3")), Fits: true, Number: 7, Key: reporterkey.Fingerprint(ledger.Sum([]byte("4"))), Signature: signatureGood, Page: "0a0b",
		Answers: keptAnswers{{"danger_now", []string{"yes"}}, {"deadline_what", []string{"суд в \"Гродно\"\nи ещё \\"}}, {"method", []string{"threats", "surveillance"}}}}
	empty := caseIndexEntry{Received: time.Unix(0, 0).UTC(), Answers: keptAnswers{}}
	for _, want := range []caseIndexEntry{full, empty} {
		line, err := want.AppendText(nil)
		if err != nil || strings.Contains(string(line), "\n") {
			t.Fatalf("%q, %v", line, err)
		}
		var got caseIndexEntry
		if err := got.UnmarshalText(line); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n%+v, %v", line, got, err)
		}
		for at := range line { // whatever is cut does not crash
			if err := new(caseIndexEntry).UnmarshalText(line[:at]); err == nil && at < bytes.IndexByte(line, 'Z') {
				t.Errorf("an entry that is cut at %d is read", at)
			}
		}
	}
	for _, wrong := range []string{"", "x", strings.Repeat("0", 64)} {
		if err := new(caseIndexEntry).UnmarshalText([]byte(wrong)); err == nil {
			t.Errorf("%q is an entry", wrong)
		}
	}
}
