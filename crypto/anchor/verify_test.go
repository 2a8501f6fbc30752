package anchor_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"zapis/crypto/anchor"
	"zapis/crypto/canon"
)

var message = []byte("example.org/ledger\n33\nAAAA\n\n— example.org/ledger sig\n")

func ask(t *testing.T) anchor.Request {
	t.Helper()
	r, err := anchor.NewRequest(rand.Reader, message, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := anchor.ParseRequest(r.DER)
	if err != nil || again.Nonce.Cmp(r.Nonce) != 0 || again.Imprint != r.Imprint {
		t.Fatalf("ParseRequest: %v, %+v", err, again)
	}
	return r
}

func TestTokenOfOpenSSL(t *testing.T) {
	now := time.Now()
	a := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour), proper)
	q := ask(t)
	response := a.openssl(t, q.DER)
	token, err := anchor.Verify(response, message, anchor.Options{
		Roots: a.pool(), Nonce: q.Nonce, Policies: []asn1.ObjectIdentifier{testPolicy},
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := token.Time.Sub(now); d < -time.Minute || d > time.Minute {
		t.Errorf("the token's time is %s, and it was made at %s", token.Time, now)
	}
	if token.Accuracy != time.Second || !token.Policy.Equal(testPolicy) || len(token.Chain) != 2 || !token.Signer.Equal(a.signer) {
		t.Errorf("token: %+v", token)
	}
}

// The authority's certificates have expired since: the token stays good, for it
// is held against its own time.
func TestExpiredSince(t *testing.T) {
	then := time.Date(2020, 6, 1, 12, 0, 0, 0, time.UTC)
	a := newAuthority(t, then.Add(-time.Hour), then.Add(time.Hour), proper)
	q := ask(t)
	token, err := anchor.Verify(a.opensslAt(t, q.DER, then), message, anchor.Options{Roots: a.pool(), Nonce: q.Nonce})
	if err != nil {
		t.Fatal(err)
	}
	if d := token.Time.Sub(then); d < 0 || d > time.Minute {
		t.Errorf("time %s, want %s", token.Time, then)
	}
}

func TestRefused(t *testing.T) {
	now := time.Now()
	from, until := now.Add(-time.Hour), now.Add(time.Hour)
	a, other := newAuthority(t, from, until, proper), newAuthority(t, from, until, proper)
	q := ask(t)
	good := a.openssl(t, q.DER)
	fine := anchor.Options{Roots: a.pool(), Nonce: q.Nonce}

	bare := bareRequest(t, q)
	byUsage := func(u usage) func() ([]byte, []byte, anchor.Options) {
		return func() ([]byte, []byte, anchor.Options) {
			x := newAuthority(t, from, until, u)
			return x.library(t, message, q.Nonce), message, anchor.Options{Roots: x.pool(), Nonce: q.Nonce}
		}
	}
	for _, c := range []struct {
		name, want string
		make       func() (response, message []byte, o anchor.Options)
	}{
		{"without certificates", "it carries no certificate", func() ([]byte, []byte, anchor.Options) {
			return a.openssl(t, bare), message, anchor.Options{Roots: a.pool()}
		}},
		{"wrong imprint", "its imprint is of something else than this checkpoint", func() ([]byte, []byte, anchor.Options) {
			return good, append(bytes.Clone(message), '\n'), fine
		}},
		{"wrong nonce", "its nonce is not that of our request", func() ([]byte, []byte, anchor.Options) {
			return good, message, anchor.Options{Roots: a.pool(), Nonce: big.NewInt(1)}
		}},
		{"wrong policy", "its policy 1.2.3.4.1 is not among those allowed", func() ([]byte, []byte, anchor.Options) {
			return good, message, anchor.Options{Roots: a.pool(), Policies: []asn1.ObjectIdentifier{{1, 2, 3}}}
		}},
		{"another root", "does not lead to a pinned root", func() ([]byte, []byte, anchor.Options) {
			return good, message, anchor.Options{Roots: other.pool(), Nonce: q.Nonce}
		}},
		{"no root", "no root certificate is given", func() ([]byte, []byte, anchor.Options) {
			return good, message, anchor.Options{Nonce: q.Nonce}
		}},
		{"no root at all in the pool", "does not lead to a pinned root", func() ([]byte, []byte, anchor.Options) {
			return good, message, anchor.Options{Roots: x509.NewCertPool(), Nonce: q.Nonce}
		}},
		{"expired root", "does not lead to a pinned root at the token's own time", func() ([]byte, []byte, anchor.Options) {
			x := newAuthorityUnder(t, now.Add(-time.Minute), from, until, proper)
			return x.openssl(t, q.DER), message, anchor.Options{Roots: x.pool(), Nonce: q.Nonce}
		}},
		{"expired authority", "is outside of certificate validity", func() ([]byte, []byte, anchor.Options) {
			x := newAuthority(t, now.Add(-2*time.Hour), now.Add(-time.Hour), proper)
			return x.openssl(t, q.DER), message, anchor.Options{Roots: x.pool(), Nonce: q.Nonce}
		}},
		{"before the root began", "is outside of certificate validity", func() ([]byte, []byte, anchor.Options) {
			return a.opensslAt(t, q.DER, now.Add(-24*time.Hour)), message, fine
		}},
		{"no usage", "is not for time stamping", byUsage(usage{})},
		{"usage not critical", "does not mark time stamping as its critical usage", byUsage(usage{[]asn1.ObjectIdentifier{timeStamping}, false})},
		{"wrong usage", "is for other uses than time stamping alone", byUsage(usage{[]asn1.ObjectIdentifier{serverAuth}, true})},
		{"two usages", "is for other uses than time stamping alone", byUsage(usage{[]asn1.ObjectIdentifier{timeStamping, serverAuth}, true})},
		{"bytes after", "1 bytes follow the response", func() ([]byte, []byte, anchor.Options) {
			return append(bytes.Clone(good), 0), message, fine
		}},
		{"cut", "the response can't be read", func() ([]byte, []byte, anchor.Options) {
			return good[:len(good)-1], message, fine
		}},
		{"too large", "at most 262144 are allowed", func() ([]byte, []byte, anchor.Options) {
			return make([]byte, anchor.MaxResponse+1), message, fine
		}},
		{"refused by the authority", "the authority refused (status 2)", func() ([]byte, []byte, anchor.Options) {
			return []byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02}, message, fine
		}},
		{"granted without a token", "the response holds no token", func() ([]byte, []byte, anchor.Options) {
			return []byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00}, message, fine
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := anchor.Verify(c.make())
			if err == nil || !errors.Is(err, canon.ErrMismatch) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Verify = %v, want a mismatch with %q", err, c.want)
			}
		})
	}
}

// Every bit of a token is under the signature, in a certificate that leads to
// the root, or refused by the parser: no flip may move the time.
func TestEveryByteFlipped(t *testing.T) {
	now := time.Now()
	a := newAuthority(t, now.Add(-time.Hour), now.Add(time.Hour), proper)
	q := ask(t)
	good := a.openssl(t, q.DER)
	o := anchor.Options{Roots: a.pool(), Nonce: q.Nonce}
	was, err := anchor.Verify(good, message, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		got, err := anchor.Verify(bad, message, o)
		if err == nil && (!got.Time.Equal(was.Time) || !got.Signer.Equal(was.Signer)) {
			t.Fatalf("byte %d flipped: accepted with the time %s", i, got.Time)
		}
	}
}

// bareRequest is our request without certReq.
func bareRequest(t *testing.T, q anchor.Request) []byte {
	t.Helper()
	// certReq is the last element of the sequence: BOOLEAN TRUE.
	tail := []byte{0x01, 0x01, 0xff}
	if !bytes.HasSuffix(q.DER, tail) {
		t.Fatalf("the request does not end with certReq: %x", q.DER)
	}
	bare := bytes.Clone(q.DER[:len(q.DER)-len(tail)])
	if bare[1] >= 0x80 {
		t.Fatalf("a longer request than expected: %x", bare)
	}
	bare[1] -= byte(len(tail))
	return bare
}

func TestParseRequestRefuses(t *testing.T) {
	q := ask(t)
	if _, err := anchor.ParseRequest(bareRequest(t, q)); err == nil || !strings.Contains(err.Error(), "it is not one of ours") {
		t.Errorf("without certReq: %v", err)
	}
	if _, err := anchor.ParseRequest([]byte("no DER")); err == nil {
		t.Error("no DER: accepted")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02}, message)
	f.Add([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00}, message)
	f.Fuzz(func(t *testing.T, response, msg []byte) {
		if _, err := anchor.Verify(response, msg, anchor.Options{Roots: x509.NewCertPool()}); err == nil {
			t.Fatal("a token verified against no roots at all")
		}
	})
}
