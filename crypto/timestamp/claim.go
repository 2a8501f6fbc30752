package timestamp

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
)

// Claim is what a token says of itself. Nobody has verified it: it is for pages
// that tell people what there is to be verified.
type Claim struct {
	Time     time.Time // UTC
	Accuracy time.Duration
	By       string              // subject of the signer's certificate; empty where none is embedded
	Embedded []*x509.Certificate // in the token's own order
}

// Claimed reads a time-stamp response (DER, granted), and verifies nothing.
func Claimed(response []byte) (Claim, error) {
	raw, err := granted(response)
	if err != nil {
		return Claim{}, canonical.Refuse("time-stamp token: %w", err)
	}
	p7, err := readSigned(raw)
	if err != nil {
		return Claim{}, canonical.Refuse("time-stamp token: %w", err)
	}
	info, err := readInfo(raw)
	if err != nil {
		return Claim{}, canonical.Refuse("time-stamp token: %w", err)
	}
	c := Claim{Time: info.Time.UTC(), Accuracy: info.Accuracy, Embedded: p7.Certificates}
	if signer := p7.GetOnlySigner(); signer != nil {
		c.By = signer.Subject.String()
	}
	return c, nil
}

// CertificatesPEM gives all certificates that came with an anchor, those in the
// token first, for `openssl ts -verify`; root says whether one of them is
// self-issued, as roots are. None is trusted for being there.
func CertificatesPEM(a ledger.Anchor) (text []byte, root bool, err error) {
	c, err := Claimed(a.Response)
	if err != nil {
		return nil, false, err
	}
	all := c.Embedded
	for _, der := range a.Certificates {
		more, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, false, canonical.Refuse("a certificate beside the token: %w", err)
		}
		all = append(all[:len(all):len(all)], more)
	}
	for _, one := range all {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw})...)
		root = root || one.IsCA && string(one.RawIssuer) == string(one.RawSubject)
	}
	return text, root, nil
}

// Answers says whether a response answers a request of ours over a message:
// granted, with its imprint and its nonce. Who signed it is not verified.
func Answers(response []byte, q Request, message []byte) (Claim, error) {
	c, err := Claimed(response)
	if err != nil {
		return c, err
	}
	raw, err := granted(response)
	if err != nil {
		return c, err
	}
	info, err := readInfo(raw)
	if err != nil {
		return c, canonical.Refuse("time-stamp token: %w", err)
	}
	if sha256.Sum256(message) != q.Imprint {
		return c, canonical.Refuse("the request is about something else")
	}
	if err := checkInfo(info, message, Options{Nonce: q.Nonce}); err != nil {
		return c, canonical.Refuse("time-stamp token: %w", err)
	}
	return c, nil
}
