package backup

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"slices"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/carry"
	"zapis/internal/exit"
)

// Mirror merges a carry file into the folder. The file may begin at any entry
// up to the folder's end. named is the expected ledger, or nil; a folder that
// holds a ledger accepts no other.
func (b *Folder) Mirror(ctx context.Context, file io.Reader, named *card.LedgerCard) (*Result, error) {
	had, last, before, err := b.head()
	if err != nil {
		return nil, err
	}
	in, err := carry.NewReader(file)
	if err != nil {
		return nil, err
	}
	head := in.Header()
	h := carry.BackupHeader{Origin: head.Origin, Genesis: head.Genesis, Size: head.Size, Waiting: head.Waiting}
	if named != nil && h.Card() != *named {
		return nil, refuse("check the card's line with the person who gave it to you", "the carry file is of the ledger %s, and the card that you gave names %s", h.Card(), named)
	}
	if before {
		if err := follows(had, h); err != nil {
			return nil, err
		}
		if had.Locators > 0 {
			return nil, refuse("name another folder", "the folder is a backup, with locators that no carry file brings; a mirror is a folder of its own")
		}
	}
	if head.Since > had.Size {
		return nil, exit.Advise(exit.Mismatch, exit.ExportSome.With(), "the carry file begins at entry %d, and the folder ends at %d: what lies between is missing", head.Since, had.Size)
	}
	m := &merging{b: b, in: in, had: had, h: h, ctx: ctx}
	res := &Result{From: had.Size}
	if err := m.run(res); err != nil {
		return nil, err
	}
	return res, b.settle(ctx, res, last)
}

// merging writes one ledger.tar from the folder's and a carry file.
type merging struct {
	b   *Folder
	in  *carry.Reader
	had carry.BackupHeader
	h   carry.BackupHeader
	ctx context.Context

	old    *carry.BackupReader // nil where the folder is empty
	oldIt  carry.BackupItem    // the next of it
	oldEnd bool
	out    *carry.BackupWriter
}

func (m *merging) run(res *Result) (err error) {
	if m.had.Size > 0 {
		f, err := os.Open(m.b.name(stateFile))
		if err != nil {
			return err
		}
		defer f.Close()
		if m.old, err = carry.NewBackupReader(bufio.NewReaderSize(f, 1<<20)); err != nil {
			return err
		}
		if err := m.nextOld(); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(m.b.name(stateFile+newSuffix), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if m.out, err = carry.NewBackupWriter(w, m.h); err == nil {
		err = m.merge(res)
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	return exit.First(err, f.Close())
}

func (m *merging) nextOld() error {
	it, err := m.old.Next()
	m.oldEnd = err == io.EOF
	if err == io.EOF {
		err = nil
	}
	m.oldIt = it
	return err
}

// merge reads the carry file. Entries that the folder has are compared and
// written; the carry file's further entries follow.
func (m *merging) merge(res *Result) error {
	notes := map[uint64][]byte{}
	for m.old != nil && !m.oldEnd && m.oldIt.Kind == carry.BackupCheckpoint {
		notes[m.oldIt.Size] = m.oldIt.Text
		if err := m.nextOld(); err != nil {
			return err
		}
	}
	begun := false
	for {
		it, err := m.in.Next()
		if err == nil {
			err = m.ctx.Err()
		}
		if err != nil && err != io.EOF {
			return err
		}
		if err == nil && it.Kind == carry.Checkpoint {
			if _, have := notes[it.Size]; !have {
				notes[it.Size] = it.Text
			} else if err := sameText(notes[it.Size], it.Text); err != nil {
				return err
			}
			continue
		}
		if !begun {
			begun = true
			if err := m.begin(notes); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return m.out.Close()
		}
		if err := m.take(it, res); err != nil {
			return err
		}
	}
}

// sameText compares two checkpoints of one size: their signatures may differ.
func sameText(a, b []byte) error {
	ta, err := ledger.NoteText(a)
	if err != nil {
		return err
	}
	if tb, err := ledger.NoteText(b); err != nil || ta != tb {
		return refuse(forkHint, "the carry file has another checkpoint of the same size than the folder: the log has shown two histories")
	}
	return nil
}

// begin writes all checkpoints, and the entries that only the folder has.
func (m *merging) begin(notes map[uint64][]byte) error {
	for _, size := range slices.Sorted(maps.Keys(notes)) {
		stored, err := ledger.StripWitnesses(notes[size])
		if err != nil {
			return err
		}
		if err := m.out.Put(carry.BackupItem{Kind: carry.BackupCheckpoint, Size: size, Text: stored}); err != nil {
			return err
		}
	}
	until := m.in.Header().Since
	for m.old != nil && !m.oldEnd && m.oldIt.Kind == carry.BackupEntry && m.oldIt.Index < until {
		if err := m.out.Put(m.oldIt); err != nil {
			return err
		}
		if err := m.nextOld(); err != nil {
			return err
		}
	}
	return nil
}

func (m *merging) take(it carry.Item, res *Result) error {
	switch it.Kind {
	case carry.Entry:
		if m.old != nil && !m.oldEnd && m.oldIt.Kind == carry.BackupEntry {
			if m.oldIt.Index != it.Index || !bytes.Equal(m.oldIt.Text, it.Text) {
				return refuse(forkHint, "%s: it is not entry %d as the folder holds it: the log has shown two histories", it.Name, it.Index)
			}
			if err := m.nextOld(); err != nil {
				return err
			}
		}
		return m.out.Put(carry.BackupItem{Kind: carry.BackupEntry, Index: it.Index, Text: it.Text})
	case carry.WaitingPromise:
		return m.out.Put(carry.BackupItem{Kind: carry.BackupWaiting, Hash: it.BodyHash, Text: it.Text})
	case carry.Part, carry.WaitingPart:
		if m.b.has(it.Part) {
			return nil
		}
		res.Fetched++
		res.Bytes += it.Part.Size
		return writePart(partIn(m.b.name(incomingDir), it.Part.Hash), it.Part, it.Content)
	}
	return nil
}
