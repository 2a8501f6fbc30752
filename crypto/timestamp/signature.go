package timestamp

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"zapis/crypto/canonical"
)

// Bounds of an RSA modulus, in bits. Less can be factored at a high price;
// more only costs time.
const (
	minRSA = 2048
	maxRSA = 8192
)

// checkKey refuses a key that is too weak to be evidence, or of no known kind.
func checkKey(c *x509.Certificate) error {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < minRSA || n > maxRSA {
			return canonical.Refuse("the key of %s is RSA of %d bits, and %d to %d are required", c.Subject, n, minRSA, maxRSA)
		}
		return nil
	case *ecdsa.PublicKey:
		if n := k.Curve.Params().BitSize; n < 256 {
			return canonical.Refuse("the key of %s is on a curve of %d bits, and 256 are required", c.Subject, n)
		}
		return nil
	case ed25519.PublicKey:
		return nil
	}
	return canonical.Refuse("the key of %s is of a kind that is not known here", c.Subject)
}

// scheme is a signature algorithm of CMS (RFC 3370, 4056, 5754, 8419). Where its
// identifier does not name the hash, the signer's digest algorithm does.
type scheme struct {
	oid    asn1.ObjectIdentifier
	byHash map[crypto.Hash]x509.SignatureAlgorithm
}

var (
	oidPSS  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}

	schemes = []scheme{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, map[crypto.Hash]x509.SignatureAlgorithm{
			crypto.SHA256: x509.SHA256WithRSA, crypto.SHA384: x509.SHA384WithRSA, crypto.SHA512: x509.SHA512WithRSA}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA256: x509.SHA256WithRSA}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA384: x509.SHA384WithRSA}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA512: x509.SHA512WithRSA}},
		{oidPSS, map[crypto.Hash]x509.SignatureAlgorithm{
			crypto.SHA256: x509.SHA256WithRSAPSS, crypto.SHA384: x509.SHA384WithRSAPSS, crypto.SHA512: x509.SHA512WithRSAPSS}},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, map[crypto.Hash]x509.SignatureAlgorithm{
			crypto.SHA256: x509.ECDSAWithSHA256, crypto.SHA384: x509.ECDSAWithSHA384, crypto.SHA512: x509.ECDSAWithSHA512}},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA256: x509.ECDSAWithSHA256}},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA384: x509.ECDSAWithSHA384}},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA512: x509.ECDSAWithSHA512}},
		{asn1.ObjectIdentifier{1, 3, 101, 112}, map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA512: x509.PureEd25519}},
	}
)

// signatureAlgorithm returns x509's name of the signer's algorithm.
func (s *signerInfo) signatureAlgorithm() (x509.SignatureAlgorithm, error) {
	for _, known := range schemes {
		if !s.algorithm.Equal(known.oid) {
			continue
		}
		alg, ok := known.byHash[s.digest]
		if !ok {
			return 0, canonical.Refuse("its signature algorithm %s does not go with its digest %s", s.algorithm, s.digest)
		}
		if s.algorithm.Equal(oidPSS) && !plainPSS(s.parameters, s.digest) {
			return 0, canonical.Refuse("its RSA-PSS signature has other parameters than its digest, MGF1 with that, and a salt as long")
		}
		return alg, nil
	}
	return 0, canonical.Refuse("its signature algorithm %s is not known", s.algorithm)
}

// plainPSS reports whether RSASSA-PSS-params (RFC 4055, section 3.1) are those
// that x509 verifies: one hash for both, a salt of its length.
func plainPSS(parameters []byte, h crypto.Hash) bool {
	input := cryptobyte.String(parameters)
	var in, hash, mask, salt cryptobyte.String
	if !input.ReadASN1(&in, casn1.SEQUENCE) || !in.ReadASN1(&hash, tag0.Constructed()) || !in.ReadASN1(&mask, tag1.Constructed()) ||
		!in.ReadASN1(&salt, tag2.Constructed()) || !in.SkipOptionalASN1(tag3.Constructed()) || !in.Empty() {
		return false
	}
	named, _, ok := readAlgorithm(&hash)
	first, known := hashOf(named)
	if !ok || !known || first != h || !hash.Empty() {
		return false
	}
	mgf, inner, ok := readAlgorithm(&mask)
	if !ok || !mgf.Equal(oidMGF1) || !mask.Empty() {
		return false
	}
	of := cryptobyte.String(inner)
	named, _, ok = readAlgorithm(&of)
	second, known := hashOf(named)
	var length int
	return ok && known && second == h && salt.ReadASN1Integer(&length) && salt.Empty() && length == h.Size()
}

// checkSignature verifies the signature by this certificate's key, and that what
// was signed is the content (RFC 5652, section 5.6).
func (s *signedData) checkSignature(by *x509.Certificate) error {
	a := s.signer.attributes
	if !a.contentType.Equal(oidTSTInfo) {
		return canonical.Refuse("what is signed is not a time stamp")
	}
	if !bytes.Equal(a.messageDigest, digest(s.signer.digest, s.content)) {
		return canonical.Refuse("its signature is over another time stamp than the one in it")
	}
	if err := checkKey(by); err != nil {
		return err
	}
	alg, err := s.signer.signatureAlgorithm()
	if err != nil {
		return err
	}
	if err := by.CheckSignature(alg, s.signer.signed, s.signer.signature); err != nil {
		return canonical.Refuse("its signature: %w", err)
	}
	return nil
}

// checkNamed checks that the signed attributes name the signer's certificate, so
// that no other certificate of the same key can be put in its place (ESSCertID,
// RFC 2634, section 5.4; ESSCertIDv2, RFC 5035, section 4). Where both attributes
// are there, both must.
func (a attributes) checkNamed(signer *x509.Certificate) error {
	if a.certificate == nil && a.certificateV2 == nil {
		return canonical.Refuse("the signed attributes do not name the signer's certificate")
	}
	for _, x := range []struct {
		value []byte
		v2    bool
	}{{a.certificate, false}, {a.certificateV2, true}} {
		if x.value != nil && !firstIs(x.value, x.v2, signer) {
			return canonical.Refuse("the signed attributes name another certificate than the signer's")
		}
	}
	return nil
}

// firstIs reports whether the first ESSCertID of an attribute's value is of
// this certificate: its hash, and its issuer and serial number where they are
// given.
func firstIs(value []byte, v2 bool, c *x509.Certificate) bool {
	input := cryptobyte.String(value)
	var in, list, first, sum cryptobyte.String
	if !input.ReadASN1(&in, casn1.SEQUENCE) || !in.ReadASN1(&list, casn1.SEQUENCE) || !list.ReadASN1(&first, casn1.SEQUENCE) {
		return false
	}
	// Version 1 has SHA-1, which RFC 2634 fixes: the chain does not rest on it.
	own := sha1.Sum(c.Raw)
	want := own[:]
	if v2 {
		h := crypto.SHA256
		if first.PeekASN1Tag(casn1.SEQUENCE) {
			oid, _, ok := readAlgorithm(&first)
			if !ok {
				return false
			}
			if h, ok = hashOf(oid); !ok {
				return false
			}
		}
		want = digest(h, c.Raw)
	}
	if !first.ReadASN1(&sum, casn1.OCTET_STRING) || subtle.ConstantTimeCompare(sum, want) != 1 {
		return false
	}
	return first.Empty() || issuedAs(first, c)
}

// issuedAs compares an IssuerSerial with a certificate.
func issuedAs(in cryptobyte.String, c *x509.Certificate) bool {
	var seq, names, directory cryptobyte.String
	serial := new(big.Int)
	if !in.ReadASN1(&seq, casn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1(&names, casn1.SEQUENCE) ||
		!seq.ReadASN1Integer(serial) || serial.Cmp(c.SerialNumber) != 0 {
		return false
	}
	return names.ReadASN1(&directory, tag4.Constructed()) && names.Empty() &&
		(bytes.Equal(directory, c.RawIssuer) || nameText(directory) == nameText(c.RawIssuer))
}
