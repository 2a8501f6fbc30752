package timestamp

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"zapis/crypto/canonical"
)

// MaxResponse is the most bytes that a time-stamp response may have.
const MaxResponse = 256 << 10

// Token is what a verified response says.
type Token struct {
	Time     time.Time     // UTC, by the authority's clock
	Accuracy time.Duration // zero where the authority states none
	Policy   asn1.ObjectIdentifier
	Serial   *big.Int
	Signer   *x509.Certificate
	Chain    []*x509.Certificate // from the signer to the pinned root
	embedded []*x509.Certificate
}

// Above gives what of the chain is not in the token itself: what is to be kept
// beside it, so that it can be verified when nobody offers these any more.
func (t Token) Above() (der [][]byte) {
	for _, c := range t.Chain {
		if !slices.ContainsFunc(t.embedded, c.Equal) {
			der = append(der, c.Raw)
		}
	}
	return der
}

// Options are what a token must fit.
type Options struct {
	Roots    *x509.CertPool          // the pinned roots; never the system's
	Nonce    *big.Int                // of our own request; nil where it isn't known any more
	Policies []asn1.ObjectIdentifier // allowed ones; empty: any

	Certificates [][]byte // DER, kept beside the token: they may stand between it and a root, and are trusted for nothing
	Revocations  [][]byte // DER, kept beside it: CRLs and OCSP responses; each must be about this chain
}

var (
	oidTSTInfo         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidSigningCert     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidExtKeyUsage     = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidSHA256          = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384          = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512          = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	digestsOfSignature = []asn1.ObjectIdentifier{oidSHA256, oidSHA384, oidSHA512}
)

// Verify checks a time-stamp response (DER, granted) over a message: exactly
// one signer, whose certificate is in the token and has time stamping as its
// only extended key usage, marked critical; that certificate named in the
// signed attributes (ESSCertID, RFC 5816); a chain to a pinned root, valid at
// the token's own time; no revocation that counts; the SHA-256 imprint; the nonce and
// the policy where they are given. Every refusal is a canon.ErrMismatch.
func Verify(response, message []byte, o Options) (Token, error) {
	t, err := verify(response, message, o)
	if err != nil {
		return Token{}, canonical.Refuse("time-stamp token: %w", err)
	}
	return t, nil
}

func verify(response, message []byte, o Options) (Token, error) {
	if len(response) > MaxResponse {
		return Token{}, canonical.Refuse("it has %d bytes, and at most %d are allowed", len(response), MaxResponse)
	}
	if o.Roots == nil {
		return Token{}, canonical.Refuse("no root certificate is given to hold it against")
	}
	raw, err := granted(response)
	if err != nil {
		return Token{}, err
	}
	p7, err := readSigned(raw)
	if err != nil {
		return Token{}, err
	}
	signer, err := soleSigner(p7)
	if err != nil {
		return Token{}, err
	}
	info, err := readInfo(raw)
	if err != nil {
		return Token{}, err
	}
	if err := checkInfo(info, message, o); err != nil {
		return Token{}, err
	}
	// Without roots pkcs7 checks the signature and the message digest only; the
	// time is given so that it never asks the wall clock.
	if err := p7.VerifyWithOpts(x509.VerifyOptions{CurrentTime: info.Time}); err != nil {
		return Token{}, canonical.Refuse("its signature: %w", err)
	}
	if err := checkSigner(p7, signer); err != nil {
		return Token{}, err
	}
	among := p7.Certificates
	for _, der := range o.Certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return Token{}, canonical.Refuse("a certificate beside it: %w", err)
		}
		among = append(among[:len(among):len(among)], c)
	}
	chain, err := chainTo(o.Roots, signer, among, info.Time)
	if err != nil {
		return Token{}, err
	}
	if err := checkRevocations(o.Revocations, chain, info.Time); err != nil {
		return Token{}, err
	}
	return Token{
		Time: info.Time.UTC(), Accuracy: info.Accuracy, Policy: info.Policy,
		Serial: info.SerialNumber, Signer: signer, Chain: chain, embedded: p7.Certificates,
	}, nil
}

// granted takes the token out of a response that has granted it, and refuses
// bytes before, between or after (RFC 3161, section 2.4.2).
func granted(response []byte) (token []byte, err error) {
	var r struct {
		Status struct {
			Status       int
			StatusString []asn1.RawValue `asn1:"optional"`
			FailInfo     asn1.BitString  `asn1:"optional"`
		}
		Token asn1.RawValue `asn1:"optional"`
	}
	rest, err := asn1.Unmarshal(response, &r)
	switch {
	case err != nil:
		if _, other := timestamp.ParseRequest(response); other == nil {
			return nil, ErrRequest
		}
		return nil, canonical.Refuse("the response can't be read: %w", err)
	case len(rest) > 0:
		return nil, canonical.Refuse("%d bytes follow the response", len(rest))
	case r.Status.Status != 0 && r.Status.Status != 1:
		return nil, canonical.Refuse("the authority refused (status %d)", r.Status.Status)
	case len(r.Token.FullBytes) == 0:
		return nil, canonical.Refuse("the response holds no token")
	}
	return r.Token.FullBytes, nil
}

func soleSigner(p7 *pkcs7.PKCS7) (*x509.Certificate, error) {
	if n := len(p7.Signers); n != 1 {
		return nil, canonical.Refuse("%d signers, and exactly one is allowed", n)
	}
	if len(p7.Certificates) == 0 {
		return nil, canonical.Refuse("it carries no certificate, so nobody can say who made it")
	}
	signer := p7.GetOnlySigner()
	if signer == nil {
		return nil, canonical.Refuse("the signer's certificate is not among those in it")
	}
	digest := p7.Signers[0].DigestAlgorithm.Algorithm
	for _, d := range digestsOfSignature {
		if digest.Equal(d) {
			return signer, nil
		}
	}
	return nil, canonical.Refuse("it is signed with the digest %s, and SHA-256, 384 or 512 is required", digest)
}

func checkInfo(info *timestamp.Timestamp, message []byte, o Options) error {
	want := sha256.Sum256(message)
	if info.HashAlgorithm != crypto.SHA256 || !bytes.Equal(info.HashedMessage, want[:]) {
		return canonical.Refuse("its imprint is of something else than this checkpoint")
	}
	if o.Nonce != nil && (info.Nonce == nil || info.Nonce.Cmp(o.Nonce) != 0) {
		return canonical.Refuse("its nonce is not that of our request")
	}
	if len(o.Policies) == 0 {
		return nil
	}
	for _, p := range o.Policies {
		if info.Policy.Equal(p) {
			return nil
		}
	}
	return canonical.Refuse("its policy %s is not among those allowed", info.Policy)
}

func checkSigner(p7 *pkcs7.PKCS7, signer *x509.Certificate) error {
	var contentType asn1.ObjectIdentifier
	if err := p7.UnmarshalSignedAttribute(oidContentType, &contentType); err != nil || !contentType.Equal(oidTSTInfo) {
		return canonical.Refuse("what is signed is not a time stamp")
	}
	if err := onlyTimeStamping(signer); err != nil {
		return err
	}
	return namesSigner(p7, signer)
}

// onlyTimeStamping holds section 2.3 of RFC 3161.
func onlyTimeStamping(c *x509.Certificate) error {
	for _, x := range c.Extensions {
		if !x.Id.Equal(oidExtKeyUsage) {
			continue
		}
		var usages []asn1.ObjectIdentifier
		rest, err := asn1.Unmarshal(x.Value, &usages)
		switch {
		case err != nil || len(rest) > 0 || len(usages) != 1 || !usages[0].Equal(oidTimeStamping):
			return canonical.Refuse("the signer's certificate is for other uses than time stamping alone")
		case !x.Critical:
			return canonical.Refuse("the signer's certificate does not mark time stamping as its critical usage")
		}
		return nil
	}
	return canonical.Refuse("the signer's certificate is not for time stamping")
}

// namesSigner checks that the signed attributes name the signer's certificate,
// so that no other certificate of the same key can be put in its place.
func namesSigner(p7 *pkcs7.PKCS7, signer *x509.Certificate) error {
	var v2 struct{ Certs []essCertIDv2 }
	if err := p7.UnmarshalSignedAttribute(oidSigningCertV2, &v2); err == nil && len(v2.Certs) > 0 {
		sum, ok := digestOf(v2.Certs[0].HashAlgorithm.Algorithm, signer.Raw)
		if ok && subtle.ConstantTimeCompare(sum, v2.Certs[0].CertHash) == 1 {
			return nil
		}
		return canonical.Refuse("the signed attributes name another certificate than the signer's")
	}
	var v1 struct{ Certs []essCertID }
	if err := p7.UnmarshalSignedAttribute(oidSigningCert, &v1); err == nil && len(v1.Certs) > 0 {
		sum := sha1.Sum(signer.Raw) // fixed by RFC 2634; the chain does not rest on it
		if subtle.ConstantTimeCompare(sum[:], v1.Certs[0].CertHash) == 1 {
			return nil
		}
		return canonical.Refuse("the signed attributes name another certificate than the signer's")
	}
	return canonical.Refuse("the signed attributes do not name the signer's certificate")
}

type essCertID struct {
	CertHash     []byte
	IssuerSerial asn1.RawValue `asn1:"optional"`
}

type essCertIDv2 struct {
	HashAlgorithm pkix.AlgorithmIdentifier `asn1:"optional"` // default SHA-256
	CertHash      []byte
	IssuerSerial  asn1.RawValue `asn1:"optional"`
}

func digestOf(alg asn1.ObjectIdentifier, b []byte) ([]byte, bool) {
	switch {
	case len(alg) == 0 || alg.Equal(oidSHA256):
		s := sha256.Sum256(b)
		return s[:], true
	case alg.Equal(oidSHA384):
		s := sha512.Sum384(b)
		return s[:], true
	case alg.Equal(oidSHA512):
		s := sha512.Sum512(b)
		return s[:], true
	}
	return nil, false
}

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
	return chains[0], nil
}
