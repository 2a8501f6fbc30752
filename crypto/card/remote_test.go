package card_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"zapis/crypto/card"
)

func TestARemoteSignerSignsAsTheKeyItself(t *testing.T) {
	key, err := card.NewSigner("anna", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	far, err := card.NewRemoteSigner("anna", key.SSH(), key.SignBlob)
	if err != nil {
		t.Fatal(err)
	}
	want, err := key.Sign(card.NamespaceBundle, []byte("a bundle"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := far.Sign(card.NamespaceBundle, []byte("a bundle"))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s, %v", got, err)
	}
	if far.Fingerprint() != key.Fingerprint() || far.Name() != "anna" {
		t.Error("the signer has another name or key")
	}

	for _, wrong := range [][]byte{bytes.Repeat([]byte{1}, 64), bytes.Repeat([]byte{1}, 3), nil} {
		bad, err := card.NewRemoteSigner("anna", key.SSH(), func([]byte) ([]byte, error) { return wrong, nil })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bad.Sign(card.NamespaceBundle, []byte("a bundle")); err == nil || !strings.Contains(err.Error(), "does not verify") {
			t.Errorf("the signature %x was taken: %v", wrong, err)
		}
	}
	lost := errors.New("the process is gone")
	gone, err := card.NewRemoteSigner("anna", key.SSH(), func([]byte) ([]byte, error) { return nil, lost })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gone.Sign(card.NamespaceBundle, nil); !errors.Is(err, lost) {
		t.Errorf("%v", err)
	}
}

func TestSignBlobSignsNothingButOurSignatures(t *testing.T) {
	key, err := card.NewSigner("anna", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	var blob []byte
	far, err := card.NewRemoteSigner("anna", key.SSH(), func(b []byte) ([]byte, error) {
		blob = bytes.Clone(b)
		return key.SignBlob(b)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := far.Sign(card.NamespaceStatement, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Sign("git", []byte("x")); err == nil {
		t.Error("a signature in the namespace git was given")
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "a login": []byte("\x00\x00\x00\x20session"), "cut": blob[:len(blob)-1], "more": append(bytes.Clone(blob), 0),
		"another preamble": append([]byte("SSHSIH"), blob[6:]...), "a length that is wrong": append([]byte("SSHSIG\x00\x00\x00\x7f"), blob[10:]...),
	} {
		if _, err := key.SignBlob(b); err == nil {
			t.Errorf("%s was signed", name)
		}
	}
}
