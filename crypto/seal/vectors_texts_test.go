package seal

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zapis/crypto/reporterkey"
)

// textVector is an element of commitments/*.json.
type textVector struct {
	About  string   `json:"about"`
	Class  string   `json:"class"`
	Says   string   `json:"says,omitempty"`
	Format string   `json:"format"` // line, listing, statement, identity, signal or check
	Fields []string `json:"fields,omitempty"`
	Text   string   `json:"text,omitempty"`   // of all formats but check
	Base64 string   `json:"base64,omitempty"` // of texts that are not UTF-8
	SHA256 string   `json:"sha256,omitempty"` // of a valid line or listing: what it is committed by

	Statement   string `json:"statement,omitempty"`   // check: the three that must fit
	Identity    string `json:"identity,omitempty"`    // check
	Commitments string `json:"commitments,omitempty"` // check, hex

	Ledger    string `json:"ledger,omitempty"`    // signature: the genesis' leaf hash, hex; text is the listing
	Key       string `json:"key,omitempty"`       // signature: the fingerprint, hex
	Signature string `json:"signature,omitempty"` // signature: the block, base64
}

func (v *textVector) run() (hash [32]byte, err error) {
	b := []byte(v.Text)
	if v.Base64 != "" {
		if b, err = base64.StdEncoding.DecodeString(v.Base64); err != nil {
			return hash, err
		}
	}
	switch v.Format {
	case "line":
		l, err := ParseLine(b)
		return l.Hash(), err
	case "listing":
		l, err := ParseListing(b, v.Fields)
		return l.Hash(), err
	case "statement":
		s, err := ParseStatement(b, v.Fields)
		if err != nil {
			return hash, err
		}
		return s.Listing().Hash(), nil
	case "identity":
		_, err = ParseIdentity(b, v.Fields)
	case "signal":
		_, err = ParseSignal(b)
	case "signature":
		return hash, v.verify(b)
	case "check":
		s, err := ParseStatement([]byte(v.Statement), v.Fields)
		if err != nil {
			return hash, err
		}
		var id *IdentityPart
		if v.Identity != "" {
			if id, err = ParseIdentity([]byte(v.Identity), v.Fields); err != nil {
				return hash, err
			}
		}
		c, err := hex.DecodeString(v.Commitments)
		if err != nil {
			return hash, err
		}
		return hash, CheckStatement(s, id, [32]byte(c), v.Fields)
	default:
		err = fmt.Errorf("no format is named %q", v.Format)
	}
	return hash, err
}

// verify checks a signature over a listing.
func (v *textVector) verify(text []byte) error {
	l, err := ParseListing(text, v.Fields)
	if err != nil {
		return err
	}
	genesis, err1 := hex.DecodeString(v.Ledger)
	key, err2 := hex.DecodeString(v.Key)
	block, err3 := base64.StdEncoding.DecodeString(v.Signature)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	h := Head{Key: reporterkey.Fingerprint(key), Signature: block}
	if err := h.Verify([32]byte(genesis), l, h.Key); err != nil {
		return mismatch("%v", err)
	}
	return nil
}

func TestCommitmentVectors(t *testing.T) {
	eachVector(t, "commitments/*.json", 5, 0, func(t *testing.T, raw []byte) string {
		var list []textVector
		unmarshal(t, raw, &list)
		good, bad := 0, 0
		for _, v := range list {
			hash, err := v.run()
			if got := classOf(err); got != v.Class {
				t.Errorf("%s: the class is %s, not %s: %v", v.About, got, v.Class, err)
			}
			if err == nil {
				good++
				if v.SHA256 != "" && hex.EncodeToString(hash[:]) != v.SHA256 {
					t.Errorf("%s: the SHA-256 is %x", v.About, hash)
				}
				continue
			}
			bad++
			if v.Says == "" || !strings.Contains(err.Error(), v.Says) {
				t.Errorf("%s: says %q, not %q", v.About, err, v.Says)
			}
		}
		if good < 1 || bad < 5 {
			t.Errorf("%d valid and %d must-fail texts", good, bad)
		}
		return "ok"
	})
}

// writeTexts makes docs/spec/vectors/commitments: one list for each format.
func writeTexts(t *testing.T) {
	s, identity, listing := report(t)
	statement, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	idText, err := identity.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	writeLines(t)
	writeListings(t, listing)
	writeStatements(t, string(statement))
	writeSecondVersion(t)
	writeIdentities(t, string(idText))
	writeSignals(t)
	writeChecks(t, string(statement), string(idText), listing)
}

func writeLines(t *testing.T) {
	const salt = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	line := func(field, value string) string { return `["` + salt + `","` + field + `",` + value + "]\n" }
	file := string(attachmentValue(1, "фота \"1\".jpg", "image/jpeg", 12345))
	good := func(about, text string) textVector {
		h := DigestOf([]byte(text)).Hash
		return textVector{About: about, Class: "ok", Format: "line", Text: text, SHA256: hex.EncodeToString(h[:])}
	}
	bad := func(about, text, says string) textVector {
		return textVector{About: about, Class: "mismatch", Says: says, Format: "line", Text: text}
	}
	encoding := "the value is not in its one encoding"
	list := []textVector{
		good("a string", line("narrative", `"Яны прыйшлі ў шэсць."`)),
		good("what must be escaped, and nothing else", line("narrative", `"\" \\ \b\f\n\r\t \u0000\u001f / < > & `+"\u007f\u0080\u2028\u2029🙂"+`"`)),
		good("empty", line("deadline", "null")),
		good("several", line("method", `["D1","T3"]`)),
		good("a file", line("attachment-1", file)),
		good("an empty file of a long case", line("attachment-16", string(attachmentValue(100, "a", "text/plain", 0)))),
		bad("an empty string", line("narrative", `""`), "an empty value is written null"),
		bad("an empty list", line("method", "[]"), "an empty value is written null"),
		bad("an empty string in a list", line("method", `[""]`), "an empty string in a list"),
		bad("a space", line("method", `["D1", "T3"]`), encoding),
		bad("a space before the field", strings.Replace(line("method", "null"), `","`, `", "`, 1), "no field follows the salt"),
		bad("an escaped letter", line("narrative", `"\u0041"`), encoding),
		bad("an escaped slash", line("narrative", `"\/"`), encoding),
		bad("escaped for HTML", line("narrative", `"\u003cb\u003e"`), encoding),
		bad("U+2028 escaped", line("narrative", `"\u2028"`), encoding),
		bad("LF as a number", line("narrative", `"\u000a"`), encoding),
		bad("upper-case hex", line("narrative", `"\u001F"`), encoding),
		bad("a surrogate pair", line("narrative", `"\ud83d\ude42"`), encoding),
		bad("a lone surrogate", line("narrative", `"\ud800"`), encoding),
		bad("a tab unescaped", line("narrative", "\"\t\""), encoding),
		bad("two values", line("narrative", `"x","y"`), encoding),
		bad("a number", line("narrative", "7"), encoding),
		bad("a truth", line("narrative", "true"), encoding),
		bad("a key more", line("attachment-1", strings.Replace(file, `,"name"`, `,"note":"x","name"`, 1)), "not an attachment in its one encoding"),
		bad("a key less", line("attachment-1", strings.Replace(file, `,"media_type":"image/jpeg"`, "", 1)), "not an attachment in its one encoding"),
		bad("keys in another order", line("attachment-1", strings.Replace(strings.Replace(file, `"size":12345,`, "", 1), "{", `{"size":12345,`, 1)), "not an attachment in its one encoding"),
		bad("a leading zero", line("attachment-1", strings.Replace(file, ":12345", ":012345", 1)), "not an attachment in its one encoding"),
		bad("an exponent", line("attachment-1", strings.Replace(file, ":12345", ":12345e0", 1)), "not an attachment in its one encoding"),
		bad("exhibit A1", line("attachment-1", strings.Replace(file, "A01", "A1", 1)), "without an exhibit number"),
		bad("a file for a question", line("narrative", file), "the value's type is not the field's"),
		bad("a string for a file", line("attachment-1", `"x"`), "the value's type is not the field's"),
		bad("a short salt", strings.Replace(line("contact_when", "null"), salt, salt[:40], 1), "the salt is not 32 bytes in base64"),
		bad("a salt with stray bits", strings.Replace(line("name", "null"), "Hh8=", "Hh9=", 1), "the salt is not 32 bytes in base64"),
		bad("a field that names a folder", line("../name", "null"), "the field's name is not made of"),
		bad("CR", strings.Replace(line("name", "null"), "\n", "\r\n", 1), "name: the line does not end with ] and LF"),
		bad("no LF", strings.TrimSuffix(line("name", "null"), "\n"), "name: the line does not end with ] and LF"),
		{About: "no UTF-8", Class: "mismatch", Says: "the value is not UTF-8", Format: "line",
			Base64: base64.StdEncoding.EncodeToString([]byte(line("narrative", "\"\xff\"")))},
		{About: "a surrogate in UTF-8", Class: "mismatch", Says: "the value is not UTF-8", Format: "line",
			Base64: base64.StdEncoding.EncodeToString([]byte(line("narrative", "\"\xed\xa0\x80\"")))},
	}
	writeVector(t, "commitments/lines.json", list)
}

func writeListings(t *testing.T, listing Listing) {
	h := strings.Repeat("0", 64)
	hash := listing.Hash()
	bad := func(about, text, says string) textVector {
		return textVector{About: about, Class: "mismatch", Says: says, Format: "listing", Fields: []string{"a", "b"}, Text: text}
	}
	writeVector(t, "commitments/listings.json", []textVector{
		{About: "a whole listing", Class: "ok", Format: "listing", Fields: fields(), Text: string(listing.Marshal()), SHA256: hex.EncodeToString(hash[:])},
		bad("one less", h+"  a.json\n", "1 commitments for 2 fields"),
		bad("one more", h+"  a.json\n"+h+"  b.json\n"+h+"  c.json\n", "3 commitments for 2 fields"),
		bad("another order", h+"  b.json\n"+h+"  a.json\n", "line 1: b where a belongs"),
		bad("twice", h+"  a.json\n"+h+"  a.json\n", "line 2: a where b belongs"),
		bad("one space", h+" a.json\n"+h+"  b.json\n", "line 1: the hash is not followed by two spaces"),
		bad("sha256sum's binary mode", h+" *a.json\n"+h+"  b.json\n", "line 1: the hash is not followed by two spaces"),
		bad("another folder", h+"  ../a.json\n"+h+"  b.json\n", "line 1: the hash is not followed by two spaces"),
		bad("CR", h+"  a.json\r\n"+h+"  b.json\n", "line 1: the hash is not followed by two spaces"),
		bad("upper case", h+"  a.json\n"+strings.Repeat("A", 64)+"  b.json\n", "line 2: no SHA-256 in lower-case hex"),
		bad("no last LF", h+"  a.json\n"+h+"  b.json", "the last line does not end with LF"),
	})
}

// edited returns must-fail vectors by replacing something in a good text.
func edited(t *testing.T, format, good string, edits [][4]string) []textVector {
	t.Helper()
	list := []textVector{{About: "as it must be", Class: "ok", Format: format, Fields: fields(), Text: good}}
	for _, e := range edits {
		if !strings.Contains(good, e[1]) {
			t.Fatalf("%s: nothing to replace", e[0])
		}
		list = append(list, textVector{About: e[0], Class: "mismatch", Says: e[3], Format: format, Fields: fields(),
			Text: strings.Replace(good, e[1], e[2], 1)})
	}
	return list
}

func lineOf(t *testing.T, text, field string) string {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.Contains(line, `","`+field+`",`) || strings.HasSuffix(line, "  "+field+".json\n") {
			return line
		}
	}
	t.Fatal("no line of ", field)
	return ""
}

func writeStatements(t *testing.T, good string) {
	danger, deadline, narrative, contact := lineOf(t, good, "danger_now"), lineOf(t, good, "deadline"), lineOf(t, good, "narrative"), lineOf(t, good, "contact")
	writeVector(t, "commitments/statements.json", edited(t, "statement", good, [][4]string{
		{"another version", "statement/v1", "statement/v2", "line 1: not zapis/statement/v1"},
		{"no such act", "act report", "act rumour", "line 2: act: not one of"},
		{"two spaces", "act report", "act  report", "line 2: act: not one of"},
		{"lines swapped", "act report\ncase first\n", "case first\nact report\n", "line 2: no act"},
		{"a first report in a case", "case first", "case " + strings.Repeat("03", 32), "line 3: case: a report is the first of its case"},
		{"a follow-up of nothing", "act report", "act follow-up", "line 3: case: a report is the first of its case"},
		{"a time zone", "45Z", "45+00:00", "line 4: received: not a time like"},
		{"a fraction of a second", "45Z", "45.5Z", "line 4: received: not a time like"},
		{"no such second", "45Z", "60Z", "line 4: received: not a time like"},
		{"a short form", "form 01", "form ", "line 5: form: not 32 lower-case hex digits"},
		{"no mailbox", "mailbox age1pq1", "mailbox age1", "line 6: mailbox: not an age1pq1 recipient"},
		{"no tags", "tags 09", "tags 00", "line 7: tags: zeros in an exhibit, and only there"},
		{"upper-case hex", "tags 09", "tags 0A", "line 7: tags: not 64 lower-case hex digits"},
		{"fields swapped", danger + deadline, deadline + danger, "line 8: deadline where danger_now belongs"},
		{"a field twice", deadline, danger, "line 9: danger_now where deadline belongs"},
		{"a field missing", deadline, "", "42 lines, and a statement has 43"},
		{"a decoy", deadline, deadline + deadline, "44 lines, and a statement has 43"},
		{"the narrative withheld", narrative, strings.Replace(contact, "contact", "narrative", 1), "line 11: narrative is withheld from the statement, and must not be"},
		{"the contact in the open", contact, strings.Replace(narrative, "narrative", "contact", 1), "line 24: contact stands in the statement, and belongs into the identity part"},
		{"a blank line", danger, "\n" + danger, "44 lines, and a statement has 43"},
	}))
}

func writeIdentities(t *testing.T, good string) {
	contact, when, file := lineOf(t, good, "contact"), lineOf(t, good, "contact_when"), lineOf(t, good, "attachment-2")
	writeVector(t, "commitments/identities.json", edited(t, "identity", good, [][4]string{
		{"another version", "identity/v1", "identity/v2", "line 1: not zapis/identity/v1"},
		{"no contact", contact, "", "contact is missing"},
		{"twice", contact, contact + contact, "line 3: contact is twice there"},
		{"swapped", contact + when, when + contact, "line 3: contact is twice there, out of order"},
		{"a narrative", contact, strings.Replace(contact, "contact", "narrative", 1), "line 2: narrative does not belong into an identity part"},
		{"no such slot", file, strings.Replace(file, "attachment-2", "attachment-17", 1), "line 5: attachment-17 is twice there, out of order, or no field"},
		{"a blank line", when, "\n" + when, "line 3: a disclosure line begins with"},
	}))
}

func writeSignals(t *testing.T) {
	const good = "zapis/signal/v1\nact report\ndanger_now yes\ndeadline 2026-12-01\nlanguage be\n"
	list := edited(t, "signal", good, [][4]string{
		{"another version", "signal/v1", "signal/v2", "line 1: not zapis/signal/v1"},
		{"no act", "act report", "act -", "line 2: act has a value that it can't have"},
		{"no such answer", "yes", "maybe", "line 3: danger_now has a value that it can't have"},
		{"nothing where - belongs", "now yes", "now ", "line 3: danger_now has a value that it can't have"},
		{"no such day", "2026-12-01", "2026-02-30", "line 4: deadline has a value that it can't have"},
		{"no such language", "language be", "language be be", "line 5: language has a value that it can't have"},
		{"a line more", "be\n", "be\nmore -\n", "6 lines, and a signal has 5"},
		{"a line less", "language be\n", "", "4 lines, and a signal has 5"},
	})
	list = append(list, textVector{About: "as little as can be", Class: "ok", Format: "signal",
		Text: "zapis/signal/v1\nact delete\ndanger_now -\ndeadline -\nlanguage -\n"})
	writeVector(t, "commitments/signals.json", list)
}

func writeChecks(t *testing.T, statement, identity string, listing Listing) {
	hash := listing.Hash()
	check := func(about, s, id, says string) textVector {
		class := "ok"
		if says != "" {
			class = "mismatch"
		}
		return textVector{About: about, Class: class, Says: says, Format: "check", Fields: fields(),
			Statement: s, Identity: id, Commitments: hex.EncodeToString(hash[:])}
	}
	contact := lineOf(t, identity, "contact")
	file := lineOf(t, statement, "attachment-1")
	last := strings.LastIndex(identity, `["`)
	writeVector(t, "commitments/checks.json", []textVector{
		check("statement and identity fit the entry", statement, identity, ""),
		check("the statement alone, its identity part closed", statement, "", ""),
		check("an answer changed", strings.Replace(statement, `"danger_now","yes"`, `"danger_now","no"`, 1), identity, "the answers do not fit the commitments in the ledger"),
		check("a withheld hash changed, unseen without the identity part", strings.Replace(statement, lineOf(t, statement, "name")[:8], "00000000", 1), "", "the answers do not fit the commitments in the ledger"),
		check("another contact", statement, strings.Replace(identity, contact, strings.Replace(contact, "signal", "police", 1), 1), "the identity part's contact does not fit the hash in the statement"),
		check("a file taken out of the identity part", statement, identity[:last], "the identity part lacks attachment-2, which the statement withholds"),
		check("a file put into the identity part", statement, identity[:last]+file+identity[last:], "the identity part holds attachment-1, which the statement does not withhold"),
		check("another case's identity part", statement, strings.Replace(identity, contact, strings.Replace(contact, contact[2:6], "AAAA", 1), 1), "the identity part's contact does not fit"),
	})
}
