package timestamp_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
	"zapis/internal/shorttest"
)

var message = []byte("example.org/ledger\n33\nAAAA\n\n— example.org/ledger sig\n")

func ask(t *testing.T) timestamp.Request {
	t.Helper()
	r, err := timestamp.NewRequest(rand.Reader, message, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := timestamp.ParseRequest(r.DER)
	if err != nil || again.Nonce.Cmp(r.Nonce) != 0 || again.Imprint.Hash != r.Imprint.Hash || !bytes.Equal(again.Imprint.Sum, r.Imprint.Sum) {
		t.Fatalf("ParseRequest: %v, %+v", err, again)
	}
	return r
}

func TestTokenOfOpenSSL(t *testing.T) {
	now := time.Now()
	a := timestamptest.New(t, timestamptest.Plan{})
	q := ask(t)
	response := a.Reply(t, q.DER)
	token, err := timestamp.Verify(response, message, timestamp.Options{
		Roots: a.Pool(), Nonce: q.Nonce, Policies: []asn1.ObjectIdentifier{timestamptest.Policy},
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := token.Time.Sub(now); d < -time.Minute || d > time.Minute {
		t.Errorf("the token's time is %s, and it was made at %s", token.Time, now)
	}
	if token.Accuracy != time.Second || !token.Policy.Equal(timestamptest.Policy) || len(token.Chain) != 3 || !token.Signer.Equal(a.Signer) {
		t.Errorf("token: %+v", token)
	}
}

// The authority's certificates have expired since: the token stays good, for it
// is held against its own time.
func TestExpiredSince(t *testing.T) {
	then := time.Date(2020, 6, 1, 12, 0, 0, 0, time.UTC)
	a := timestamptest.New(t, timestamptest.Plan{From: then.Add(-time.Hour), Until: then.Add(time.Hour)})
	q := ask(t)
	token, err := timestamp.Verify(a.ReplyAt(t, q.DER, then), message, timestamp.Options{Roots: a.Pool(), Nonce: q.Nonce})
	if err != nil {
		t.Fatal(err)
	}
	if d := token.Time.Sub(then); d < 0 || d > time.Minute {
		t.Errorf("time %s, want %s", token.Time, then)
	}
}

func TestRefused(t *testing.T) {
	shorttest.Skip(t, "not tested: each token that is refused")
	now := time.Now()
	a, other := timestamptest.New(t, timestamptest.Plan{}), timestamptest.New(t, timestamptest.Plan{})
	q := ask(t)
	good := a.Reply(t, q.DER)
	fine := timestamp.Options{Roots: a.Pool(), Nonce: q.Nonce}

	bare := bareRequest(t, q)
	byUsage := func(u timestamptest.Usage) func() ([]byte, []byte, timestamp.Options) {
		return func() ([]byte, []byte, timestamp.Options) {
			x := timestamptest.New(t, timestamptest.Plan{Usage: &u})
			return x.Odd(t, message, q.Nonce), message, timestamp.Options{Roots: x.Pool(), Nonce: q.Nonce}
		}
	}
	for _, c := range []struct {
		name, want string
		make       func() (response, message []byte, o timestamp.Options)
	}{
		{"without certificates", "it carries no certificate", func() ([]byte, []byte, timestamp.Options) {
			return a.Reply(t, bare), message, timestamp.Options{Roots: a.Pool()}
		}},
		{"wrong imprint", "its imprint is of something else than this checkpoint", func() ([]byte, []byte, timestamp.Options) {
			return good, append(bytes.Clone(message), '\n'), fine
		}},
		{"wrong nonce", "its nonce is not that of our request", func() ([]byte, []byte, timestamp.Options) {
			return good, message, timestamp.Options{Roots: a.Pool(), Nonce: big.NewInt(1)}
		}},
		{"wrong policy", "its policy 1.2.3.4.1 is not among those allowed", func() ([]byte, []byte, timestamp.Options) {
			return good, message, timestamp.Options{Roots: a.Pool(), Policies: []asn1.ObjectIdentifier{{1, 2, 3}}}
		}},
		{"another root", "does not lead to a pinned root", func() ([]byte, []byte, timestamp.Options) {
			return good, message, timestamp.Options{Roots: other.Pool(), Nonce: q.Nonce}
		}},
		{"no root", "no root certificate is given", func() ([]byte, []byte, timestamp.Options) {
			return good, message, timestamp.Options{Nonce: q.Nonce}
		}},
		{"no root at all in the pool", "does not lead to a pinned root", func() ([]byte, []byte, timestamp.Options) {
			return good, message, timestamp.Options{Roots: x509.NewCertPool(), Nonce: q.Nonce}
		}},
		{"expired root", "does not lead to a pinned root at the token's own time", func() ([]byte, []byte, timestamp.Options) {
			x := timestamptest.New(t, timestamptest.Plan{RootUntil: now.Add(-time.Minute)})
			return x.Reply(t, q.DER), message, timestamp.Options{Roots: x.Pool(), Nonce: q.Nonce}
		}},
		{"expired authority", "x509: certificate has expired or is not yet valid", func() ([]byte, []byte, timestamp.Options) {
			x := timestamptest.New(t, timestamptest.Plan{From: now.Add(-2 * time.Hour), Until: now.Add(-time.Hour)})
			return x.Reply(t, q.DER), message, timestamp.Options{Roots: x.Pool(), Nonce: q.Nonce}
		}},
		{"before the root began", "x509: certificate has expired or is not yet valid", func() ([]byte, []byte, timestamp.Options) {
			return a.ReplyAt(t, q.DER, now.Add(-24*time.Hour)), message, fine
		}},
		{"no usage", "is not for time stamping", byUsage(timestamptest.Usage{})},
		{"usage not critical", "does not mark time stamping as its critical usage", byUsage(timestamptest.Usage{OIDs: []asn1.ObjectIdentifier{timestamptest.TimeStamping}, Critical: false})},
		{"wrong usage", "is for other uses than time stamping alone", byUsage(timestamptest.Usage{OIDs: []asn1.ObjectIdentifier{timestamptest.ServerAuth}, Critical: true})},
		{"two usages", "is for other uses than time stamping alone", byUsage(timestamptest.Usage{OIDs: []asn1.ObjectIdentifier{timestamptest.TimeStamping, timestamptest.ServerAuth}, Critical: true})},
		{"bytes after", "the response is not DER: 1 bytes follow its end", func() ([]byte, []byte, timestamp.Options) {
			return append(bytes.Clone(good), 0), message, fine
		}},
		{"cut", "the response is not DER: an element is longer than what there is", func() ([]byte, []byte, timestamp.Options) {
			return good[:len(good)-1], message, fine
		}},
		{"too large", "at most 262144 are allowed", func() ([]byte, []byte, timestamp.Options) {
			return make([]byte, timestamp.MaxResponse+1), message, fine
		}},
		{"refused by the authority", "the authority refused (status 2)", func() ([]byte, []byte, timestamp.Options) {
			return []byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02}, message, fine
		}},
		{"granted without a token", "the response holds no token", func() ([]byte, []byte, timestamp.Options) {
			return []byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00}, message, fine
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := timestamp.Verify(c.make())
			if err == nil || !errors.Is(err, canonical.ErrMismatch) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Verify = %v, want a mismatch with %q", err, c.want)
			}
		})
	}
}

// Every bit of a token is under the signature, in a certificate that leads to
// the root, or refused by the parser: no flip may move the time.
func TestEveryByteFlipped(t *testing.T) {
	shorttest.Skip(t, "no bytes of a token are changed")
	a := timestamptest.New(t, timestamptest.Plan{})
	q := ask(t)
	good := a.Reply(t, q.DER)
	o := timestamp.Options{Roots: a.Pool(), Nonce: q.Nonce}
	was, err := timestamp.Verify(good, message, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		got, err := timestamp.Verify(bad, message, o)
		if err == nil && (!got.Time.Equal(was.Time) || !got.Signer.Equal(was.Signer)) {
			t.Fatalf("byte %d flipped: accepted with the time %s", i, got.Time)
		}
	}
}

// bareRequest is our request without certReq.
func bareRequest(t *testing.T, q timestamp.Request) []byte {
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
	if _, err := timestamp.ParseRequest(bareRequest(t, q)); err == nil || !strings.Contains(err.Error(), "it is not one of ours") {
		t.Errorf("without certReq: %v", err)
	}
	if _, err := timestamp.ParseRequest([]byte("no DER")); err == nil {
		t.Error("no DER: accepted")
	}
}

// Verifying is done by many goroutines at once: they share nothing.
func TestManyAtOnce(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Plan{})
	q := ask(t)
	response := a.Reply(t, q.DER)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := timestamp.Verify(response, message, timestamp.Options{Roots: a.Pool(), Nonce: q.Nonce}); err != nil {
				t.Error(err)
			}
			if _, err := timestamp.Claimed(response); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
