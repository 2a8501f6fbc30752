package timestamp

import (
	"crypto"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/digitorus/timestamp"
)

// Request is what an authority is asked: a SHA-256 imprint, a nonce, and that
// it sends its certificate along (RFC 3161, section 2.4.1).
type Request struct {
	DER     []byte
	Imprint [sha256.Size]byte
	Nonce   *big.Int // 128 bits
}

// NewRequest makes a request over a message, usually a checkpoint file as
// stored. The policy may be nil: the authority then chooses.
func NewRequest(random io.Reader, message []byte, policy asn1.ObjectIdentifier) (Request, error) {
	var n [16]byte
	if _, err := io.ReadFull(random, n[:]); err != nil {
		return Request{}, fmt.Errorf("nonce: %w", err)
	}
	n[0] |= 0x80 // so that its length gives nothing away and is never zero
	r := Request{Imprint: sha256.Sum256(message), Nonce: new(big.Int).SetBytes(n[:])}
	der, err := (&timestamp.Request{
		HashAlgorithm: crypto.SHA256,
		HashedMessage: r.Imprint[:],
		Certificates:  true,
		TSAPolicyOID:  policy,
		Nonce:         r.Nonce,
	}).Marshal()
	if err != nil {
		return Request{}, fmt.Errorf("time-stamp request: %w", err)
	}
	r.DER = der
	return r, nil
}

// The two files of one question lie beside each other on a stick.
var (
	ErrRequest  = errors.New("it is a request for a time stamp, and not the response to one")
	ErrResponse = errors.New("it is a response, and not the request that was sent")
)

// ParseRequest reads a request that was kept in a file, so that a response that
// came by hand can be held against it.
func ParseRequest(der []byte) (Request, error) {
	q, err := timestamp.ParseRequest(der)
	if _, other := granted(der); err != nil && other == nil {
		return Request{}, ErrResponse
	}
	if err != nil {
		return Request{}, fmt.Errorf("time-stamp request: %w", err)
	}
	if q.HashAlgorithm != crypto.SHA256 || len(q.HashedMessage) != sha256.Size || q.Nonce == nil || !q.Certificates {
		return Request{}, errors.New("time-stamp request: it is not one of ours: SHA-256, a nonce and certReq belong to it")
	}
	return Request{DER: der, Imprint: [sha256.Size]byte(q.HashedMessage), Nonce: q.Nonce}, nil
}
