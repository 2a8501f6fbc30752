package vkey_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"zapis/crypto/canonical"
	"zapis/crypto/vkey"
)

// The ids and the encoding are those of golang.org/x/mod/sumdb/note.
func TestAgreesWithNote(t *testing.T) {
	public := bytes.Repeat([]byte{7}, 32)
	want, err := note.NewEd25519VerifierKey("example.org/ledger", public)
	if err != nil {
		t.Fatal(err)
	}
	got := vkey.Encode("example.org/ledger", vkey.Ed25519, public)
	if got != want {
		t.Fatalf("Encode = %s, want %s", got, want)
	}
	k, err := vkey.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if k.Name != "example.org/ledger" || k.Type != vkey.Ed25519 || !bytes.Equal(k.Public, public) || k.CheckID() != nil {
		t.Errorf("Parse = %+v, %v", k, k.CheckID())
	}
}

func TestRefused(t *testing.T) {
	good := vkey.Encode("w.example", vkey.CosignedEd25519, make([]byte, 32))
	name, rest, _ := strings.Cut(good, "+")
	digits, b64, _ := strings.Cut(rest, "+")
	for _, c := range []struct {
		text string
		want error
	}{
		{"", vkey.ErrSyntax},
		{name, vkey.ErrSyntax},
		{name + "+" + digits, vkey.ErrSyntax},
		{name + "+" + digits + "+", vkey.ErrSyntax},
		{good + "=", vkey.ErrSyntax},
		{name + "+" + digits + "+" + base64.RawStdEncoding.EncodeToString([]byte{4, 0}), vkey.ErrSyntax},
		{name + "+" + strings.ToUpper(digits) + "x+" + b64, vkey.ErrID},
		{name + "+00000000+" + b64, vkey.ErrID},
		{"other.example+" + digits + "+" + b64, vkey.ErrID},
	} {
		k, err := vkey.Parse(c.text)
		if err == nil {
			err = k.CheckID()
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%q: %v, want %v", c.text, err, c.want)
		}
	}
}

func TestSeeds(t *testing.T) {
	ed, ml := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	r := canonical.NewReader([]byte(vkey.Seeds(ed, ml)), 1<<10)
	gotEd, gotML := vkey.ReadSeeds(r)
	if err := r.End(); err != nil || !bytes.Equal(gotEd, ed) || !bytes.Equal(gotML, ml) {
		t.Fatalf("came back as %x, %x, %v", gotEd, gotML, err)
	}
	secret := base64.StdEncoding.EncodeToString(ed[:31])
	r = canonical.NewReader([]byte("ed25519 "+secret+"\nml-dsa-44 AQ==\n"), 1<<10)
	vkey.ReadSeeds(r)
	err := r.End()
	if err == nil || err.Error() != "line 1: a seed is 32 bytes in base64" {
		t.Errorf("a short seed: %v", err)
	}
}
