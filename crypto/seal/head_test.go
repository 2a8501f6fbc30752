package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/reporterkey"
)

var headTime = time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)

// fields2 are the fields of a vocabulary that commits to the head.
func fields2() []string { return append(HeadFields(), fields()...) }

func reportersKey(t fataler, fill byte) *reporterkey.Key {
	k, err := reporterkey.New(bytes.Repeat([]byte{fill}, reporterkey.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// submission2 commits to a head and an answer, and signs it where it follows a report.
func submission2(t fataler, h Head, key *reporterkey.Key) ([]Line, *StatementPart) {
	values := h.Values()
	values["narrative"] = []byte(`"Яны прыйшлі ў шэсць."`)
	lines, err := Commit(fields2(), values)
	if err != nil {
		t.Fatal(err)
	}
	if key != nil {
		if err := Sign(lines, [32]byte{7}, key); err != nil {
			t.Fatal(err)
		}
	}
	items, _ := Split(lines, nil)
	s := &StatementPart{Mailbox: people()[0].Recipient().String(), Tags: [32]byte{9}, Items: items}
	if h.Act == actExhibit {
		s.Mailbox, s.Tags = noMailbox, [32]byte{}
	}
	if s.Head, err = ParseHead(s.Line); err != nil {
		t.Fatal(err)
	}
	return lines, s
}

func heads(key *reporterkey.Key) map[string]Head {
	fp := key.Fingerprint()
	return map[string]Head{
		"report":    {Act: "report", Number: 1, Received: headTime, Key: fp},
		"follow-up": {Act: "follow-up", Case: [32]byte{3}, Number: 2, Received: headTime, Key: fp},
		"delete":    {Act: "delete", Case: [32]byte{3}, Number: 40, Received: headTime, Key: fp},
		"exhibit":   {Act: "exhibit", Case: [32]byte{3}, Received: headTime},
	}
}

func TestSecondVersionRoundTrip(t *testing.T) {
	key := reportersKey(t, 1)
	for name, h := range heads(key) {
		sign := key
		if name == "report" || name == "exhibit" {
			sign = nil
		}
		lines, s := submission2(t, h, sign)
		b, err := s.Marshal()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := ParseStatement(b, fields2())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(got.marshal(), b) || got.Act != h.Act || got.Case != h.Case || got.Number != h.Number || !got.Received.Equal(h.Received) || got.Key != h.Key {
			t.Errorf("%s came back as %s %d", name, got.Act, got.Number)
		}
		if !slices.Equal(got.Listing(), ListingOf(lines)) {
			t.Errorf("%s: another listing", name)
		}
		if sign != nil {
			if err := got.Verify([32]byte{7}, got.Listing(), key.Fingerprint()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		// Each version is refused where the vocabulary asks for the other.
		if _, err := ParseStatement(b, fields()); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s under the first vocabulary: %v", name, err)
		}
	}
	s, _, _ := report(t)
	b, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseStatement(b, fields2()); !errors.Is(err, ErrMismatch) {
		t.Errorf("the first version under the second vocabulary: %v", err)
	}
}

// TestASignatureIsOverEverythingCommitted changes each line of a signed submission, and what the signature is for.
func TestASignatureIsOverEverythingCommitted(t *testing.T) {
	key := reportersKey(t, 1)
	lines, s := submission2(t, heads(key)["delete"], key)
	for i, l := range lines {
		changed := slices.Clone(lines)
		changed[i].Salt[0] ^= 1
		err := s.Verify([32]byte{7}, ListingOf(changed), key.Fingerprint())
		if want := l.Field != fieldSignature; (err != nil) != want {
			t.Errorf("another line of %s: %v", l.Field, err)
		}
	}
	if err := s.Verify([32]byte{8}, ListingOf(lines), key.Fingerprint()); !errors.Is(err, reporterkey.ErrSignature) {
		t.Errorf("in another ledger: %v", err)
	}
	if err := s.Verify([32]byte{7}, ListingOf(lines), reportersKey(t, 2).Fingerprint()); !errors.Is(err, reporterkey.ErrOtherKey) {
		t.Errorf("under another case's key: %v", err)
	}
	_, unsigned := submission2(t, heads(key)["delete"], nil)
	if err := unsigned.Verify([32]byte{7}, unsigned.Listing(), key.Fingerprint()); !errors.Is(err, reporterkey.ErrSize) {
		t.Errorf("unsigned: %v", err)
	}
	if err := Sign(make([]Line, 1), [32]byte{7}, key); err == nil || err.Error() != "seal: the vocabulary has no line for a signature" {
		t.Error(err)
	}
}

// TestAStatementDoesNotContradictItsLines: what is written is what is committed.
func TestAStatementDoesNotContradictItsLines(t *testing.T) {
	_, s := submission2(t, heads(reportersKey(t, 1))["follow-up"], nil)
	s.Number++
	_, err := s.Marshal()
	refused(t, err, ErrMismatch, "its lines say something else about it than it does")
}

// writeSecondVersion makes the vectors of version 2 of the statement.
func writeSecondVersion(t *testing.T) {
	key := reportersKey(t, 1)
	lines, s := submission2(t, heads(key)["follow-up"], key)
	b, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	act, number, received, keyLine, signature := lineOf(t, good, fieldAct), lineOf(t, good, fieldNumber), lineOf(t, good, fieldReceived), lineOf(t, good, fieldKey), lineOf(t, good, fieldSignature)
	caseLine := lineOf(t, good, fieldCase)
	empty := func(line, field string) string {
		return line[:strings.Index(line, `","`+field)] + `","` + field + `",null]` + "\n"
	}
	list := edited(t, "statement", good, [][4]string{
		{"the first version", "statement/v2", "statement/v1", "line 1: not zapis/statement/v2"},
		{"a version to come", "statement/v2", "statement/v3", "line 1: not zapis/statement/v2"},
		{"the act outside", "form 00", "act follow-up\nform 00", "47 lines, and a statement has 46"},
		{"no such act", `"act","follow-up"`, `"act","rumour"`, "act: not one of"},
		{"no act", act, empty(act, fieldAct), "act: not one of"},
		{"several acts", `"act","follow-up"`, `"act",["follow-up"]`, "act: not a string"},
		{"a follow-up of nothing", caseLine, empty(caseLine, fieldCase), "case: a report is the first of its case"},
		{"a report in a case", `"act","follow-up"`, `"act","report"`, "case: a report is the first of its case"},
		{"no number", number, empty(number, fieldNumber), "number: empty in an exhibit, and only there"},
		{"number 0", `"number","2"`, `"number","0"`, "number: not a decimal number from 1"},
		{"a leading zero", `"number","2"`, `"number","02"`, "number: not a decimal number from 1"},
		{"a follow-up that is number 1", `"number","2"`, `"number","1"`, "number: a report is number 1 of its case"},
		{"a fraction of a second", "45Z", "45.5Z", "received: not a time like"},
		{"no time", received, empty(received, fieldReceived), "received: not a time like"},
		{"no key", keyLine, empty(keyLine, fieldKey), "reporter_key: empty in an exhibit, and only there"},
		{"a short key", `"reporter_key","`, `"reporter_key","0`, "reporter_key: not 64 lower-case hex digits"},
		{"a short signature", signature, signature[:len(signature)-8] + `"]` + "\n", "reporter_signature: not 3828 bytes in base64"},
		{"the number withheld", number, strings.Replace(lineOf(t, good, "contact"), "contact", fieldNumber, 1), "line 7: number is withheld from the statement, and must not be"},
	})
	for i := range list {
		list[i].Fields = fields2()
	}
	exhibit := func(name string) {
		_, s := submission2(t, heads(key)[name], nil)
		b, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, textVector{About: "as it must be: " + name, Class: "ok", Format: "statement", Fields: fields2(), Text: string(b)})
	}
	exhibit("report")
	exhibit("exhibit")
	writeVector(t, "commitments/statements-2.json", list)

	listing := ListingOf(lines)
	genesis := [32]byte{7}
	ok := textVector{About: "signed", Class: "ok", Format: "signature", Fields: fields2(), Text: string(listing.Marshal()),
		Ledger: hex.EncodeToString(genesis[:]), Key: hex.EncodeToString(s.Key[:]), Signature: base64.StdEncoding.EncodeToString(s.Signature)}
	bad := func(about, says string, edit func(v *textVector)) textVector {
		v := ok
		v.About, v.Class, v.Says = about, "mismatch", says
		edit(&v)
		return v
	}
	flip := func(at int) func(v *textVector) {
		return func(v *textVector) {
			b := bytes.Clone(s.Signature)
			b[at] ^= 1
			v.Signature = base64.StdEncoding.EncodeToString(b)
		}
	}
	writeVector(t, "commitments/signatures.json", []textVector{ok,
		bad("another ledger", "does not verify", func(v *textVector) { v.Ledger = strings.Repeat("00", 32) }),
		bad("another key", "another key than the case's", func(v *textVector) { v.Key = strings.Repeat("11", 32) }),
		bad("another commitment", "does not verify", func(v *textVector) { v.Text = "0000" + v.Text[4:] }),
		bad("one byte of the Ed25519 signature", "does not verify", flip(32+1312+5)),
		bad("one byte of the ML-DSA-44 signature", "does not verify", flip(reporterkey.BlockSize-5)),
		bad("a changed public key", "another key than the case's", flip(40)),
		bad("nothing signed", "does not have its size", func(v *textVector) { v.Signature = "" }),
	})
}
