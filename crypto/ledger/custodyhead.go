package ledger

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/canonical"
)

const (
	custodyHeader1 = "zapis/custody-head/v1"
	custodyHeader2 = "zapis/custody-head/v2"

	// MaxExtended is how many earlier heads one custody head can extend.
	MaxExtended = 64
	// maxCustodyHead bounds the content of a custody entry, in bytes.
	maxCustodyHead = 512 << 10
)

// CustodyHead is the content of a custody entry: the end of a trustee's custody log (docs/spec/custody.md). Version 1
// holds the link alone:
//
//	zapis/custody-head/v1
//	events 17
//	link <64 hex>                link 17 of the log
//
// Version 2 adds the root of the log's hash tree (RFC 6962 over the SHA-256 of
// each event), and a consistency proof for each earlier head that it extends:
//
//	zapis/custody-head/v2
//	events 17
//	link <64 hex>
//	root <64 hex>                root of the first 17 events
//	extends 12 <64 hex>          an earlier head's events and root
//	proof <64 hex>               RFC 6962, section 2.1.2; none where the sizes are equal
type CustodyHead struct {
	Events  uint64
	Link    Hash
	Root    Hash // zero in version 1
	Extends []ExtendedHead
}

// ExtendedHead is an earlier head of the same log, with the proof that its
// events are the first ones of the later head.
type ExtendedHead struct {
	Events uint64
	Root   Hash
	Proof  []Hash
}

// HasRoot reports whether the head is of version 2.
func (c CustodyHead) HasRoot() bool { return c.Root != Hash{} }

// Extending reports whether the head proves that it extends an earlier one.
func (c CustodyHead) Extending(earlier CustodyHead) bool {
	return slices.ContainsFunc(c.Extends, func(e ExtendedHead) bool { return e.Events == earlier.Events && e.Root == earlier.Root })
}

// Marshal writes the content, in the version that its fields require.
func (c CustodyHead) Marshal() []byte {
	if !c.HasRoot() {
		return fmt.Appendf(nil, "%s\nevents %d\nlink %s\n", custodyHeader1, c.Events, c.Link)
	}
	b := fmt.Appendf(nil, "%s\nevents %d\nlink %s\nroot %s\n", custodyHeader2, c.Events, c.Link, c.Root)
	for _, e := range c.Extends {
		b = fmt.Appendf(b, "extends %d %s\n", e.Events, e.Root)
		for _, h := range e.Proof {
			b = fmt.Appendf(b, "proof %s\n", h)
		}
	}
	return b
}

// ParseCustodyHead reads the content of a custody entry and verifies its
// consistency proofs.
func ParseCustodyHead(content []byte) (CustodyHead, error) {
	r := canonical.NewReader(content, maxCustodyHead)
	second := r.Has(custodyHeader2)
	if second {
		r.Exact(custodyHeader2)
	} else {
		r.Exact(custodyHeader1)
	}
	c := CustodyHead{Events: r.Decimal(r.Word("events"), MaxIndex)}
	if c.Events == 0 {
		r.Fail("a log without events has no head")
	}
	c.Link = r.Hash(r.Word("link"))
	if second {
		c.readTree(r)
	}
	return canonical.Done(r, "custody head", c)
}

func (c *CustodyHead) readTree(r *canonical.Reader) {
	if c.Root = r.Hash(r.Word("root")); r.Err() == nil && !c.HasRoot() {
		r.Fail("no tree has this root")
	}
	for r.More() {
		words := r.Words("extends", 2)
		e := ExtendedHead{Events: r.Decimal(words[0], MaxIndex), Root: r.Hash(words[1])}
		for r.More() && r.Has("proof") {
			e.Proof = append(e.Proof, r.Hash(r.Word("proof")))
		}
		if r.Err() != nil {
			return
		}
		n := len(c.Extends)
		switch {
		case e.Events == 0 || e.Events > c.Events:
			r.Fail("a head of %d events extends none of %d", c.Events, e.Events)
		case n > 0 && c.Extends[n-1].Events >= e.Events:
			r.Fail("the heads that it extends are not in ascending order")
		case n >= MaxExtended:
			r.Fail("it extends more than %d heads", MaxExtended)
		case !e.proves(c.Events, c.Root):
			r.Fail("its proof does not show that it extends the head of %d events", e.Events)
		}
		c.Extends = append(c.Extends, e)
	}
}

// proves reports whether the first events of a tree of this size and root are those of e.
func (e ExtendedHead) proves(size uint64, root Hash) bool {
	if e.Events == size {
		return e.Root == root && len(e.Proof) == 0
	}
	proof := make(tlog.TreeProof, len(e.Proof))
	for i, h := range e.Proof {
		proof[i] = tlog.Hash(h)
	}
	return tlog.CheckTree(proof, int64(size), tlog.Hash(root), int64(e.Events), tlog.Hash(e.Root)) == nil
}
