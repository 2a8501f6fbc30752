package backup

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/carry"
	"zapis/internal/exit"
	"zapis/store"
)

// Verify verifies the whole folder except the bytes of sealed parts, which
// Restore reads.
func (b *Folder) Verify(ctx context.Context, compare ...uint64) (*Verified, error) {
	st, err := b.read(ctx, nil, compare...)
	if err != nil {
		return nil, err
	}
	return st, missing(st.Parts, b.name(partsDir))
}

func (b *Folder) read(ctx context.Context, step Step, compare ...uint64) (*Verified, error) {
	f, err := os.Open(b.name(stateFile))
	if err != nil {
		return nil, exit.Advise(exit.Failed, exit.MakeBackup.With(), "%s is no backup: %w", b.dir, err)
	}
	defer f.Close()
	return Verify(ctx, bufio.NewReaderSize(f, 1<<20), smallIn(b.name(partsDir)), step, compare...)
}

// Key reads the log key that the folder has; os.ErrNotExist if it has none.
func (b *Folder) Key() (*ledger.SigningKey, error) { return ReadKey(b.name(keyFile)) }

// ReadKey reads a log key's file.
func ReadKey(name string) (*ledger.SigningKey, error) {
	text, err := atomicfile.ReadSmall(name, ledger.MaxKeyFile)
	if exit.StatusOf(err) == exit.Mismatch {
		return nil, exit.New(exit.KeyMissing, "", "log key: %w", err)
	}
	if err != nil {
		return nil, err
	}
	k, err := ledger.ParseSigningKey(text)
	if err != nil {
		return nil, exit.New(exit.KeyMissing, "", "%s: %w", name, err)
	}
	return k, nil
}

// KeepKey writes the log key into the folder. A holder of the folder can then
// sign as the log.
func (b *Folder) KeepKey(text []byte) error {
	return atomicfile.WriteFile(b.name(keyFile), text, 0o600)
}

// Restore creates a ledger's folder from the backup, and verifies every byte.
// key may be nil. The ledger has no guard: it signs nothing until an operator
// confirms that it is the newest.
func (b *Folder) Restore(ctx context.Context, dir string, key *ledger.SigningKey, progress func(done, total int64)) (*Verified, error) {
	st, err := b.Verify(ctx)
	if err != nil {
		return nil, err
	}
	if err := fits(st, key); err != nil {
		return nil, err
	}
	r, err := store.NewRebuild(dir, st.Header.Origin)
	if err != nil {
		return nil, err
	}
	defer r.Discard()
	m := &restoring{b: b, r: r, dir: dir, notes: map[uint64]noted{}, parts: map[ledger.Hash]Part{}, progress: progress}
	for _, p := range st.Parts {
		m.parts[p.Hash] = p
		m.total += p.Size
	}
	if _, err := b.read(ctx, m.step); err != nil {
		return nil, err
	}
	return st, r.Finish(key)
}

func fits(st *Verified, key *ledger.SigningKey) error {
	v, err := st.Chain.Verifier(st.Header.Size)
	if err != nil {
		return err
	}
	if key != nil && key.Keys() != v.Keys() {
		return exit.New(exit.KeyMissing, "leave it out to restore without a key", "the log key is not the one that is in force")
	}
	return nil
}

// noted is a checkpoint whose entries are still to come.
type noted struct {
	cp   ledger.Checkpoint
	text []byte
}

// restoring writes what it reads into a new ledger.
type restoring struct {
	b           *Folder
	r           *store.Rebuild
	dir         string
	notes       map[uint64]noted
	parts       map[ledger.Hash]Part // those still to be stored
	done, total int64
	progress    func(done, total int64)
}

func (m *restoring) step(it carry.BackupItem, e ledger.Entry) error {
	switch it.Kind {
	case carry.BackupCheckpoint:
		c, err := ledger.ParseNote(it.Text)
		m.notes[it.Size] = noted{c, it.Text}
		return err
	case carry.BackupEntry:
		if err := m.r.Entry(e); err != nil {
			return err
		}
		if err := m.store(e.Body); err != nil {
			return err
		}
		if n, ok := m.notes[e.Index+1]; ok {
			return m.r.Checkpoint(n.cp, n.text)
		}
	case carry.BackupWaiting:
		b, err := bodyOf(it)
		if err == nil {
			err = m.r.Waiting(it.Hash, it.Text)
		}
		if err != nil {
			return err
		}
		return m.store(b)
	case carry.BackupLocator:
		return m.r.Locator(it.Hash, it.Text)
	case carry.BackupKept:
		name := filepath.Join(m.dir, filepath.FromSlash(it.Path()))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		return os.WriteFile(name, it.Text, 0o600)
	}
	return nil
}

// store writes a body's parts into the new ledger.
func (m *restoring) store(body ledger.Body) error {
	for _, named := range body.Parts {
		p, still := m.parts[named.Hash]
		if !still {
			continue
		}
		delete(m.parts, named.Hash)
		if p.Erased {
			if err := m.r.Erased(p.Hash, p.Tombstone); err != nil {
				return err
			}
			continue
		}
		if err := m.part(body, p.Part); err != nil {
			return refuse("another backup, a mirror or a trustee's vault may have it whole", "the %s %s: %w", p.Kind, p.Hash, err)
		}
		m.done += p.Size
		if m.progress != nil {
			m.progress(m.done, m.total)
		}
	}
	return nil
}

func (m *restoring) part(body ledger.Body, p ledger.Part) error {
	f, err := os.Open(m.b.part(p.Hash))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := m.r.Part(p, f); err != nil || !body.Kind.Tagged() {
		return err
	}
	file, err := os.ReadFile(m.b.part(p.Hash))
	if err != nil {
		return err
	}
	return m.r.Tag(body.Kind, body.Hash(), bytes.Clone(file))
}
