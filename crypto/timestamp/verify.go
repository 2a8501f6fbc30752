package timestamp

import (
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"zapis/crypto/canonical"
)

// Token is the content of a verified response.
type Token struct {
	Time     time.Time     // UTC, by the authority's clock
	Accuracy time.Duration // zero where the authority states none
	Policy   asn1.ObjectIdentifier
	Serial   *big.Int
	Signer   *x509.Certificate
	Chain    []*x509.Certificate // from the signer to the pinned root
	embedded []*x509.Certificate
}

// Above returns the certificates of the chain that are not in the token, to be
// stored beside it for later verification.
func (t Token) Above() (der [][]byte) {
	for _, c := range t.Chain {
		if !slices.ContainsFunc(t.embedded, c.Equal) {
			der = append(der, c.Raw)
		}
	}
	return der
}

// Options are the requirements of a token.
type Options struct {
	Roots    *x509.CertPool          // the pinned roots; never the system's
	Nonce    *big.Int                // of our own request; nil where it is unknown
	Policies []asn1.ObjectIdentifier // allowed ones; empty: any

	Certificates [][]byte // DER, kept beside the token: they may be between it and a root, and are not trusted
	Revocations  [][]byte // DER, kept beside it: CRLs and OCSP responses; each must be about this chain
}

// Verify checks a time-stamp response (DER, granted) over a message, as
// docs/spec/anchor.md says: exactly one signer, whose certificate is in the
// token, is named in the signed attributes (ESSCertID, RFC 5816) and is for time
// stamping alone; a chain of sufficiently strong keys to a pinned root, valid at
// the token's own time; no revocation that counts; an imprint with SHA-256, 384
// or 512; the nonce and the policy where they are given. Every refusal is a
// canonical.ErrMismatch.
func Verify(response, message []byte, o Options) (Token, error) {
	t, err := guarded(func() (Token, error) { return verify(response, message, o) })
	if err != nil {
		return Token{}, canonical.Refuse("time-stamp token: %w", err)
	}
	return t, nil
}

func verify(response, message []byte, o Options) (Token, error) {
	if o.Roots == nil {
		return Token{}, canonical.Refuse("no root certificate is given to hold it against")
	}
	t, err := parseResponse(response)
	if err != nil {
		return Token{}, err
	}
	signer, err := t.signer()
	if err != nil {
		return Token{}, err
	}
	if err := t.info.check(message, o); err != nil {
		return Token{}, err
	}
	if err := t.signed.checkSignature(signer); err != nil {
		return Token{}, err
	}
	if err := t.checkSigner(signer); err != nil {
		return Token{}, err
	}
	among, err := withBeside(t.signed.certificates, o.Certificates)
	if err != nil {
		return Token{}, err
	}
	chain, err := chainTo(o.Roots, signer, among, t.info.time)
	if err != nil {
		return Token{}, err
	}
	if err := checkRevocations(o.Revocations, chain, t.info.time); err != nil {
		return Token{}, err
	}
	return Token{
		Time: t.info.time, Accuracy: t.info.accuracy, Policy: t.info.policy,
		Serial: t.info.serial, Signer: signer, Chain: chain, embedded: t.signed.certificates,
	}, nil
}

func (t *token) signer() (*x509.Certificate, error) {
	if len(t.signed.certificates) == 0 {
		return nil, canonical.Refuse("it carries no certificate, so nobody can say who made it")
	}
	signer := t.signed.signerCertificate()
	if signer == nil {
		return nil, canonical.Refuse("the signer's certificate is not among those in it")
	}
	return signer, nil
}

// withBeside adds certificates that were kept beside a token to those in it.
func withBeside(embedded []*x509.Certificate, beside [][]byte) ([]*x509.Certificate, error) {
	all := slices.Clone(embedded)
	for _, der := range beside {
		c, err := parseCertificate(der)
		if err != nil {
			return nil, canonical.Refuse("a certificate beside it: %w", err)
		}
		all = append(all, c)
	}
	return all, nil
}

func (i *tstInfo) check(message []byte, o Options) error {
	if !i.imprint.Of(message) {
		return canonical.Refuse("its imprint is of something else than this checkpoint")
	}
	if o.Nonce != nil && (i.nonce == nil || i.nonce.Cmp(o.Nonce) != 0) {
		return canonical.Refuse("its nonce is not that of our request")
	}
	if len(o.Policies) > 0 && !slices.ContainsFunc(o.Policies, i.policy.Equal) {
		return canonical.Refuse("its policy %s is not among those allowed", i.policy)
	}
	return nil
}

func (t *token) checkSigner(signer *x509.Certificate) error {
	if err := onlyTimeStamping(signer); err != nil {
		return err
	}
	if !t.info.namesAuthority(signer) {
		return canonical.Refuse("it names another authority than the signer's certificate does")
	}
	return t.signed.signer.attributes.checkNamed(signer)
}

var (
	oidKeyUsage     = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
)

// onlyTimeStamping requires what section 2.3 of RFC 3161 and section 4.2.1.12 of
// RFC 5280 do: time stamping as the only extended key usage, marked critical, and
// no key usage but digitalSignature and nonRepudiation, one of them at least
// where there is any.
func onlyTimeStamping(c *x509.Certificate) error {
	stamping := false
	for _, x := range c.Extensions {
		switch {
		case x.Id.Equal(oidKeyUsage):
			const signing = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
			if c.KeyUsage&signing == 0 || c.KeyUsage&^signing != 0 {
				return canonical.Refuse("the signer's key usage is not digitalSignature or nonRepudiation alone")
			}
		case x.Id.Equal(oidExtKeyUsage):
			var usages []asn1.ObjectIdentifier
			rest, err := asn1.Unmarshal(x.Value, &usages)
			switch {
			case err != nil || len(rest) > 0 || len(usages) != 1 || !usages[0].Equal(oidTimeStamping):
				return canonical.Refuse("the signer's certificate is for other uses than time stamping alone")
			case !x.Critical:
				return canonical.Refuse("the signer's certificate does not mark time stamping as its critical usage")
			}
			stamping = true
		}
	}
	if !stamping {
		return canonical.Refuse("the signer's certificate is not for time stamping")
	}
	return nil
}

// chainTo finds a chain to a pinned root that is valid at this time and has no
// weak key in it, the root's included.
func chainTo(roots *x509.CertPool, signer *x509.Certificate, among []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	between := x509.NewCertPool()
	for _, c := range among {
		if !c.Equal(signer) {
			between.AddCert(c)
		}
	}
	chains, err := signer.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if err != nil {
		return nil, canonical.Refuse("the signer's certificate does not lead to a pinned root at the token's own time: %w", err)
	}
	for _, chain := range chains {
		if err = checkKeys(chain); err == nil {
			return chain, nil
		}
	}
	return nil, err
}

func checkKeys(chain []*x509.Certificate) error {
	for _, c := range chain {
		if err := checkKey(c); err != nil {
			return err
		}
	}
	return nil
}
