package timestamp_test

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
)

// extension is one of a TSTInfo, DER.
func extension(critical bool) []byte {
	type ext struct {
		ID       asn1.ObjectIdentifier
		Critical bool `asn1:"optional"`
		Value    []byte
	}
	der, err := asn1.Marshal(ext{asn1.ObjectIdentifier{1, 2, 3}, critical, []byte{5, 0}})
	if err != nil {
		panic(err)
	}
	return der
}

// TestOddTokens verifies each part of a token that RFC 3161 and RFC 5652 fix, by
// tokens that differ from a good one in that part alone.
func TestOddTokens(t *testing.T) {
	ec, other := timestamptest.New(t, timestamptest.Plan{}), timestamptest.New(t, timestamptest.Plan{})
	strong := timestamptest.New(t, timestamptest.Plan{SignerRSA: 2048})
	directory := func(name []byte) []byte { return wrap(0xa4, name) }
	const good = ""
	for _, c := range []struct {
		name string
		by   timestamptest.Authority
		odd  timestamptest.Odd
		want string
	}{
		{"as it should be", ec, timestamptest.Odd{}, good},
		{"RSA of 2048 bits", strong, timestamptest.Odd{}, good},
		{"imprint with SHA-384", ec, timestamptest.Odd{Imprint: crypto.SHA384}, good},
		{"imprint with SHA-512", ec, timestamptest.Odd{Imprint: crypto.SHA512}, good},
		{"signed with SHA-512", ec, timestamptest.Odd{Digest: crypto.SHA512}, good},
		{"RSA-PSS", strong, timestamptest.Odd{PSS: true}, good},
		{"named by key identifier", strong, timestamptest.Odd{KeyID: true}, good},
		{"named by ESSCertID version 1", ec, timestamptest.Odd{VersionOne: true}, good},
		{"extension that is not critical", ec, timestamptest.Odd{Extensions: extension(false)}, good},
		{"its own name", ec, timestamptest.Odd{Authority: directory(ec.Signer.RawSubject)}, good},
		{"fraction of a second", ec, timestamptest.Odd{Time: time.Now().UTC().Format("20060102150405") + ".25Z"}, good},
		{"accuracy", ec, timestamptest.Odd{Accuracy: []byte{0x30, 0x0a, 2, 1, 1, 0x80, 1, 5, 0x81, 2, 3, 0xe7}}, good},

		{"imprint with SHA-1", ec, timestamptest.Odd{Imprint: crypto.SHA1}, "its imprint is made with the hash 1.3.14.3.2.26, and SHA-256, 384 or 512 is required"},
		{"signed with SHA-1", ec, timestamptest.Odd{Digest: crypto.SHA1}, "it is signed with the digest 1.3.14.3.2.26, and SHA-256, 384 or 512 is required"},
		{"version 2", ec, timestamptest.Odd{Version: 2}, "the signed time stamp is of version 2, and 1 is known"},
		{"version 0", ec, timestamptest.Odd{Version: -1}, "the signed time stamp is of version -1, and 1 is known"},
		{"a byte after", ec, timestamptest.Odd{AfterInfo: []byte{0}}, "the signed time stamp is not DER: 1 bytes follow its end"},
		{"an element after", ec, timestamptest.Odd{AfterInfo: []byte{5, 0}}, "the signed time stamp is not DER: 2 bytes follow its end"},
		{"critical extension", ec, timestamptest.Odd{Extensions: extension(true)}, "the signed time stamp has the critical extension 1.2.3, which is not known"},
		{"no list of extensions", ec, timestamptest.Odd{Extensions: []byte{5, 0}}, "an extension of the signed time stamp"},
		{"another's name", ec, timestamptest.Odd{Authority: directory(other.Root.RawSubject)}, "it names another authority than the signer's certificate does"},
		{"a name of another form", ec, timestamptest.Odd{Authority: wrap(0x82, []byte("example.org"))}, "it names another authority than the signer's certificate does"},
		{"time without Z", ec, timestamptest.Odd{Time: "20261122000000"}, "is not written as YYYYMMDDhhmmssZ"},
		{"time with an offset", ec, timestamptest.Odd{Time: "20261122000000+0000"}, "is not written as YYYYMMDDhhmmssZ"},
		{"fraction ending with 0", ec, timestamptest.Odd{Time: "20261122000000.50Z"}, "the fraction of a second"},
		{"negative accuracy", ec, timestamptest.Odd{Accuracy: []byte{0x30, 3, 2, 1, 0xff}}, "the accuracy in the signed time stamp"},
		{"accuracy of ages", ec, timestamptest.Odd{Accuracy: []byte{0x30, 7, 2, 5, 1, 0, 0, 0, 0}}, "it states an accuracy of 4294967296 seconds, and says nothing with it"},
		{"1000 milliseconds", ec, timestamptest.Odd{Accuracy: []byte{0x30, 4, 0x80, 2, 3, 0xe8}}, "the accuracy in the signed time stamp"},
		{"another content type", ec, timestamptest.Odd{ContentType: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}, "what is signed is not a time stamp"},
		{"another message digest", ec, timestamptest.Odd{MessageDigest: make([]byte, 32)}, "its signature is over another time stamp than the one in it"},
		{"two message digests", ec, timestamptest.Odd{Twice: true}, "stands there twice"},
		{"signer not named", ec, timestamptest.Odd{NoName: true}, "the signed attributes do not name the signer's certificate"},
		{"another signer named", ec, timestamptest.Odd{Names: make([]byte, 32)}, "the signed attributes name another certificate than the signer's"},
		{"two signers", ec, timestamptest.Odd{Signers: 2}, "2 signers, and exactly one is allowed"},
		{"PSS with another salt", strong, timestamptest.Odd{PSS: true, Salt: 20}, "its RSA-PSS signature has other parameters"},

		{"RSA-1024 signer", timestamptest.New(t, timestamptest.Plan{SignerRSA: 1024}), timestamptest.Odd{}, "the key of CN=Test Authority is RSA of 1024 bits, and 2048 to 8192 are required"},
		{"RSA-1024 certificate authority", timestamptest.New(t, timestamptest.Plan{CARSA: 1024}), timestamptest.Odd{}, "the key of CN=Test CA is RSA of 1024 bits"},
		{"RSA-1024 root", timestamptest.New(t, timestamptest.Plan{RootRSA: 1024}), timestamptest.Odd{}, "the key of CN=Test Root is RSA of 1024 bits"},
		{"key for encryption only", timestamptest.New(t, timestamptest.Plan{KeyUsage: x509.KeyUsageKeyEncipherment}), timestamptest.Odd{}, "the signer's key usage is not digitalSignature or nonRepudiation alone"},
		{"key for encryption too", timestamptest.New(t, timestamptest.Plan{KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment}), timestamptest.Odd{}, "the signer's key usage is not digitalSignature or nonRepudiation alone"},
		{"key for nonRepudiation", timestamptest.New(t, timestamptest.Plan{KeyUsage: x509.KeyUsageContentCommitment}), timestamptest.Odd{}, good},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.odd.Nonce = big.NewInt(77)
			got, err := timestamp.Verify(c.by.OddAs(t, message, c.odd), message, timestamp.Options{Roots: c.by.Pool(), Nonce: c.odd.Nonce})
			switch {
			case c.want == good && (err != nil || time.Since(got.Time).Abs() > time.Minute):
				t.Fatalf("%v, at %s", err, got.Time)
			case c.want != good && (err == nil || !errors.Is(err, canonical.ErrMismatch) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got:\n%v\nwant:\n%s", err, c.want)
			}
		})
	}
}

func wrap(tag byte, content []byte) []byte {
	if len(content) > 127 {
		panic("a short element is expected")
	}
	return append([]byte{tag, byte(len(content))}, content...)
}

// A larger hash in the imprint is compared, not only accepted.
func TestLargerImprintIsCompared(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Plan{})
	for _, h := range []crypto.Hash{crypto.SHA384, crypto.SHA512} {
		token := a.OddAs(t, message, timestamptest.Odd{Imprint: h})
		_, err := timestamp.Verify(token, append([]byte("x"), message...), timestamp.Options{Roots: a.Pool()})
		if err == nil || err.Error() != "time-stamp token: its imprint is of something else than this checkpoint" {
			t.Errorf("%s: %v", h, err)
		}
	}
}

// A token without its response is taken as one that was granted; it stays what
// it is where a response is expected.
func TestBareToken(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Plan{})
	token := a.OddToken(t, message, timestamptest.Odd{})
	if _, err := timestamp.Verify(token, message, timestamp.Options{Roots: a.Pool()}); !errors.Is(err, timestamp.ErrBareToken) ||
		err.Error() != "time-stamp token: it is a time-stamp token without the response around it" {
		t.Errorf("a bare token as a response: %v", err)
	}
	response, err := timestamp.AsResponse(token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := timestamp.Verify(response, message, timestamp.Options{Roots: a.Pool()}); err != nil {
		t.Error(err)
	}
	for _, file := range [][]byte{response, nil, []byte("hello"), ask(t).DER} {
		if same, err := timestamp.AsResponse(file); err != nil || string(same) != string(file) {
			t.Errorf("%x became %x, %v", file, same, err)
		}
	}
}
