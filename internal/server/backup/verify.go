package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"zapis/crypto/ledger"
	"zapis/internal/carry"
	"zapis/internal/exit"
)

// Part is a part that an entry of the ledger names.
type Part struct {
	ledger.Part
	Index     uint64 // the first entry that names it; of no meaning for what waits
	Waiting   bool
	Erased    bool   // by a tombstone
	Tombstone uint64 // its entry
}

// Verified is the result of verifying a ledger: chain, tree, authority of
// changes, signatures of every checkpoint, every promise.
type Verified struct {
	Header carry.BackupHeader
	Chain  *ledger.Chain
	Last   ledger.Checkpoint
	Note   []byte // Last, as signed
	Parts  []Part // in the order in which they are named, each once
}

// Step is called for each member that was read, with its entry. The members
// are verified only once Verify has returned.
type Step func(it carry.BackupItem, e ledger.Entry) error

// verifier reads one ledger.tar.
type verifier struct {
	ctx        context.Context
	body       func(ledger.Hash) ([]byte, error)
	step       Step
	st         *Verified
	notes      [][]byte
	at         map[ledger.Hash]int // in st.Parts
	bodies     map[ledger.Hash]bool
	tombstones map[ledger.Erased]uint64
}

// Verify reads and verifies a ledger.tar, except the parts of reports and
// exhibits, which it lists. body returns the small parts of other entries, or
// fs.ErrNotExist. The chain keeps the root at each of the sizes in compare.
func Verify(ctx context.Context, state io.Reader, body func(ledger.Hash) ([]byte, error), step Step, compare ...uint64) (*Verified, error) {
	in, err := carry.NewBackupReader(state)
	if err != nil {
		return nil, err
	}
	h := in.Header()
	named := h.Card()
	v := &verifier{ctx: ctx, body: body, step: step, at: make(map[ledger.Hash]int),
		bodies: make(map[ledger.Hash]bool), tombstones: make(map[ledger.Erased]uint64),
		st: &Verified{Header: h, Chain: ledger.NewChain(&named)}}
	for _, size := range compare {
		if size <= h.Size {
			if err := v.st.Chain.Mark(size); err != nil {
				return nil, err
			}
		}
	}
	for {
		it, err := in.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if err := v.take(it); err != nil {
			return nil, err
		}
	}
	return v.st, v.settle()
}

func (v *verifier) take(it carry.BackupItem) (err error) {
	var e ledger.Entry
	switch it.Kind {
	case carry.BackupCheckpoint:
		v.notes = append(v.notes, it.Text)
		err = v.st.Chain.Mark(it.Size)
	case carry.BackupEntry:
		e, err = v.entry(it.Text)
	case carry.BackupWaiting:
		err = v.waiting(it)
	}
	if err == nil && v.step != nil {
		err = v.step(it, e)
	}
	return err
}

func (v *verifier) entry(text []byte) (ledger.Entry, error) {
	e, err := v.st.Chain.Add(text)
	if err != nil {
		return e, refuse("", "%w", err)
	}
	v.bodies[e.Body.Hash()] = true
	for _, p := range e.Body.Parts {
		if _, again := v.at[p.Hash]; !again {
			v.at[p.Hash] = len(v.st.Parts)
			v.st.Parts = append(v.st.Parts, Part{Part: p, Index: e.Index})
		}
	}
	if e.Body.Kind.HasParts() {
		return e, nil
	}
	body, err := v.body(e.Body.Parts[0].Hash)
	if errors.Is(err, fs.ErrNotExist) && !e.Body.Kind.Governs() {
		return e, nil // settle checks that a tombstone names it
	}
	if errors.Is(err, fs.ErrNotExist) {
		return e, refuse("", "entry %d (%s): its body is missing", e.Index, e.Body.Kind)
	}
	if err != nil {
		return e, err
	}
	if err := v.st.Chain.AddBody(e, body); err != nil {
		return e, refuse("", "%w", err)
	}
	if e.Body.Kind == ledger.KindTombstone {
		return e, v.addTombstone(e.Index, body)
	}
	return e, nil
}

func (v *verifier) addTombstone(index uint64, body []byte) error {
	a, err := ledger.ParseApproved(body)
	if err != nil {
		return err
	}
	parts, err := ledger.ErasedBy(a.Text)
	for _, p := range parts {
		if _, before := v.tombstones[p]; !before {
			v.tombstones[p] = index
		}
	}
	return err
}

func (v *verifier) waiting(it carry.BackupItem) error {
	p, err := v.st.Chain.OpenPromise(it.Text)
	if err != nil {
		return refuse("", "%s: %w", it.Name, err)
	}
	b, err := p.ParsedBody()
	if err != nil {
		return err
	}
	if p.Body != it.Hash || v.bodies[p.Body] {
		return refuse("", "%s: it is another body, or an entry already", it.Name)
	}
	for _, part := range b.Parts {
		if _, again := v.at[part.Hash]; !again {
			v.at[part.Hash] = len(v.st.Parts)
			v.st.Parts = append(v.st.Parts, Part{Part: part, Waiting: true})
		}
	}
	return nil
}

// settle verifies what depends on all entries.
func (v *verifier) settle() error {
	if err := v.st.Chain.Settled(); err != nil {
		return refuse("", "%w", err)
	}
	for _, note := range v.notes {
		c, err := v.st.Chain.CheckCheckpoint(note)
		if err != nil {
			return refuse("", "%w", err)
		}
		v.st.Last, v.st.Note = c, note
	}
	for i := range v.st.Parts {
		p := &v.st.Parts[i]
		if !p.Waiting {
			p.Tombstone, p.Erased = v.tombstones[ledger.Erased{Index: p.Index, Hash: p.Hash}]
		}
	}
	return nil
}

// smallIn returns a function that reads a small part from the first of these
// folders of parts that has it.
func smallIn(dirs ...string) func(ledger.Hash) ([]byte, error) {
	return func(h ledger.Hash) ([]byte, error) {
		var err error
		for _, dir := range dirs {
			var f *os.File
			if f, err = os.Open(partIn(dir, h)); err != nil {
				continue
			}
			b, err := io.ReadAll(io.LimitReader(f, ledger.MaxSmall+1))
			return b, exit.First(err, f.Close())
		}
		return nil, err
	}
}

// missing returns an error for the first part that is in none of these folders
// and that no tombstone erased.
func missing(parts []Part, dirs ...string) error {
	for _, p := range parts {
		if p.Erased {
			continue
		}
		found := false
		for _, dir := range dirs {
			info, err := os.Stat(partIn(dir, p.Hash))
			found = found || err == nil && info.Size() == p.Size
		}
		if !found {
			of := fmt.Sprintf("of entry %d", p.Index)
			if p.Waiting {
				of = "of what waits"
			}
			return refuse("", "the %s %s %s is missing or cut, and no tombstone says that it was erased", p.Kind, p.Hash, of)
		}
	}
	return nil
}
