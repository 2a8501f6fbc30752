package ledgertest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// Builder is a ledger in memory. It verifies nothing, so that it can also make
// ledgers that must be refused.
type Builder struct {
	ledger.StoredTree

	Key         *ledger.SigningKey
	Entries     [][]byte
	Files       map[ledger.Hash][]byte // parts, by their hashes
	Checkpoints [][]byte               // signed, in their order
	Genesis     ledger.Hash            // leaf hash of entry 0
	Last        ledger.Hash            // leaf hash of the newest entry
	After       ledger.Hash            // leaf hash of the newest change of set or keys
	SetIndex    uint64                 // of the set in force
	People      []Trustee              // of the set in force, in its order
	Expires     time.Time              // of what is signed from now on; the zero time for never
	numbers     map[string]card.Statement
}

// New begins a ledger with Genesis.
func New() *Builder { return NewOf(Genesis()) }

// NewOf begins a ledger with a genesis of Genesis' keys and people.
func NewOf(g ledger.Genesis) *Builder {
	b := &Builder{Key: Key(1), Files: map[ledger.Hash][]byte{}, People: Trustees()[:3], numbers: map[string]card.Statement{}}
	b.Genesis = b.Add(ledger.BodyOf(ledger.KindGenesis, 0, b.File(g.Marshal())))
	b.After = b.Genesis
	return b
}

// Size returns the number of entries.
func (b *Builder) Size() uint64 { return uint64(len(b.Entries)) }

// File stores a part and returns it.
func (b *Builder) File(content []byte) []byte {
	b.Files[ledger.Sum(content)] = content
	return content
}

// Add appends an entry with this body and returns its leaf hash.
func (b *Builder) Add(body ledger.Body) ledger.Hash {
	e := ledger.Entry{Origin: Origin, Index: b.Size(), Previous: b.Last, Body: body}
	return b.AddText(e.Marshal())
}

// AddText appends an entry's text without a check.
func (b *Builder) AddText(text []byte) ledger.Hash {
	leaf := ledger.LeafHash(text)
	must(b.StoredTree.Add(b.Size(), leaf))
	b.Entries = append(b.Entries, text)
	b.Last = leaf
	return leaf
}

// bytesOf returns n bytes that depend on a name.
func bytesOf(name string, n int) []byte {
	var out []byte
	for i := 0; len(out) < n; i++ {
		h := sha256.Sum256(fmt.Appendf(nil, "%s %d", name, i))
		out = append(out, h[:]...)
	}
	return out[:n]
}

// Body makes a report's or exhibit's body, and stores its parts. They are not
// sealed, and small.
func (b *Builder) Body(k ledger.Kind, name string, attachments int) ledger.Body {
	body := ledger.Body{Kind: k, Trustees: b.SetIndex, Commitments: ledger.Sum([]byte(name))}
	part := func(kind, n string, size int) {
		c := b.File(bytesOf(name+n, size))
		body.Parts = append(body.Parts, ledger.Part{Kind: kind, Hash: ledger.Sum(c), Size: int64(len(c))})
	}
	part(ledger.PartSignal, "signal", 1300)
	part(ledger.PartStatement, "statement", 2000)
	part(ledger.PartIdentity, "identity", 512)
	for i := range attachments {
		part(ledger.PartAttachment, fmt.Sprint("attachment ", i), 3000+i)
	}
	return body
}

// Report appends a report.
func (b *Builder) Report(name string, attachments int) ledger.Hash {
	return b.Add(b.Body(ledger.KindReport, name, attachments))
}

// Filler appends a filler.
func (b *Builder) Filler() ledger.Hash {
	h := sha256.Sum256(fmt.Appendf(nil, "filler %d", b.Size()))
	return b.Add(ledger.BodyOf(ledger.KindFiller, b.SetIndex, b.File([]byte(hex.EncodeToString(h[:])))))
}

// Sign makes a trustee's next statement about a subject, under the set in force.
func (b *Builder) Sign(t Trustee, kind string, subject ledger.Hash) card.Signed {
	last, ok := b.numbers[t.Card.Name]
	st := card.Statement{Ledger: b.Genesis, Trustees: b.SetIndex, Number: 1, Kind: kind, Subject: subject, Expires: b.Expires}
	if ok {
		st.Number, st.Previous = last.Number+1, last.Hash()
	}
	s, err := t.Signer.SignStatement(st)
	must(err)
	b.numbers[t.Card.Name] = s.Statement
	return s
}

// Approve makes a governing body: the text, and approvals by these trustees.
func (b *Builder) Approve(text, keyLines []byte, by ...Trustee) []byte {
	a := ledger.Approved{Text: text, KeyLines: keyLines}
	for _, t := range by {
		a.Approvals = append(a.Approvals, b.Sign(t, card.KindApproval, ledger.Subject(text)))
	}
	return a.Marshal()
}

// Change appends an entry of a kind that governs.
func (b *Builder) Change(k ledger.Kind, body []byte) ledger.Hash {
	leaf := b.Add(ledger.BodyOf(k, b.SetIndex, b.File(body)))
	if k == ledger.KindTrustees || k == ledger.KindKey {
		b.After = leaf
	}
	return leaf
}

// NewTrustees appends a new set, approved by the first two of the old one.
func (b *Builder) NewTrustees(people ...Trustee) {
	text := ledger.TrusteesChange{Origin: Origin, After: b.After, Set: Set(people...)}.Marshal()
	b.Change(ledger.KindTrustees, b.Approve(text, nil, b.People[:2]...))
	b.SetIndex, b.People = b.Size()-1, people
}

// KeyChangeTo returns the proposal of a new key.
func (b *Builder) KeyChangeTo(k *ledger.SigningKey, reason string) ledger.KeyChange {
	return ledger.KeyChange{Origin: Origin, After: b.After, Old: b.Key.Keys(), New: k.Keys(), Reason: reason}
}

// KeyLines signs a key change by these keys.
func KeyLines(text []byte, by ...*ledger.SigningKey) []byte {
	var all []byte
	for _, k := range by {
		lines, err := k.SignKeyChange(text)
		must(err)
		all = append(all, lines...)
	}
	return all
}

// NewKey appends a change to a new log key, signed by the old one too.
func (b *Builder) NewKey(k *ledger.SigningKey) {
	text := b.KeyChangeTo(k, ledger.ReasonRotation).Marshal()
	b.Change(ledger.KindKey, b.Approve(text, KeyLines(text, k, b.Key), b.People[:2]...))
	b.Key = k
}

// Erase appends a tombstone for some parts of an entry, and drops them.
func (b *Builder) Erase(index uint64, parts ...ledger.Hash) {
	t := ledger.Tombstone{Origin: Origin, Reason: ledger.EraseAsked}
	for _, p := range parts {
		t.Parts = append(t.Parts, ledger.Erased{Index: index, Hash: p})
		delete(b.Files, p)
	}
	b.Change(ledger.KindTombstone, b.Approve(t.Marshal(), nil, b.People[:2]...))
}

// AddSigned appends a reply, review or custody entry.
func (b *Builder) AddSigned(k ledger.Kind, t Trustee, content []byte) ledger.Hash {
	s := ledger.SignedBody{Statement: b.Sign(t, string(k), ledger.Sum(content)), Content: content}
	return b.Add(ledger.BodyOf(k, b.SetIndex, b.File(s.Marshal())))
}

// Checkpoint signs a checkpoint over the entries so far and keeps it.
func (b *Builder) Checkpoint() []byte {
	root, err := ledger.RootAt(b.Size(), b)
	must(err)
	note, err := b.Key.SignCheckpoint(ledger.Checkpoint{Origin: Origin, Size: b.Size(), Root: root,
		Time: Slot.AddDate(0, 0, len(b.Checkpoints))})
	must(err)
	b.Checkpoints = append(b.Checkpoints, note)
	return note
}

// Promise makes a promise file for a body.
func (b *Builder) Promise(body ledger.Body) []byte {
	note, err := b.Key.SignPromise(body.Hash(), Slot)
	must(err)
	return ledger.PromiseFile(note, body.Marshal())
}

// Everything returns a ledger with an entry of every kind, three checkpoints,
// a change of trustees and one of the log key.
func Everything() *Builder {
	b := New()
	b.Report("first", 2)
	b.Filler()
	b.Checkpoint()
	b.AddSigned(ledger.KindReply, b.People[0], ledger.Reply{Tag: ledger.Sum([]byte("tag")), Message: bytesOf("message", 700)}.Marshal())
	b.AddSigned(ledger.KindReview, b.People[1], bytesOf("review", 700))
	b.AddSigned(ledger.KindCustody, b.People[2], ledger.CustodyHead{Events: 3, Link: ledger.Sum([]byte("link"))}.Marshal())
	people := Trustees()
	b.NewTrustees(people[0], people[2], people[3])
	b.Add(b.Body(ledger.KindExhibit, "exhibit", 1))
	b.Checkpoint()
	b.NewKey(Key(2))
	first, err := ledger.ParseEntry(b.Entries[1])
	must(err)
	two := []ledger.Hash{first.Body.Parts[3].Hash, first.Body.Parts[4].Hash}
	if bytes.Compare(two[0][:], two[1][:]) > 0 {
		two[0], two[1] = two[1], two[0]
	}
	b.Erase(1, two...)
	anchor := ledger.Anchor{Size: 3, Checkpoint: ledger.Sum(b.Checkpoints[0]), Response: bytesOf("token", 900)}
	b.Add(ledger.BodyOf(ledger.KindAnchor, b.SetIndex, b.File(anchor.Marshal())))
	b.Report("second", 0)
	b.Checkpoint()
	return b
}
