package timestamp_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"zapis/crypto/canonical"
	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
)

// What is kept beside a token bridges the gap to the root, and proves nothing else.
func TestCertificatesBesideAToken(t *testing.T) {
	a := timestamptest.New(t, timestamptest.Plan{})
	q := ask(t)
	alone := a.ReplyAlone(t, q.DER)
	o := timestamp.Options{Roots: a.Pool(), Nonce: q.Nonce}
	if _, err := timestamp.Verify(alone, message, o); err == nil || !strings.Contains(err.Error(), "does not lead to a pinned root") {
		t.Errorf("without the certificate between: %v", err)
	}
	o.Certificates = [][]byte{a.CA.Raw}
	token, err := timestamp.Verify(alone, message, o)
	if err != nil {
		t.Fatal(err)
	}
	if above := token.Above(); len(above) != 2 || !bytes.Equal(above[0], a.CA.Raw) || !bytes.Equal(above[1], a.Root.Raw) {
		t.Errorf("to be kept beside it: %d certificates", len(above))
	}
	whole, err := timestamp.Verify(a.Reply(t, q.DER), message, timestamp.Options{Roots: a.Pool(), Nonce: q.Nonce})
	if err != nil || len(whole.Above()) != 1 {
		t.Errorf("%v, %d certificates", err, len(whole.Above()))
	}
	other := timestamptest.New(t, timestamptest.Plan{})
	o.Roots, o.Certificates = other.Pool(), [][]byte{a.CA.Raw, a.Root.Raw}
	if _, err := timestamp.Verify(alone, message, o); err == nil || !strings.Contains(err.Error(), "does not lead to a pinned root") {
		t.Errorf("a root that came along: %v", err)
	}
	o.Certificates = [][]byte{[]byte("no DER")}
	if _, err := timestamp.Verify(alone, message, o); err == nil || !strings.HasPrefix(err.Error(), "time-stamp token: a certificate beside it: ") {
		t.Errorf("no certificate: %v", err)
	}
}

func TestRevocations(t *testing.T) {
	a, other := timestamptest.New(t, timestamptest.Plan{}), timestamptest.New(t, timestamptest.Plan{})
	q := ask(t)
	response := a.Reply(t, q.DER)
	before, after := time.Now().Add(-time.Minute), time.Now().Add(time.Minute)
	const compromised, superseded, none = 1, 4, 0
	revokedAt := func(at time.Time) string {
		return "time-stamp token: the certificate of CN=Test Authority was revoked at " + at.UTC().Format(time.RFC3339)
	}
	for name, c := range map[string]struct {
		list []byte
		want string
	}{
		"not listed":                {a.List(t, time.Time{}, none), ""},
		"superseded since":          {a.List(t, after, superseded), ""},
		"superseded before":         {a.List(t, before, superseded), revokedAt(before)},
		"key lost since":            {a.List(t, after, compromised), revokedAt(after)},
		"revoked without a reason":  {a.List(t, after, none), revokedAt(after)},
		"another issuer's":          {other.List(t, time.Time{}, none), "time-stamp token: revocation 1 beside it is not by any issuer of this chain"},
		"good":                      {a.Status(t, ocsp.Good, time.Time{}, 0), ""},
		"unknown":                   {a.Status(t, ocsp.Unknown, time.Time{}, 0), "time-stamp token: revocation 1 beside it: the OCSP response does not know the certificate of CN=Test Authority"},
		"OCSP: superseded since":    {a.Status(t, ocsp.Revoked, after, superseded), ""},
		"OCSP: superseded before":   {a.Status(t, ocsp.Revoked, before, superseded), revokedAt(before)},
		"OCSP: key lost since":      {a.Status(t, ocsp.Revoked, after, compromised), revokedAt(after)},
		"OCSP: without a reason":    {a.Status(t, ocsp.Revoked, after, 0), revokedAt(after)},
		"OCSP: another responder's": {other.Status(t, ocsp.Good, time.Time{}, 0), "time-stamp token: revocation 1 beside it is not by any issuer of this chain"},
		"neither":                   {[]byte("hello"), "time-stamp token: revocation 1 beside it: it is neither a CRL nor an OCSP response"},
		"large":                     {make([]byte, timestamp.MaxRevocation+1), "time-stamp token: revocation 1 beside it: it has 393217 bytes, and at most 393216 are allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := timestamp.Verify(response, message, timestamp.Options{Roots: a.Pool(), Nonce: q.Nonce, Revocations: [][]byte{c.list}})
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (err == nil || err.Error() != c.want || !errors.Is(err, canonical.ErrMismatch)):
				t.Errorf("got:\n%v\nwant:\n%s", err, c.want)
			}
		})
	}
}
