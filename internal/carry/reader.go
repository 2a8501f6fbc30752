package carry

import (
	"fmt"
	"io"
	"strings"

	"zapis/crypto/ledger"
)

// ItemKind is the kind of a member of a carry file.
type ItemKind int

const (
	Checkpoint     ItemKind = iota + 1 // Size, Text
	Entry                              // Index, Text, Entry
	Part                               // Index of the first entry that names it, Part, Content
	WaitingBody                        // BodyHash, Text, Body
	WaitingPromise                     // BodyHash, Text
	WaitingPart                        // BodyHash, Part, Content
)

// Item is one member. Text is the exact bytes of a small one. Content streams
// a part: a read at its end returns io.EOF only if the SHA-256 is the one in
// its name, and otherwise an error of exit status 3. The content must not be
// used before io.EOF. It is valid until the next call of Next, which reads and
// compares the rest.
type Item struct {
	Kind     ItemKind
	Name     string // in the archive
	Size     uint64 // of a checkpoint
	Index    uint64
	Text     []byte
	Entry    ledger.Entry
	Body     ledger.Body
	BodyHash ledger.Hash
	Part     ledger.Part
	Content  io.Reader
}

// Reader reads a carry file, member by member. It verifies the file's form,
// and every part against its name. The caller verifies signatures, chain and
// tree with ledger.Chain. Errors name the member; a file that does not fit has
// exit status 3. Its memory grows with the number of parts that entries name
// (some 150 bytes each), not with their sizes.
type Reader struct {
	t *tarReader
	c *course
}

// NewReader reads carry.txt.
func NewReader(r io.Reader) (*Reader, error) {
	t, h, err := carryFormat.open(r)
	if err != nil {
		return nil, err
	}
	return &Reader{t: t, c: newCourse(h)}, nil
}

// Header returns the content of carry.txt.
func (r *Reader) Header() Header { return r.c.h }

// Next returns the next member, or io.EOF after the last if none is missing.
func (r *Reader) Next() (Item, error) {
	return nextItem(r.t, r.c.end, func(name string, size int64) (Item, error) {
		it, err := r.member(name, size)
		it.Name = name
		return it, err
	})
}

// member reads one member, by the folder in its name.
func (r *Reader) member(name string, size int64) (Item, error) {
	bad := func(err error) (Item, error) { return Item{}, r.t.refuse(name, "%w", err) }
	folder, rest, _ := strings.Cut(name, "/")
	switch folder {
	case "checkpoints":
		text, err := r.t.bytes(ledger.MaxNote)
		if err != nil {
			return Item{}, err
		}
		cp, err := r.c.takeCheckpoint(text)
		if err == nil && name != checkpointName(cp.Size) {
			err = fmt.Errorf("the checkpoint in it is of %d entries", cp.Size)
		}
		if err != nil {
			return bad(err)
		}
		return Item{Kind: Checkpoint, Size: cp.Size, Text: text}, nil
	case "entries":
		text, err := r.t.bytes(ledger.MaxEntry)
		if err != nil {
			return Item{}, err
		}
		e, err := r.c.takeEntry(text)
		if err == nil && name != entryName(e.Index) {
			err = fmt.Errorf("the entry in it is entry %d", e.Index)
		}
		if err != nil {
			return bad(err)
		}
		return Item{Kind: Entry, Index: e.Index, Text: text, Entry: e}, nil
	case "parts":
		h, err := ledger.ParseHash(rest)
		if err != nil {
			return bad(err)
		}
		e, err := r.c.takePart(h)
		if err != nil {
			return bad(err)
		}
		content, err := r.content(name, size, e.part)
		if err == nil && r.c.tombstones[h] {
			content.keep = r.c.sawTombstone
		}
		return Item{Kind: Part, Index: e.index, Part: e.part, Content: content}, err
	case "waiting":
		return r.waiting(name, rest, size)
	case carryName:
		return bad(fmt.Errorf("it is there twice"))
	}
	return bad(fmt.Errorf("no such member belongs in a carry file"))
}

func (r *Reader) waiting(name, rest string, size int64) (Item, error) {
	bad := func(err error) (Item, error) { return Item{}, r.t.refuse(name, "%w", err) }
	digits, what, _ := strings.Cut(rest, "/")
	h, err := ledger.ParseHash(digits)
	if err != nil {
		return bad(err)
	}
	if what == "body" {
		text, err := r.t.bytes(ledger.MaxEntry)
		if err != nil {
			return Item{}, err
		}
		b, err := r.c.takeWaitingBody(text)
		if err == nil && r.c.body != h {
			err = fmt.Errorf("the body in it has the hash %s", r.c.body)
		}
		if err != nil {
			return bad(err)
		}
		return Item{Kind: WaitingBody, BodyHash: h, Text: text, Body: b}, nil
	}
	if r.c.stage != atWaiting || r.c.waiting == 0 || h != r.c.body {
		return bad(fmt.Errorf("its body must come first"))
	}
	if what == "promise" {
		text, err := r.t.bytes(maxPromise)
		if err != nil {
			return Item{}, err
		}
		if err := r.c.takePromise(text); err != nil {
			return bad(err)
		}
		return Item{Kind: WaitingPromise, BodyHash: h, Text: text}, nil
	}
	digits, ok := strings.CutPrefix(what, "parts/")
	ph, err := ledger.ParseHash(digits)
	if !ok || err != nil {
		return bad(fmt.Errorf("no such member belongs in a carry file"))
	}
	p, err := r.c.takeWaitingPart(ph)
	if err != nil {
		return bad(err)
	}
	content, err := r.content(name, size, p)
	return Item{Kind: WaitingPart, BodyHash: h, Part: p, Content: content}, err
}

func (r *Reader) content(name string, size int64, p ledger.Part) (*partReader, error) {
	if size != p.Size {
		return nil, r.t.refuse(name, "it has %d bytes, and %d are named", size, p.Size)
	}
	return r.t.part(p.Hash), nil
}
