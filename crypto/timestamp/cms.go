package timestamp

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"zapis/crypto/canonical"
)

// maxEmbedded is the most certificates that a token may carry.
const maxEmbedded = 32

// signedData is a CMS SignedData (RFC 5652, section 5.1) with one signer, as far
// as a time-stamp token uses it.
type signedData struct {
	content      []byte              // eContent: a TSTInfo, DER
	certificates []*x509.Certificate // in the token's own order
	signer       signerInfo
}

// signerInfo is RFC 5652, section 5.3.
type signerInfo struct {
	issuer []byte   // RawIssuer and serial number of the signer's certificate,
	serial *big.Int // nil where keyID names it
	keyID  []byte

	digest     crypto.Hash
	attributes attributes
	signed     []byte // what the signature is over: the attributes as a SET OF
	algorithm  asn1.ObjectIdentifier
	parameters []byte // of the algorithm, DER; empty where there are none
	signature  []byte
}

// attributes are the signed attributes that this package reads.
type attributes struct {
	contentType   asn1.ObjectIdentifier
	messageDigest []byte
	certificate   []byte // value of signingCertificate, DER; nil without it
	certificateV2 []byte // value of signingCertificateV2, DER; nil without it
}

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

var (
	tag0 = casn1.Tag(0).ContextSpecific()
	tag1 = casn1.Tag(1).ContextSpecific()
	tag2 = casn1.Tag(2).ContextSpecific()
	tag3 = casn1.Tag(3).ContextSpecific()
	tag4 = casn1.Tag(4).ContextSpecific()
)

func unreadable(what string) error { return canonical.Refuse("it can't be read: %s", what) }

// parseSignedData reads a ContentInfo (RFC 5652, section 3), which checkDER has
// checked, and verifies nothing.
func parseSignedData(der []byte) (*signedData, error) {
	input := cryptobyte.String(der)
	var info, wrapped, data cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !input.ReadASN1(&info, casn1.SEQUENCE) || !input.Empty() || !info.ReadASN1ObjectIdentifier(&kind) {
		return nil, unreadable("a ContentInfo is expected")
	}
	if !kind.Equal(oidSignedData) {
		return nil, unreadable("it is not signed data")
	}
	if !info.ReadASN1(&wrapped, tag0.Constructed()) || !info.Empty() || !wrapped.ReadASN1(&data, casn1.SEQUENCE) || !wrapped.Empty() {
		return nil, unreadable("a SignedData is expected")
	}
	var version int
	var digests, encapsulated, signers cryptobyte.String
	if !data.ReadASN1Integer(&version) || version < 1 || version > 5 || !data.ReadASN1(&digests, casn1.SET) || !data.ReadASN1(&encapsulated, casn1.SEQUENCE) {
		return nil, unreadable("a SignedData begins with its version, the digest algorithms and the content")
	}
	s := new(signedData)
	if err := s.readContent(encapsulated); err != nil {
		return nil, err
	}
	if err := s.readCertificates(&data); err != nil {
		return nil, err
	}
	if !data.SkipOptionalASN1(tag1.Constructed()) || !data.ReadASN1(&signers, casn1.SET) || !data.Empty() {
		return nil, unreadable("a SignedData ends with its signers")
	}
	return s, s.readSigners(signers)
}

func (s *signedData) readContent(encapsulated cryptobyte.String) error {
	var kind asn1.ObjectIdentifier
	var explicit, content cryptobyte.String
	if !encapsulated.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidTSTInfo) {
		return canonical.Refuse("what is signed is not a time stamp")
	}
	if !encapsulated.ReadASN1(&explicit, tag0.Constructed()) || !encapsulated.Empty() || !explicit.ReadASN1(&content, casn1.OCTET_STRING) || !explicit.Empty() {
		return unreadable("the signed time stamp is not in it")
	}
	s.content = content
	return nil
}

func (s *signedData) readCertificates(data *cryptobyte.String) error {
	var set cryptobyte.String
	var there bool
	if !data.ReadOptionalASN1(&set, &there, tag0.Constructed()) {
		return unreadable("its certificates")
	}
	for !set.Empty() {
		var raw cryptobyte.String
		if !set.ReadASN1Element(&raw, casn1.SEQUENCE) {
			return unreadable("it carries a certificate that is not an X.509 one")
		}
		if len(s.certificates) == maxEmbedded {
			return canonical.Refuse("it carries more than %d certificates", maxEmbedded)
		}
		c, err := x509.ParseCertificate(raw)
		if err != nil {
			return canonical.Refuse("a certificate in it can't be read: %w", err)
		}
		s.certificates = append(s.certificates, c)
	}
	return nil
}

func (s *signedData) readSigners(signers cryptobyte.String) error {
	n := 0
	for rest := signers; !rest.Empty(); n++ {
		var one cryptobyte.String
		if !rest.ReadASN1(&one, casn1.SEQUENCE) {
			return unreadable("its signers")
		}
		if n == 0 {
			if err := s.signer.read(one); err != nil {
				return err
			}
		}
	}
	if n != 1 {
		return canonical.Refuse("%d signers, and exactly one is allowed", n)
	}
	return nil
}

func (s *signerInfo) read(in cryptobyte.String) error {
	var version int
	if !in.ReadASN1Integer(&version) {
		return unreadable("the version of the signer")
	}
	if err := s.readIdentifier(&in, version); err != nil {
		return err
	}
	digest, _, ok := readAlgorithm(&in)
	var signed, signature cryptobyte.String
	if !ok || !in.ReadASN1Element(&signed, tag0.Constructed()) {
		return canonical.Refuse("the signer has no signed attributes")
	}
	if s.algorithm, s.parameters, ok = readAlgorithm(&in); !ok || !in.ReadASN1(&signature, casn1.OCTET_STRING) ||
		!in.SkipOptionalASN1(tag1.Constructed()) || !in.Empty() {
		return unreadable("the signer's signature")
	}
	if s.digest, ok = hashOf(digest); !ok {
		return canonical.Refuse("it is signed with the digest %s, and SHA-256, 384 or 512 is required", digest)
	}
	s.signature = signature
	// The signature is over the SET OF, not over the [0] that stands for it (RFC 5652, section 5.4).
	s.signed = bytes.Clone(signed)
	s.signed[0] = byte(casn1.SET)
	return s.attributes.read(s.signed)
}

// readIdentifier reads which certificate is the signer's.
func (s *signerInfo) readIdentifier(in *cryptobyte.String, version int) error {
	var id cryptobyte.String
	if in.PeekASN1Tag(tag0) {
		if version != 3 || !in.ReadASN1(&id, tag0) {
			return unreadable("which certificate is the signer's")
		}
		s.keyID = id
		return nil
	}
	var issuer cryptobyte.String
	s.serial = new(big.Int)
	if version != 1 || !in.ReadASN1(&id, casn1.SEQUENCE) || !id.ReadASN1Element(&issuer, casn1.SEQUENCE) || !id.ReadASN1Integer(s.serial) || !id.Empty() {
		return unreadable("which certificate is the signer's")
	}
	s.issuer = issuer
	return nil
}

// readAlgorithm reads an AlgorithmIdentifier; parameters are DER, and empty
// where they are absent.
func readAlgorithm(in *cryptobyte.String) (oid asn1.ObjectIdentifier, parameters []byte, ok bool) {
	var alg cryptobyte.String
	ok = in.ReadASN1(&alg, casn1.SEQUENCE) && alg.ReadASN1ObjectIdentifier(&oid)
	if !ok || alg.Empty() {
		return oid, nil, ok
	}
	var raw cryptobyte.String
	var tag casn1.Tag
	ok = alg.ReadAnyASN1Element(&raw, &tag) && alg.Empty()
	return oid, raw, ok
}

// read reads the signed attributes. Each that counts may stand there once, with
// one value (RFC 5652, section 11; RFC 5035, section 3).
func (a *attributes) read(set []byte) error {
	input := cryptobyte.String(set)
	var all cryptobyte.String
	if !input.ReadASN1(&all, casn1.SET) || !input.Empty() {
		return unreadable("the signed attributes")
	}
	seen := make(map[string]bool)
	for !all.Empty() {
		var one, values, value cryptobyte.String
		var kind asn1.ObjectIdentifier
		var tag casn1.Tag
		if !all.ReadASN1(&one, casn1.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&kind) || !one.ReadASN1(&values, casn1.SET) || !one.Empty() {
			return unreadable("a signed attribute")
		}
		into, counts := a.slot(kind)
		if !counts {
			continue
		}
		if seen[kind.String()] || !values.ReadAnyASN1Element(&value, &tag) || !values.Empty() {
			return canonical.Refuse("the signed attribute %s stands there twice, or does not have exactly one value", kind)
		}
		seen[kind.String()] = true
		if err := into(value); err != nil {
			return err
		}
	}
	return nil
}

// slot returns what takes the value of an attribute; false for one that is not read.
func (a *attributes) slot(kind asn1.ObjectIdentifier) (into func(cryptobyte.String) error, counts bool) {
	switch {
	case kind.Equal(oidContentType):
		return func(v cryptobyte.String) error {
			if !v.ReadASN1ObjectIdentifier(&a.contentType) || !v.Empty() {
				return unreadable("the content type in the signed attributes")
			}
			return nil
		}, true
	case kind.Equal(oidMessageDigest):
		return func(v cryptobyte.String) error {
			var sum cryptobyte.String
			if !v.ReadASN1(&sum, casn1.OCTET_STRING) || !v.Empty() {
				return unreadable("the message digest in the signed attributes")
			}
			a.messageDigest = sum
			return nil
		}, true
	case kind.Equal(oidSigningCert):
		return func(v cryptobyte.String) error { a.certificate = v; return nil }, true
	case kind.Equal(oidSigningCertV2):
		return func(v cryptobyte.String) error { a.certificateV2 = v; return nil }, true
	}
	return nil, false
}

// signerCertificate finds the one embedded certificate that the signer info
// names; nil where it is not there.
func (s *signedData) signerCertificate() *x509.Certificate {
	for _, c := range s.certificates {
		byName := s.signer.serial != nil && bytes.Equal(c.RawIssuer, s.signer.issuer) && c.SerialNumber.Cmp(s.signer.serial) == 0
		byKey := len(s.signer.keyID) > 0 && bytes.Equal(c.SubjectKeyId, s.signer.keyID)
		if byName || byKey {
			return c
		}
	}
	return nil
}
