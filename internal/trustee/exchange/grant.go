package exchange

import (
	"bytes"
	"encoding/hex"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

const (
	grantHeader  = "zapis/grant/v1"
	sharesHeader = "zapis/shares/v1"

	// ShareSize is the size of a share in bytes.
	ShareSize = 32
)

// Grant is a trustee's answer to a request:
//
//	zapis/grant/v1
//	request <hash of the statement that asks>
//	case c5f0c91ab2e
//	to SHA256:…                fingerprint of the requester
//	part <hex>                 what was granted, in the request's order
//
//	<age file>                 a part of the kind message, sealed to the asker alone: the Shares
type Grant struct {
	Request ledger.Hash
	Case    string
	To      string
	Parts   []ledger.Hash
	Sealed  []byte
}

// Marshal writes the grant.
func (g Grant) Marshal() []byte {
	var b strings.Builder
	b.WriteString(grantHeader + "\nrequest " + g.Request.String() + "\ncase " + g.Case + "\nto " + g.To + "\n")
	for _, p := range g.Parts {
		b.WriteString("part " + p.String() + "\n")
	}
	return append([]byte(b.String()+"\n"), g.Sealed...)
}

// ParseGrant reads a grant. An error names the line and is a canon.ErrMismatch.
func ParseGrant(text []byte) (Grant, error) {
	head, sealed, ok := bytes.Cut(text, []byte("\n\n"))
	if !ok || len(sealed) == 0 || len(text) > MaxFile {
		return Grant{}, canonical.Refuse("grant: no sealed shares after a blank line")
	}
	r := canonical.Begin(append(head[:len(head):len(head)], '\n'), MaxFile, grantHeader)
	g := Grant{Request: r.Hash(r.Word("request")), Sealed: bytes.Clone(sealed)}
	g.Case = r.Word("case")
	r.Check(checkCase(g.Case))
	g.To = r.Word("to")
	r.Check(card.CheckFingerprint(g.To))
	seen := make(map[ledger.Hash]bool)
	for first := true; first || r.More(); first = false {
		h := ledger.Hash(r.Hash(r.Word("part")))
		if r.Err() == nil && (seen[h] || len(g.Parts) == MaxParts) {
			r.Fail("this part is named twice, or more than %d are", MaxParts)
		}
		seen[h] = true
		g.Parts = append(g.Parts, h)
	}
	return canonical.Done(r, "grant", g)
}

// ParseGrantFile parses the file of a grant: the statement, and its content.
// It verifies no signature.
func ParseGrantFile(file []byte) (card.Signed, Grant, error) {
	return parseFile(file, card.KindGrant, "grant", ParseGrant)
}

// Shares are the sealed content of a grant: the granter's share of each part.
//
//	zapis/shares/v1
//	request <hash of the statement that asks>
//	share <part hash> <64 hex>
//
// It names the request, so that a trustee can't put another's sealed shares
// into their own grant.
type Shares struct {
	Request ledger.Hash
	Of      []Share
}

// Share is the granter's share of one part.
type Share struct {
	Part  ledger.Hash
	Share [ShareSize]byte
}

// Marshal returns the shares' text. The caller wipes it after sealing.
func (s Shares) Marshal() []byte {
	dst := []byte(sharesHeader + "\nrequest " + s.Request.String() + "\n")
	for _, one := range s.Of {
		dst = append(append(append(dst, "share "...), one.Part.String()...), ' ')
		dst = append(hex.AppendEncode(dst, one.Share[:]), '\n')
	}
	return dst
}

// ParseShares reads the shares' text. Its errors never hold a share.
func ParseShares(text []byte) (Shares, error) {
	r := canonical.Begin(text, MaxFile, sharesHeader)
	s := Shares{Request: r.Hash(r.Word("request"))}
	for first := true; first || r.More(); first = false {
		w := r.Words("share", 2)
		s.Of = append(s.Of, Share{Part: r.Hash(w[0]), Share: r.Hash(w[1])})
	}
	return canonical.Done(r, "shares", s)
}

// Wipe overwrites the shares.
func (s Shares) Wipe() { clear(s.Of) }
