package card_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger/ledgertest"
)

var update = flag.Bool("update", false, "write docs/spec/vectors again")

func dir(name string) string { return filepath.Join("..", "..", "docs", "spec", "vectors", name) }

func judgeCard(b []byte) (string, error) {
	if strings.HasPrefix(string(b), "zapis-ledger") {
		c, err := card.ParseLedgerCard(string(b))
		return fmt.Sprintf("ledger %s genesis %x", c.Origin, c.Genesis), err
	}
	c, err := card.Parse(b)
	return c.Name + " " + c.Fingerprint(), err
}

// judgeSigned verifies with the key beside the vectors.
func judgeSigned(b []byte) (string, error) {
	key, err := os.ReadFile(dir("signed/key.pub"))
	if err != nil {
		return "", err
	}
	s, err := card.ParseSigned(b)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("number %d kind %s hash %x", s.Number, s.Kind, s.Hash()), s.Verify(strings.TrimSpace(string(key)))
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	ledgertest.CheckVectors(t, dir("card"), judgeCard)
	ledgertest.CheckVectors(t, dir("signed"), judgeSigned)
}

func TestSpecShowsTheVectors(t *testing.T) {
	ledgertest.CheckSample(t, "../../docs/spec/card.md", dir("signed/approval.txt"))
	ledgertest.CheckSample(t, "../../docs/spec/card.md", dir("card/ledger.txt"))
}

func writeVectors(t *testing.T) {
	p := ledgertest.Trustees()
	anna, boris := p[0], p[1]
	good := anna.Card.Marshal()
	line := []byte(ledgertest.Genesis().Card().String() + "\n")
	v := func(file, class string, content []byte) ledgertest.Vector {
		return ledgertest.Vector{File: file, Class: class, Content: content}
	}
	bad := func(file, class string, text []byte, from, to string) ledgertest.Vector {
		return v(file, class, ledgertest.Edit(text, from, to))
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(ledgertest.WriteVectors(dir("card"), judgeCard,
		v("anna.txt", "ok", good),
		v("boris.txt", "ok", boris.Card.Marshal()),
		v("ledger.txt", "ok", line),
		bad("version.txt", "canonical", good, "/v1", "/v2"),
		bad("name-capital.txt", "canonical", good, "name anna", "name Anna"),
		bad("classic-recipient.txt", "canonical", good, "age age1pq1", "age age1"),
		bad("damaged-recipient.txt", "canonical", good, "age age1pq1", "age age1pq1q"),
		bad("rsa-key.txt", "canonical", good, "ssh ssh-ed25519", "ssh ssh-rsa"),
		bad("comment.txt", "canonical", good, anna.Card.SSH, anna.Card.SSH+" anna@laptop"),
		bad("another-order.txt", "canonical", good, "name anna\nage "+anna.Card.Age+"\n", "age "+anna.Card.Age+"\nname anna\n"),
		v("ledger-without-hash.txt", "canonical", []byte("zapis-ledger+example.org/ledger\n")),
		bad("ledger-long-hash.txt", "canonical", line, "\n", "0\n"),
	))

	st := card.Statement{Ledger: ledgertest.Genesis().Card().Genesis, Number: 1, Kind: card.KindApproval,
		Subject: [32]byte{7}, Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}
	first, err := anna.Signer.SignStatement(st)
	check(err)
	st.Number, st.Previous, st.Kind, st.Expires = 2, first.Hash(), card.KindCustody, time.Time{}
	second, err := anna.Signer.SignStatement(st)
	check(err)
	theirs, err := boris.Signer.SignStatement(first.Statement)
	check(err)
	bundle, err := anna.Signer.Sign(card.NamespaceBundle, first.Statement.Marshal())
	check(err)
	check(os.MkdirAll(dir("signed"), 0o777))
	check(os.WriteFile(dir("signed/key.pub"), []byte(anna.Card.SSH+"\n"), 0o666))
	file := first.Marshal()
	with := func(sig []byte) []byte { return card.Signed{Statement: first.Statement, Signature: sig}.Marshal() }
	armor := strings.Split(string(first.Signature), "\n")
	oneLine := []byte(armor[0] + "\n" + strings.Join(armor[1:len(armor)-2], "") + "\n" + armor[len(armor)-2] + "\n")
	check(ledgertest.WriteVectors(dir("signed"), judgeSigned,
		v("approval.txt", "ok", file),
		v("custody.txt", "ok", second.Marshal()),
		v("another-signer.txt", "signature", theirs.Marshal()),
		v("signature-of-another.txt", "signature", with(theirs.Signature)),
		v("signature-of-the-next.txt", "signature", with(second.Signature)),
		v("another-namespace.txt", "signature", with(bundle)),
		bad("edited.txt", "signature", file, "2027-01-31", "2027-02-28"),
		bad("no-such-date.txt", "canonical", file, "2027-01-31", "2027-02-31"),
		bad("number-zero.txt", "canonical", file, "number 1", "number 0"),
		bad("previous-of-the-first.txt", "canonical", file, "previous 0", "previous 1"),
		v("armor-of-one-line.txt", "canonical", with(oneLine)),
		v("line-after.txt", "canonical", append(bytes.Clone(file), '\n')),
		v("unsigned.txt", "canonical", first.Statement.Marshal()),
	))
}
