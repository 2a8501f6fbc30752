package ledgercopy

import (
	"cmp"
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
	var last lastSegment
	defer last.close()
	for _, e := range s.entries {
		if err := s.checkBody(e, &last); err != nil {
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
func (s *Stage) checkBody(e ledger.Entry, last *lastSegment) error {
	if e.Body.Kind.HasParts() {
		return nil
	}
	var body []byte
	f, err := s.open(e.Body.Parts[0].Hash, last)
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
func (s *Stage) open(h ledger.Hash, last *lastSegment) (*PartFile, error) {
	if s.segments != nil {
		if in := s.segments.of[h]; in != nil {
			return in.open(h, last)
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

// eachPart calls check for every sealed part that the file brought, on all cores, each of which has its own lastSegment.
func (s *Stage) eachPart(ctx context.Context, check func(sealedPart, *lastSegment) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	parts := make(chan sealedPart, 64)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			var last lastSegment
			defer last.close()
			for p := range parts {
				if err := check(p, &last); err != nil {
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
	err := s.eachPart(ctx, func(p sealedPart, last *lastSegment) error {
		own, err := s.checkPart(p, last, k)
		if err == nil && errors.Is(own, seal.ErrOwnStanza) {
			mu.Lock()
			defer mu.Unlock()
			mismatches = append(mismatches, Mismatch{fmt.Sprintf("%s: %s: %v", p.name, p.part.Kind, own), p.part.Hash})
			return nil
		}
		return cmp.Or(err, own)
	})
	return mismatches, err
}

// checkPart refuses a part whose recipients are not those of its entry. own is the error of the key's own stanza or share; nil where
// the part was erased, or the key has none.
func (s *Stage) checkPart(p sealedPart, last *lastSegment, k *Opener) (own, err error) {
	set, err := s.chain.SetAt(p.body.Trustees)
	if err != nil {
		return nil, exit.New(exit.Mismatch, "", "%s: %w", p.name, err)
	}
	f, err := s.open(p.part.Hash, last)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // erased
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	to, err := s.audiences.of(p.body.Trustees, set, p.part.Kind, k)
	if err != nil {
		return nil, exit.New(exit.Mismatch, "", "%s: %s: %w", p.name, p.part.Kind, err)
	}
	var key age.Identity
	if k != nil {
		key = k.Age
	}
	own, refused := seal.CheckBoth(f, seal.Kind(p.part.Kind), p.part.Size, to.sets, to.position, key)
	if refused != nil && !errors.Is(refused, seal.ErrMismatch) {
		return nil, refused
	}
	if refused != nil {
		return nil, exit.New(exit.Mismatch, "the intake sealed it to others than the ledger's trustees: keep the file, and ask the operator",
			"%s: %s: %w", p.name, p.part.Kind, refused)
	}
	if _, software := key.(*age.HybridIdentity); software && errors.Is(own, seal.ErrNoKey) {
		return nil, exit.New(exit.KeyMissing, "", "%s: %s: %w", p.name, p.part.Kind, own)
	}
	return own, nil
}
