package timestamptest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of what a token is made of.
var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}

	hashes = map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1:   {1, 3, 14, 3, 2, 26},
		crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
		crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
	}
	signatures = map[crypto.Hash][2]asn1.ObjectIdentifier{ // RSA, ECDSA
		crypto.SHA1:   {{1, 2, 840, 113549, 1, 1, 5}, {1, 2, 840, 10045, 4, 1}},
		crypto.SHA256: {{1, 2, 840, 113549, 1, 1, 11}, {1, 2, 840, 10045, 4, 3, 2}},
		crypto.SHA384: {{1, 2, 840, 113549, 1, 1, 12}, {1, 2, 840, 10045, 4, 3, 3}},
		crypto.SHA512: {{1, 2, 840, 113549, 1, 1, 13}, {1, 2, 840, 10045, 4, 3, 4}},
	}
	oidPSS  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
)

// Odd configures how a token differs from one of openssl. Zero values yield a
// valid one.
type Odd struct {
	Nonce      *big.Int
	Time       string      // as GeneralizedTime; now
	Version    int64       // of the TSTInfo; 1
	Imprint    crypto.Hash // SHA256
	Digest     crypto.Hash // that is signed; SHA256
	Accuracy   []byte      // DER
	Authority  []byte      // GeneralName, DER
	Extensions []byte      // content of the [1]
	AfterInfo  []byte      // behind the TSTInfo, inside what is signed

	ContentType   asn1.ObjectIdentifier // in the signed attributes; TSTInfo's
	MessageDigest []byte                // in the signed attributes
	NoName        bool                  // no ESSCertID
	Names         []byte                // hash in the ESSCertIDv2; the signer's
	VersionOne    bool                  // an ESSCertID, with SHA-1, in the place of version 2
	Twice         bool                  // the message digest twice

	KeyID   bool // name the signer by its subject key identifier
	Signers int  // the same signer so often; 1
	PSS     bool // sign with RSASSA-PSS
	Salt    int  // its salt in bytes, as stated; the digest's length
}

// Odd answers as openssl can't: over a message, with the nonce of a request.
func (a Authority) Odd(t testing.TB, message []byte, nonce *big.Int) []byte {
	t.Helper()
	return a.OddAs(t, message, Odd{Nonce: nonce})
}

// OddAs answers with a token of this kind, the signer's and the CA's certificate
// in it.
func (a Authority) OddAs(t testing.TB, message []byte, o Odd) []byte {
	t.Helper()
	return Granted(t, a.OddToken(t, message, o))
}

// Granted puts a token into a response that grants it.
func Granted(t testing.TB, token []byte) []byte {
	t.Helper()
	return build(t, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) { b.AddASN1Int64(0) })
			b.AddBytes(token)
		})
	})
}

func build(t testing.TB, f func(*cryptobyte.Builder)) []byte {
	t.Helper()
	var b cryptobyte.Builder
	f(&b)
	der, err := b.Bytes()
	must(t, err)
	return der
}

func sequence(b *cryptobyte.Builder, f func(*cryptobyte.Builder)) { b.AddASN1(casn1.SEQUENCE, f) }

func explicit(b *cryptobyte.Builder, n uint8, f func(*cryptobyte.Builder)) {
	b.AddASN1(casn1.Tag(n).ContextSpecific().Constructed(), f)
}

func algorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
	sequence(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
}

func sum(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

func (o Odd) info(t testing.TB, message []byte) []byte {
	if o.Time == "" {
		o.Time = time.Now().UTC().Format("20060102150405Z")
	}
	der := build(t, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(o.Version)
			b.AddASN1ObjectIdentifier(Policy)
			sequence(b, func(b *cryptobyte.Builder) {
				algorithm(b, hashes[o.Imprint])
				b.AddASN1OctetString(sum(o.Imprint, message))
			})
			b.AddASN1Int64(7)
			b.AddASN1(casn1.GeneralizedTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte(o.Time)) })
			b.AddBytes(o.Accuracy)
			if o.Nonce != nil {
				b.AddASN1BigInt(o.Nonce)
			}
			if o.Authority != nil {
				explicit(b, 0, func(b *cryptobyte.Builder) { b.AddBytes(o.Authority) })
			}
			if o.Extensions != nil {
				explicit(b, 1, func(b *cryptobyte.Builder) { b.AddBytes(o.Extensions) })
			}
		})
	})
	return append(der, o.AfterInfo...)
}

// attributes returns the content of the signed attributes.
func (o Odd) attributes(t testing.TB, a Authority, info []byte) []byte {
	attribute := func(oid asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) []byte {
		return build(t, func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oid)
				b.AddASN1(casn1.SET, value)
			})
		})
	}
	digest := attribute(oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(o.MessageDigest) })
	all := [][]byte{attribute(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(o.ContentType) }), digest}
	if o.Twice {
		all = append(all, digest)
	}
	oid, named := oidSigningCertV2, o.Names
	if o.VersionOne {
		own := sha1.Sum(a.Signer.Raw)
		oid, named = oidSigningCert, own[:]
	}
	if !o.NoName {
		all = append(all, attribute(oid, func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) {
				sequence(b, func(b *cryptobyte.Builder) {
					sequence(b, func(b *cryptobyte.Builder) { b.AddASN1OctetString(named) })
				})
			})
		}))
	}
	return bytes.Join(all, nil)
}

// OddToken returns the token alone.
func (a Authority) OddToken(t testing.TB, message []byte, o Odd) []byte {
	t.Helper()
	defaults(&o, a)
	info := o.info(t, message)
	if o.MessageDigest == nil {
		o.MessageDigest = sum(o.Digest, info)
	}
	attributes := o.attributes(t, a, info)
	signed := build(t, func(b *cryptobyte.Builder) {
		b.AddASN1(casn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
	})
	signature := o.sign(t, a.key, signed)
	return build(t, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSignedData)
			explicit(b, 0, func(b *cryptobyte.Builder) {
				sequence(b, func(b *cryptobyte.Builder) {
					b.AddASN1Int64(3)
					b.AddASN1(casn1.SET, func(b *cryptobyte.Builder) { algorithm(b, hashes[o.Digest]) })
					sequence(b, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidTSTInfo)
						explicit(b, 0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(info) })
					})
					explicit(b, 0, func(b *cryptobyte.Builder) {
						b.AddBytes(a.Signer.Raw)
						b.AddBytes(a.CA.Raw)
					})
					b.AddASN1(casn1.SET, func(b *cryptobyte.Builder) {
						for range o.Signers {
							o.signer(b, a, attributes, signature)
						}
					})
				})
			})
		})
	})
}

func defaults(o *Odd, a Authority) {
	if o.Version == 0 {
		o.Version = 1
	}
	if o.Imprint == 0 {
		o.Imprint = crypto.SHA256
	}
	if o.Digest == 0 {
		o.Digest = crypto.SHA256
	}
	if o.ContentType == nil {
		o.ContentType = oidTSTInfo
	}
	if o.Names == nil {
		o.Names = sum(crypto.SHA256, a.Signer.Raw)
	}
	if o.Signers == 0 {
		o.Signers = 1
	}
	if o.Salt == 0 {
		o.Salt = o.Digest.Size()
	}
}

func (o Odd) signer(b *cryptobyte.Builder, a Authority, attributes, signature []byte) {
	sequence(b, func(b *cryptobyte.Builder) {
		if o.KeyID {
			b.AddASN1Int64(3)
			b.AddASN1(casn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(a.Signer.SubjectKeyId) })
		} else {
			b.AddASN1Int64(1)
			sequence(b, func(b *cryptobyte.Builder) {
				b.AddBytes(a.Signer.RawIssuer)
				b.AddASN1BigInt(a.Signer.SerialNumber)
			})
		}
		algorithm(b, hashes[o.Digest])
		explicit(b, 0, func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
		o.algorithm(b, a.key)
		b.AddASN1OctetString(signature)
	})
}

func (o Odd) algorithm(b *cryptobyte.Builder, key crypto.Signer) {
	_, ec := key.(*ecdsa.PrivateKey)
	switch {
	case o.PSS:
		sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidPSS)
			sequence(b, func(b *cryptobyte.Builder) {
				explicit(b, 0, func(b *cryptobyte.Builder) { algorithm(b, hashes[o.Digest]) })
				explicit(b, 1, func(b *cryptobyte.Builder) {
					sequence(b, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidMGF1)
						algorithm(b, hashes[o.Digest])
					})
				})
				explicit(b, 2, func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(o.Salt)) })
			})
		})
	case ec:
		algorithm(b, signatures[o.Digest][1])
	default:
		algorithm(b, signatures[o.Digest][0])
	}
}

func (o Odd) sign(t testing.TB, key crypto.Signer, signed []byte) []byte {
	var opts crypto.SignerOpts = o.Digest
	if o.PSS {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: o.Digest}
	}
	signature, err := key.Sign(rand.Reader, sum(o.Digest, signed), opts)
	must(t, err)
	return signature
}
