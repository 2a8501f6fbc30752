package timestamp

import (
	"crypto/x509"
	"time"

	"zapis/crypto/canonical"
)

// Claim is the content of a token, not verified. It is for pages that show
// people what there is to verify.
type Claim struct {
	Time     time.Time // UTC
	Accuracy time.Duration
	By       string              // subject of the signer's certificate; empty where none is embedded
	Embedded []*x509.Certificate // in the token's own order
}

// Claimed reads a time-stamp response (DER, granted), and verifies nothing.
func Claimed(response []byte) (Claim, error) {
	t, err := guarded(func() (*token, error) { return parseResponse(response) })
	if err != nil {
		return Claim{}, canonical.Refuse("time-stamp token: %w", err)
	}
	return t.claim(), nil
}

func (t *token) claim() Claim {
	c := Claim{Time: t.info.time, Accuracy: t.info.accuracy, Embedded: t.signed.certificates}
	if signer := t.signed.signerCertificate(); signer != nil {
		c.By = signer.Subject.String()
	}
	return c
}

// Answers reports whether a response answers a request of ours over a message:
// granted, with its imprint and its nonce. Who signed it is not verified.
func Answers(response []byte, q Request, message []byte) (Claim, error) {
	t, err := guarded(func() (*token, error) { return parseResponse(response) })
	if err != nil {
		return Claim{}, canonical.Refuse("time-stamp token: %w", err)
	}
	c := t.claim()
	if !q.Imprint.Of(message) {
		return c, canonical.Refuse("the request is about something else")
	}
	if err := t.info.check(message, Options{Nonce: q.Nonce}); err != nil {
		return c, canonical.Refuse("time-stamp token: %w", err)
	}
	return c, nil
}
