package ledger

import (
	"encoding/hex"
	"strconv"

	"zapis/crypto/canonical"
)

// The kinds of part, as a body's lines name them.
const (
	PartSignal     = "signal"
	PartStatement  = "statement"
	PartIdentity   = "identity"
	PartAttachment = "attachment"
	PartBody       = "body" // the one part of an entry that is no report
)

// Limits, in bytes where not said otherwise.
const (
	MaxAttachments = 16            // a report
	MaxEntry       = 4 << 10       // an entry's text
	MaxIndex       = 1 << 40       // entries in a ledger
	MaxSmall       = 1 << 20       // a part that is kept in the database: all but attachments
	MaxAttachment  = 1<<36 + 1<<20 // 64 GiB, and age's header and tags
	FillerSize     = 64            // a filler's body
	minPart        = 1             // nothing sealed is empty
)

// Part is one file that an entry names.
type Part struct {
	Kind string
	Hash Hash  // SHA-256 of the file
	Size int64 // bytes
}

// Body is what an entry says, whatever its place:
//
//	kind report
//	trustees 0
//	signal <hex> <bytes>
//	statement <hex> <bytes>
//	identity <hex> <bytes>
//	attachment <hex> <bytes>      none to sixteen
//	commitments <hex>
//
// Kinds other than report and exhibit have one line instead of the last five:
//
//	body <hex> <bytes>
type Body struct {
	Kind        Kind
	Trustees    uint64 // index of the genesis or trustees entry it goes by
	Parts       []Part // in the order of their lines
	Commitments Hash   // of a report or exhibit
}

// Marshal writes the body. It does not check what it writes.
func (b Body) Marshal() []byte { return b.append(make([]byte, 0, 512)) }

func (b Body) append(dst []byte) []byte {
	dst = append(dst, "kind "...)
	dst = append(dst, b.Kind...)
	dst = append(dst, "\ntrustees "...)
	dst = strconv.AppendUint(dst, b.Trustees, 10)
	dst = append(dst, '\n')
	for _, p := range b.Parts {
		dst = append(dst, p.Kind...)
		dst = append(dst, ' ')
		dst = hex.AppendEncode(dst, p.Hash[:])
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, p.Size, 10)
		dst = append(dst, '\n')
	}
	if b.Kind.HasParts() {
		dst = append(dst, "commitments "...)
		dst = hex.AppendEncode(dst, b.Commitments[:])
		dst = append(dst, '\n')
	}
	return dst
}

// Hash returns SHA-256(0x02 || body).
func (b Body) Hash() Hash {
	var room [1 << 10]byte // on the stack: a list hashes ten thousand
	return BodyHash(b.append(room[:0]))
}

// Check refuses a body that ParseBody would refuse, or would read otherwise.
func (b Body) Check() error {
	_, err := ParseBody(b.Marshal())
	return err
}

// ParseBody reads a body. An error names the line and is an ErrMismatch.
func ParseBody(text []byte) (Body, error) {
	r := canonical.NewReader(text, MaxEntry)
	var b Body
	readKind(r, &b)
	readTrustees(r, &b)
	readParts(r, &b)
	return canonical.Done(r, "body", b)
}

func readKind(r *canonical.Reader, b *Body) {
	b.Kind = Kind(r.Word("kind"))
	if r.Err() == nil && !b.Kind.Valid() {
		r.Fail("there is no such kind")
	}
}

func readTrustees(r *canonical.Reader, b *Body) {
	b.Trustees = r.Decimal(r.Word("trustees"), MaxIndex)
}

func readParts(r *canonical.Reader, b *Body) {
	if !b.Kind.HasParts() {
		b.Parts = []Part{readPart(r, PartBody, MaxSmall)}
		if b.Kind == KindFiller && b.Parts[0].Size != FillerSize {
			r.Fail("a filler has %d bytes", FillerSize)
		}
		return
	}
	b.Parts = make([]Part, 0, 4)
	for _, kind := range []string{PartSignal, PartStatement, PartIdentity} {
		b.Parts = append(b.Parts, readPart(r, kind, MaxSmall))
	}
	for n := 0; r.Has(PartAttachment); n++ {
		p := readPart(r, PartAttachment, MaxAttachment)
		if n == MaxAttachments {
			r.Fail("more than %d attachments", MaxAttachments)
		}
		b.Parts = append(b.Parts, p)
	}
	for i, p := range b.Parts {
		for _, q := range b.Parts[:i] {
			if p.Hash == q.Hash {
				r.Fail("one part named twice")
			}
		}
	}
	b.Commitments = r.Hash(r.Word("commitments"))
}

func readPart(r *canonical.Reader, kind string, max uint64) Part {
	w := r.Words(kind, 2)
	p := Part{Kind: kind, Hash: r.Hash(w[0]), Size: int64(r.Decimal(w[1], max))}
	if p.Size < minPart {
		r.Fail("a part is never empty")
	}
	return p
}
