package ledgercopy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/carry"
	"zapis/internal/exit"
)

// Opener is the key whose stanzas and shares an import tries.
type Opener struct {
	Card card.Card
	Age  age.Identity
}

// A Mismatch is a fault of an import that is evidence of itself: it is imported, and reported prominently.
type Mismatch struct {
	Text string // what is wrong, naming entry and part
	Part ledger.Hash
}

// Verify verifies the content of the carry file except the sealed parts, which CheckParts verifies.
func (s *Stage) Verify() error {
	if err := s.writers.wait(); err != nil {
		return err
	}
	if s.segments != nil {
		if err := s.segments.wait(); err != nil {
			return err
		}
	}
	for _, e := range s.entries {
		if err := s.checkBody(e); err != nil {
			return err
		}
	}
	if err := s.chain.Settled(); err != nil {
		return exit.New(exit.Mismatch, carry.DamagedHint, "%w", err)
	}
	for _, text := range s.slots {
		if _, err := s.chain.CheckCheckpoint(text); err != nil {
			return exit.New(exit.Mismatch, carry.DamagedHint, "%w", err)
		}
	}
	s.chain.ForgetRoots()
	for _, file := range s.repeated {
		if _, err := openWaiting(s.chain, file); err != nil {
			return exit.New(exit.Mismatch, carry.DamagedHint, "waiting submission: %w", err)
		}
	}
	for i, w := range s.waiting {
		open, err := openWaiting(s.chain, w.File)
		if err != nil {
			return exit.New(exit.Mismatch, carry.DamagedHint, "waiting submission %s: %w", w.Hash, err)
		}
		open.dir = s.dir
		s.waiting[i] = open
	}
	return nil
}

// checkBody passes the body of an entry that is no report to the chain. An erased one is missing; the carry reader has
// checked that it may be.
func (s *Stage) checkBody(e ledger.Entry) error {
	if e.Body.Kind.HasParts() {
		return nil
	}
	var body []byte
	f, err := s.open(e.Body.Parts[0].Hash)
	if err == nil {
		body, err = f.readAll()
	}
	if errors.Is(err, os.ErrNotExist) && !e.Body.Kind.Governs() {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := s.chain.AddBody(e, body); err != nil {
		return exit.New(exit.Mismatch, carry.DamagedHint, "%w", err)
	}
	return nil
}

// open opens a part that came with the carry file. The error wraps os.ErrNotExist where it did not.
func (s *Stage) open(h ledger.Hash) (*PartFile, error) {
	if s.segments != nil {
		if in := s.segments.of[h]; in != nil {
			return in.open(h)
		}
	}
	return openFile(partFile(s.dir, h))
}

// sealedPart is a part of a report, an exhibit or a waiting submission.
type sealedPart struct {
	name string // "entry 42", for people
	body ledger.Body
	part ledger.Part
}

// eachPart calls check for every sealed part that the file brought, on all cores.
func (s *Stage) eachPart(ctx context.Context, check func(sealedPart) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	parts := make(chan sealedPart, 64)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for p := range parts {
				if err := check(p); err != nil {
					stop(err)
				}
			}
		})
	}
	give := func(name string, b ledger.Body) {
		if !b.Kind.HasParts() {
			return
		}
		for _, p := range b.Parts {
			select {
			case parts <- sealedPart{name, b, p}:
			case <-ctx.Done():
			}
		}
	}
	for _, e := range s.entries {
		give(EntryName(e.Index), e.Body)
	}
	for _, w := range s.waiting {
		give("waiting submission "+w.Hash.String()[:12], w.Body)
	}
	close(parts)
	workers.Wait()
	return context.Cause(ctx)
}

// CheckParts verifies every sealed part: its recipients, and, where a key is given, that the key's own stanza or share
// opens. A part that was made unreadable for the trustee is evidence against the intake, and is imported with the
// rest.
func (s *Stage) CheckParts(ctx context.Context, k *Opener) ([]Mismatch, error) {
	var mu sync.Mutex
	var mismatches []Mismatch
	err := s.eachPart(ctx, func(p sealedPart) error {
		header, to, err := s.checkStanzas(p)
		if err != nil || header == nil || k == nil {
			return err
		}
		err = checkOwn(p, header, to, k)
		if errors.Is(err, seal.ErrOwnStanza) {
			mu.Lock()
			defer mu.Unlock()
			mismatches = append(mismatches, Mismatch{fmt.Sprintf("%s: %s: %v", p.name, p.part.Kind, err), p.part.Hash})
			return nil
		}
		return err
	})
	return mismatches, err
}

// checkStanzas refuses a part whose recipients are not those of its entry. It returns the part's header and its
// recipients; no header where the part was erased.
func (s *Stage) checkStanzas(p sealedPart) (checked *seal.CheckedHeader, to audience, err error) {
	set, err := s.chain.SetAt(p.body.Trustees)
	if err != nil {
		return nil, to, exit.New(exit.Mismatch, "", "%s: %w", p.name, err)
	}
	f, err := s.open(p.part.Hash)
	if errors.Is(err, os.ErrNotExist) {
		return nil, to, nil // erased
	}
	if err != nil {
		return nil, to, err
	}
	defer f.Close()
	audiences, err := s.audiences.of(p.body.Trustees, set, p.part.Kind)
	if err != nil {
		return nil, to, exit.New(exit.Mismatch, "", "%s: %s: %w", p.name, p.part.Kind, err)
	}
	header, first := seal.ReadHeader(f)
	if first == nil {
		for _, to := range audiences {
			checked, err := header.Check(seal.Kind(p.part.Kind), to.recipients, p.part.Size)
			if err == nil {
				return checked, to, nil
			}
			if first == nil {
				first = err
			}
		}
	}
	if !errors.Is(first, seal.ErrMismatch) {
		return nil, to, first
	}
	return nil, to, exit.New(exit.Mismatch, "the intake sealed it to others than the ledger's trustees: keep the file, and ask the operator",
		"%s: %s: %w", p.name, p.part.Kind, first)
}

func checkOwn(p sealedPart, header *seal.CheckedHeader, to audience, k *Opener) error {
	at := Position(ledger.TrusteeSet{Trustees: to.cards}, k.Card)
	if at == 0 {
		return nil
	}
	err := header.Own(at, k.Age)
	if _, software := k.Age.(*age.HybridIdentity); software && errors.Is(err, seal.ErrNoKey) {
		return exit.New(exit.KeyMissing, "", "%s: %s: %w", p.name, p.part.Kind, err)
	}
	return err
}
