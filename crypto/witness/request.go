package witness

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
)

const (
	// MaxRequest is the most bytes that a request may have.
	MaxRequest = 64 << 10
	maxProof   = 63
)

// Request asks a witness for its cosignature: the body of C2SP tlog-witness's
// add-checkpoint, also used as a file for a partner.
//
//	old 32
//	PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
//	jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
//
//	example.org/ledger
//	96
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— example.org/ledger Az3grlgtzPICa5OS…
//	— example.org/ledger opLqBQsREYCgu6xQ…
type Request struct {
	Old        uint64        // what the witness cosigned last; 0 where it is new to the log
	Proof      []ledger.Hash // that the first Old entries are the beginning (RFC 6962 §2.1.2)
	Checkpoint []byte        // a signed note
}

// Marshal writes the request.
func (q Request) Marshal() []byte {
	dst := append(strconv.AppendUint([]byte("old "), q.Old, 10), '\n')
	for _, h := range q.Proof {
		dst = append(base64.StdEncoding.AppendEncode(dst, h[:]), '\n')
	}
	return append(append(dst, '\n'), q.Checkpoint...)
}

// ParseRequest reads a request in its one encoding, up to the checkpoint, which
// it leaves as it is.
func ParseRequest(body []byte) (q Request, err error) {
	if len(body) > MaxRequest {
		return q, canonical.Refuse("witness request: it has %d bytes, and at most %d are allowed", len(body), MaxRequest)
	}
	head, checkpoint, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return q, canonical.Refuse("witness request: no blank line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	old, ok := strings.CutPrefix(lines[0], "old ")
	if q.Old, err = canonical.ParseDecimal(old); !ok || err != nil || q.Old > ledger.MaxIndex {
		return q, canonical.Refuse("witness request: line 1: it must be \"old \" and a size, and no other way to write it")
	}
	if len(lines)-1 > maxProof {
		return q, canonical.Refuse("witness request: a proof has at most %d lines, not %d", maxProof, len(lines)-1)
	}
	for i, line := range lines[1:] {
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(raw) != 32 || base64.StdEncoding.EncodeToString(raw) != line {
			return q, canonical.Refuse("witness request: line %d: not a hash in base64", i+2)
		}
		q.Proof = append(q.Proof, ledger.Hash(raw))
	}
	q.Checkpoint = checkpoint
	return q, nil
}

// Origin returns the first line of the request's checkpoint, the claimed log.
func (q Request) Origin() string {
	origin, _, _ := strings.Cut(string(q.Checkpoint), "\n")
	return origin
}
