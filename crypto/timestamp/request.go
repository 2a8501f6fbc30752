package timestamp

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Request is the content of a time-stamp request: an imprint, a nonce, and
// that the authority must include its certificate (RFC 3161, section 2.4.1).
type Request struct {
	DER     []byte
	Imprint Imprint
	Nonce   *big.Int // 128 bits in ours
}

// NewRequest makes a request over a message, usually a checkpoint file as
// stored, with its SHA-256. The policy may be nil: the authority then chooses.
func NewRequest(random io.Reader, message []byte, policy asn1.ObjectIdentifier) (Request, error) {
	var n [16]byte
	if _, err := io.ReadFull(random, n[:]); err != nil {
		return Request{}, fmt.Errorf("nonce: %w", err)
	}
	n[0] |= 0x80 // the nonce has the same length in every request, and is never zero
	r := Request{Imprint: NewImprint(crypto.SHA256, message), Nonce: new(big.Int).SetBytes(n[:])}
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		r.Imprint.append(b)
		if policy != nil {
			b.AddASN1ObjectIdentifier(policy)
		}
		b.AddASN1BigInt(r.Nonce)
		b.AddASN1Boolean(true)
	})
	var err error
	if r.DER, err = b.Bytes(); err != nil {
		return Request{}, fmt.Errorf("time-stamp request: %w", err)
	}
	return r, nil
}

// append writes a MessageImprint.
func (i Imprint) append(b *cryptobyte.Builder) {
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, h := range hashes {
				if h.hash == i.Hash {
					b.AddASN1ObjectIdentifier(h.oid)
				}
			}
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(i.Sum)
	})
}

// Errors for files that are confused: request and response are carried
// together, and some tools write the token alone.
var (
	ErrRequest   = errors.New("it is a request for a time stamp, and not the response to one")
	ErrResponse  = errors.New("it is a response, and not the request that was sent")
	ErrBareToken = errors.New("it is a time-stamp token without the response around it")
)

var errNotOurs = errors.New("time-stamp request: it is not one of ours: SHA-256, 384 or 512, a nonce and certReq belong to it")

// ParseRequest reads a request that was kept in a file, so that a response that
// came by hand can be compared with it.
func ParseRequest(der []byte) (Request, error) {
	return guarded(func() (Request, error) {
		if err := checkDER(der); err != nil {
			return Request{}, fmt.Errorf("time-stamp request: it is not DER: %w", err)
		}
		if !isRequest(der) {
			if _, err := granted(der); err == nil || errors.Is(err, ErrBareToken) {
				return Request{}, ErrResponse
			}
			return Request{}, errors.New("time-stamp request: it can't be read")
		}
		return parseRequest(der)
	})
}

// isRequest reports whether DER begins as a TimeStampReq: a version and an
// imprint. A response begins with a SEQUENCE, a token with an OBJECT
// IDENTIFIER.
func isRequest(der []byte) bool {
	input := cryptobyte.String(der)
	var in cryptobyte.String
	var version int
	return input.ReadASN1(&in, casn1.SEQUENCE) && in.ReadASN1Integer(&version) && in.PeekASN1Tag(casn1.SEQUENCE)
}

func parseRequest(der []byte) (Request, error) {
	input := cryptobyte.String(der)
	var in cryptobyte.String
	var version int
	if !input.ReadASN1(&in, casn1.SEQUENCE) || !in.ReadASN1Integer(&version) || version != 1 {
		return Request{}, errors.New("time-stamp request: it can't be read: version 1 is expected")
	}
	imprint, err := readImprint(&in)
	if err != nil {
		return Request{}, errNotOurs
	}
	q := Request{DER: bytes.Clone(der), Imprint: imprint, Nonce: new(big.Int)}
	var certificates bool
	if !in.SkipOptionalASN1(casn1.OBJECT_IDENTIFIER) || !in.PeekASN1Tag(casn1.INTEGER) || !in.ReadASN1Integer(q.Nonce) ||
		!in.PeekASN1Tag(casn1.BOOLEAN) || !in.ReadASN1Boolean(&certificates) || !certificates || !in.Empty() {
		return Request{}, errNotOurs
	}
	return q, nil
}
