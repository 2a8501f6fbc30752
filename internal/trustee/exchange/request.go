// Package exchange encodes what trustees send to each other: a request to open a part together, the grant, the shares
// in a grant, and the keys of a reseal. It is pure: no clock, no disk.
//
// Each is a file of a signed statement and its content, as ledger.SignedBody encodes it; docs/spec/grants.md specifies
// them.
package exchange

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

const (
	requestHeader = "zapis/ask/v1"

	// MaxParts is how many parts one request may name: as many as fit into a grant.
	MaxParts = 400
	// MaxWhy bounds a reason, in bytes.
	MaxWhy = 2000
	// MaxFile bounds a request's or a grant's file, in bytes.
	MaxFile = 256 << 10
)

// Request names the requested parts of a case, and the reason.
//
//	zapis/ask/v1
//	nonce 5f0c…                          so that its hash does not reveal the reason
//	case c5f0c91ab2e
//	why The contact is needed to warn them.
//	part <body hash> identity <hex>      the submission's body, the kind, the part: 1 to 400
//
// The requester is the signer of the statement about it, and its last day is the statement's.
type Request struct {
	Nonce ledger.Hash
	Case  string
	Why   string
	Parts []Part
}

// Part names a sealed part of a submission. A submission is named by its body's hash, since one vault may have its
// entry while another has it waiting.
type Part struct {
	Body ledger.Hash
	Kind string
	Hash ledger.Hash
}

// Marshal writes the request's text.
func (q Request) Marshal() []byte {
	var b strings.Builder
	b.WriteString(requestHeader + "\nnonce " + q.Nonce.String() + "\ncase " + q.Case + "\nwhy " + q.Why + "\n")
	for _, p := range q.Parts {
		b.WriteString("part " + p.Body.String() + " " + p.Kind + " " + p.Hash.String() + "\n")
	}
	return []byte(b.String())
}

// CheckWhy refuses a reason that does not fit into one line.
func CheckWhy(why string) error {
	switch {
	case why == "" || strings.TrimSpace(why) != why:
		return canonical.Refuse("a reason has words in it, and no space at either end")
	case len(why) > MaxWhy:
		return canonical.Refuse("a reason has at most %d bytes, and this one has %d", MaxWhy, len(why))
	case !utf8.ValidString(why) || strings.ContainsFunc(why, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return canonical.Refuse("a reason is one line of text")
	}
	return nil
}

// ParseRequest reads a request. An error names the line and is a
// canon.ErrMismatch.
func ParseRequest(text []byte) (Request, error) {
	r := canonical.Begin(text, MaxFile, requestHeader)
	q := Request{Nonce: r.Hash(r.Word("nonce"))}
	q.Case = r.Word("case")
	r.Check(checkCase(q.Case))
	q.Why = r.Value("why")
	if r.Err() == nil {
		r.Check(CheckWhy(q.Why))
	}
	q.Parts = readParts(r)
	return canonical.Done(r, "request", q)
}

// readParts reads the lines of parts: at least one, none twice.
func readParts(r *canonical.Reader) (list []Part) {
	seen := make(map[ledger.Hash]bool)
	for first := true; first || r.More(); first = false {
		w := r.Words("part", 3)
		p := Part{Body: r.Hash(w[0]), Kind: w[1], Hash: r.Hash(w[2])}
		switch {
		case r.Err() != nil:
		case p.Kind != ledger.PartStatement && p.Kind != ledger.PartIdentity && p.Kind != ledger.PartAttachment:
			r.Fail("a part here is a statement, an identity or an attachment")
		case seen[p.Hash]:
			r.Fail("this part is named twice")
		case len(list) == MaxParts:
			r.Fail("more than %d parts", MaxParts)
		}
		seen[p.Hash] = true
		list = append(list, p)
	}
	return list
}

func checkCase(id string) error {
	if len(id) == 11 && id[0] == 'c' {
		if _, err := hex.DecodeString(id[1:]); err == nil && strings.ToLower(id) == id {
			return nil
		}
	}
	return canonical.Refuse("a case is c and ten hexadecimal digits")
}

// ParseRequestFile parses the file of a request: the statement, and its content. It verifies no signature.
func ParseRequestFile(file []byte) (card.Signed, Request, error) {
	return parseFile(file, card.KindAsk, "request", ParseRequest)
}

// parseFile parses the file of a statement of a kind, and its content. name is what errors call the file. It verifies no
// signature.
func parseFile[T any](file []byte, kind, name string, parse func(content []byte) (T, error)) (signed card.Signed, content T, err error) {
	if len(file) > MaxFile {
		return signed, content, canonical.Refuse("%s: it has %d bytes, and at most %d are allowed", name, len(file), MaxFile)
	}
	body, err := ledger.ParseSignedBody(file)
	if err != nil {
		return signed, content, canonical.Refuse("%s: %w", name, err)
	}
	if body.Statement.Kind != kind {
		return signed, content, canonical.Refuse("%s: its statement is of the kind %s, not %s", name, body.Statement.Kind, kind)
	}
	content, err = parse(body.Content)
	return body.Statement, content, err
}
