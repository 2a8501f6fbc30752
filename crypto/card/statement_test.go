package card_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
)

func signed(t testing.TB, st card.Statement) card.Signed {
	t.Helper()
	s, _ := anna(t)
	out, err := s.SignStatement(st)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStatement(t *testing.T) {
	s, c := anna(t)
	first := signed(t, card.Statement{Ledger: [32]byte{1}, Number: 1, Kind: card.KindReply, Subject: [32]byte{2}})
	second := signed(t, card.Statement{Ledger: [32]byte{1}, Trustees: 4, Number: 2, Previous: first.Hash(), Kind: card.KindApproval,
		Subject: [32]byte{3}, Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)})
	for _, st := range []card.Signed{first, second} {
		got, err := card.ParseSigned(st.Marshal())
		if err != nil || !reflect.DeepEqual(got, st) {
			t.Fatalf("read %+v, %v", got, err)
		}
		if err := got.Verify(c.SSH); err != nil || got.Signer != s.Fingerprint() {
			t.Error(err)
		}
	}
	if !strings.Contains(string(second.Marshal()), "\nexpires 2027-01-31\n\n-----BEGIN") {
		t.Errorf("written\n%s", second.Marshal())
	}
	last := time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC)
	if second.ExpiredAt(last) || !second.ExpiredAt(last.Add(time.Second)) || first.ExpiredAt(last) {
		t.Error("a statement counts to the end of its last day, and not longer")
	}

	other, err := card.NewSigner("boris", bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, first.Verify(other.SSH()), "statement: its signer is "+s.Fingerprint()+", not "+other.Fingerprint())
	forged := first
	forged.Number, forged.Previous = 2, [32]byte{9}
	refused(t, forged.Verify(c.SSH), "statement 2 of "+s.Fingerprint()+": signature: it does not fit the text")
}

func TestStatementRefused(t *testing.T) {
	good := string(signed(t, card.Statement{Ledger: [32]byte{1}, Number: 7, Previous: [32]byte{4}, Kind: "reply", Subject: [32]byte{2}}).Marshal())
	for _, test := range []struct{ from, to, want string }{
		{"zapis/signed/v1", "zapis/signed/v2", `statement: line 1: it must be "zapis/signed/v1"`},
		{"ledger 01", "ledger 0x", "statement: line 2: not 64 lower-case hexadecimal digits"},
		{"trustees 0", "trustees -1", "statement: line 3: not a decimal number without leading zeros"},
		{"signer SHA256:", "signer MD5:", "statement: line 4: a key's fingerprint is written SHA256: and 43 characters of base64"},
		{"number 7", "number 0", "statement: line 5: numbers begin at 1"},
		{"number 7", "number 1", "statement: line 6: previous is zeros for number 1, and only for it"},
		{"number 7", "number 1099511627777", "statement: line 5: 1099511627777 is more than 1099511627776"},
		{"previous 04", "previous 00", "statement: line 6: previous is zeros for number 1, and only for it"},
		{"kind reply", "kind Reply", "statement: line 7: a kind is 1 to 32 of a-z and '-'"},
		{"kind reply", "kind -", "statement: line 7: a kind is 1 to 32 of a-z and '-'"},
		{"kind reply", "kind " + strings.Repeat("a", 33), "statement: line 7: a kind is 1 to 32 of a-z and '-'"},
		{"subject 02", "subject 2", "statement: line 8: not 64 lower-case hexadecimal digits"},
		{"expires never", "expires tomorrow", "statement: line 9: a date is written YYYY-MM-DD, or never"},
		{"expires never", "expires 2026-02-30", "statement: line 9: a date is written YYYY-MM-DD, or never"},
		{"expires never", "expires 0001-01-01", "statement: line 9: a date is written YYYY-MM-DD, or never"},
		{"expires never", "expires never\nmore", "statement: line 10: nothing may follow here"},
		{"expires never\n", "", "statement: line 9: the text ends here, and more lines must follow"},
		{"\n\n", "\n", "statement: no blank line before a signature"},
		{"-----END SSH SIGNATURE-----\n", "", "statement: it is not an SSH signature as ssh-keygen writes it"},
		{"-----BEGIN", "----BEGIN", "statement: signature: it is not an SSH signature as ssh-keygen writes it"},
		{"-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\n\n", "statement: bytes follow the signature"},
	} {
		_, err := card.ParseSigned([]byte(strings.Replace(good, test.from, test.to, 1)))
		refused(t, err, test.want)
	}
	s, _ := anna(t)
	_, err := s.SignStatement(card.Statement{Number: 1, Kind: "No"})
	refused(t, err, "statement: line 7: a kind is 1 to 32 of a-z and '-'")
}

func TestShortFingerprint(t *testing.T) {
	s, _ := anna(t)
	if got := card.ShortFingerprint(s.Fingerprint()); len(got) != 16 || strings.Trim(got, "0123456789abcdef") != "" {
		t.Errorf("short for %s is %s", s.Fingerprint(), got)
	}
	if card.ShortFingerprint("x") != "0000000000000000" {
		t.Error("what is no fingerprint has a short one")
	}
}
