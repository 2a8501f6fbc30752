package timestamp_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
)

// seeds are responses of every shape that the tests know, and inputs that have
// ended other parsers.
func seeds(f *testing.F, a timestamptest.Authority) [][]byte {
	f.Helper()
	all := [][]byte{
		{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02},
		{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00},
		{0x30, 0x09, 0x30, 0x03, 0x02, 0x01, 0x00, 0x30, 0x02, 0x1F, 0x80}, // GHSA-mq3g-qwhv-4hgw
		bytes.Repeat([]byte{0x30, 0x80}, 200),
	}
	for _, o := range []timestamptest.Odd{
		{}, {Imprint: crypto.SHA512}, {VersionOne: true}, {KeyID: true}, {PSS: true}, {Signers: 2}, {Twice: true}, {AfterInfo: []byte{0}},
		{Nonce: big.NewInt(5), Accuracy: []byte{0x30, 0x0a, 2, 1, 1, 0x80, 1, 5, 0x81, 2, 3, 0xe7}, Extensions: extension(false), Time: "20261122000000.25Z"},
	} {
		if !o.PSS { // the signer's key is ECDSA
			all = append(all, a.OddAs(f, message, o), a.OddToken(f, message, o))
		}
	}
	return all
}

// No reader of foreign bytes panics, or accepts a token without roots.
func FuzzResponse(f *testing.F) {
	a := timestamptest.New(f, timestamptest.Plan{})
	for _, s := range seeds(f, a) {
		f.Add(s)
	}
	roots := a.Pool()
	f.Fuzz(func(t *testing.T, response []byte) {
		// A panic that is caught counts as one here.
		refuse := func(name string, err error) {
			if err != nil && bytes.Contains([]byte(err.Error()), []byte("the parser failed on it")) {
				t.Fatalf("%s: %v", name, err)
			}
		}
		claim, err := timestamp.Claimed(response)
		refuse("Claimed", err)
		if err == nil && len(claim.Embedded) > 0 {
			_, _, err := timestamp.CertificatesPEM(ledger.Anchor{Response: response})
			refuse("CertificatesPEM", err)
		}
		if _, err := timestamp.Verify(response, message, timestamp.Options{Roots: x509.NewCertPool()}); err == nil {
			t.Fatal("a token verified against no roots at all")
		} else if refuse("Verify", err); !errors.Is(err, canonical.ErrMismatch) {
			t.Fatalf("no mismatch: %v", err)
		}
		got, err := timestamp.Verify(response, message, timestamp.Options{Roots: roots})
		refuse("Verify", err)
		if err == nil && (time.Since(got.Time).Abs() > 24*365*time.Hour || !got.Signer.Equal(a.Signer)) {
			t.Fatalf("at %s by %s", got.Time, got.Signer.Subject)
		}
		_, err = timestamp.ParseRequest(response)
		refuse("ParseRequest", err)
		_, err = timestamp.ParseCertificates(response)
		refuse("ParseCertificates", err)
		_, err = timestamp.AsResponse(response)
		refuse("AsResponse", err)
	})
}

// What is signed reaches the readers of a TSTInfo and of the signed attributes
// past the signature: the fuzzer has the key.
func FuzzSignedContent(f *testing.F) {
	a := timestamptest.New(f, timestamptest.Plan{})
	f.Add("20261122000000Z", []byte{0x30, 3, 2, 1, 1}, []byte(nil), extension(false), []byte(nil), int64(1))
	f.Add("20261122000000.5Z", []byte(nil), []byte{0x82, 1, 'x'}, extension(true), []byte{5, 0}, int64(2))
	f.Fuzz(func(t *testing.T, at string, accuracy, authority, extensions, after []byte, version int64) {
		if len(at)+len(accuracy)+len(authority)+len(extensions)+len(after) > 60000 {
			return
		}
		o := timestamptest.Odd{Time: at, Accuracy: accuracy, Authority: authority, Extensions: extensions, AfterInfo: after, Version: version}
		_, err := timestamp.Verify(a.OddAs(t, message, o), message, timestamp.Options{Roots: a.Pool(), Policies: []asn1.ObjectIdentifier{timestamptest.Policy}})
		if err != nil && bytes.Contains([]byte(err.Error()), []byte("the parser failed on it")) {
			t.Fatal(err)
		}
		if err == nil && (version != 1 && version != 0 || len(after) > 0) {
			t.Fatalf("accepted version %d with %x after it", version, after)
		}
	})
}
