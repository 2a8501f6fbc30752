package ledger

import (
	"encoding/base64"
	"strconv"

	"zapis/crypto/canonical"
)

const (
	anchorHeader = "zapis/anchor/v1"
	maxEvidence  = 16 // certificates, and revocation lists, of one anchor
)

// Anchor is the body of an anchor entry: outside evidence that the ledger had a
// checkpoint. It names the checkpoint as stored, with the log's two signatures
// and no others.
//
//	zapis/anchor/v1
//	checkpoint 33 <SHA-256 of the checkpoint file>
//	response <base64>               RFC 3161 time-stamp response, DER
//	certificate <base64>            DER, none to sixteen: the chain above the token's own
//	revocation <base64>             DER, none to sixteen: CRLs or OCSP responses
//
// or, for a witness:
//
//	zapis/anchor/v1
//	checkpoint 33 <SHA-256 of the checkpoint file>
//	witness <vkey>
//	cosignature <base64>            of the signature line: key id, time, signature
//
// The form is checked here; package timestamp or witness verifies the evidence, with a pinned root or the witness's
// key.
type Anchor struct {
	Size         uint64
	Checkpoint   Hash
	Response     []byte
	Certificates [][]byte
	Revocations  [][]byte
	Witness      string // vkey
	Cosignature  []byte
}

// Marshal writes the body.
func (a Anchor) Marshal() []byte {
	dst := append([]byte(anchorHeader+"\ncheckpoint "), strconv.FormatUint(a.Size, 10)...)
	dst = append(dst, ' ')
	dst = append(append(dst, a.Checkpoint.String()...), '\n')
	if a.Witness != "" {
		dst = append(dst, "witness "+a.Witness+"\n"...)
		return appendBase64(dst, "cosignature", a.Cosignature)
	}
	dst = appendBase64(dst, "response", a.Response)
	for _, c := range a.Certificates {
		dst = appendBase64(dst, "certificate", c)
	}
	for _, c := range a.Revocations {
		dst = appendBase64(dst, "revocation", c)
	}
	return dst
}

func appendBase64(dst []byte, key string, b []byte) []byte {
	dst = append(append(dst, key...), ' ')
	return append(base64.StdEncoding.AppendEncode(dst, b), '\n')
}

// ParseAnchor reads the body of an anchor entry.
func ParseAnchor(body []byte) (Anchor, error) {
	r := canonical.Begin(body, MaxSmall, anchorHeader)
	w := r.Words("checkpoint", 2)
	a := Anchor{Size: r.Decimal(w[0], MaxIndex), Checkpoint: r.Hash(w[1])}
	if a.Size == 0 {
		r.Fail("a checkpoint covers at least one entry")
	}
	if r.Has("witness") {
		a.Witness = r.Word("witness")
		a.Cosignature = readBase64(r, "cosignature")
	} else {
		a.Response = readBase64(r, "response")
		a.Certificates = readEvidence(r, "certificate")
		a.Revocations = readEvidence(r, "revocation")
	}
	return canonical.Done(r, "anchor", a)
}

func readEvidence(r *canonical.Reader, key string) (all [][]byte) {
	for r.Has(key) {
		if len(all) == maxEvidence {
			r.Line()
			r.Fail("more than %d lines of %s", maxEvidence, key)
			return nil
		}
		all = append(all, readBase64(r, key))
	}
	return all
}

// readBase64 accepts the one canonical encoding only.
func readBase64(r *canonical.Reader, key string) []byte {
	word := r.Word(key)
	if r.Err() != nil {
		return nil
	}
	b, err := base64.StdEncoding.Strict().DecodeString(word)
	if err != nil || len(b) == 0 {
		r.Fail("not base64 in its canonical form")
		return nil
	}
	return b
}
