package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"

	"filippo.io/age"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/carry"
	"zapis/internal/exit"
)

// A Misfit is something that an import brought and that is wrong, and yet is evidence of just that: it
// enters, and is said loudly.
type Misfit struct {
	Text string // what is wrong, naming entry and part
	Part ledger.Hash
}

// verify judges everything that the carry file brought, but for the parts: these are checkParts' to judge.
func (s *stage) verify() error {
	for _, e := range s.entries {
		if err := s.checkBody(e); err != nil {
			return err
		}
	}
	if err := s.chain.Settled(); err != nil {
		return mismatch(carry.DamagedHint, "%w", err)
	}
	for _, text := range s.slots {
		if _, err := s.chain.CheckCheckpoint(text); err != nil {
			return mismatch(carry.DamagedHint, "%w", err)
		}
	}
	s.chain.ForgetRoots()
	for _, file := range s.again {
		if _, err := openWaiting(s.chain, file); err != nil {
			return mismatch(carry.DamagedHint, "waiting submission: %w", err)
		}
	}
	for i, w := range s.waiting {
		open, err := openWaiting(s.chain, w.file)
		if err != nil {
			return mismatch(carry.DamagedHint, "waiting submission %s: %w", w.hash, err)
		}
		open.dir = s.dir
		s.waiting[i] = open
	}
	return nil
}

// checkBody gives the chain the body of an entry that is no report. One that a tombstone erased is not
// there: that it may be missing was the carry reader's to judge.
func (s *stage) checkBody(e ledger.Entry) error {
	if e.Body.Kind.HasParts() {
		return nil
	}
	body, err := os.ReadFile(s.find(e.Body.Parts[0].Hash))
	if errors.Is(err, os.ErrNotExist) && !e.Body.Kind.Governs() {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := s.chain.AddBody(e, body); err != nil {
		return mismatch(carry.DamagedHint, "%w", err)
	}
	return nil
}

// find gives the file of a part that came with the carry file.
func (s *stage) find(h ledger.Hash) string { return partFile(s.dir, h) }

// sealedPart is a part of a report, an exhibit or a waiting submission.
type sealedPart struct {
	name string // "entry 42", for people
	body ledger.Body
	part ledger.Part
}

// eachPart calls check for every sealed part that the file brought, on all cores.
func (s *stage) eachPart(ctx context.Context, check func(sealedPart) error) error {
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
		give(where(e.Index), e.Body)
	}
	for _, w := range s.waiting {
		give("waiting submission "+w.hash.String()[:12], w.body)
	}
	close(parts)
	workers.Wait()
	return context.Cause(ctx)
}

// checkParts judges every sealed part: to whom it is sealed, and, where a key is given, whether the key's own
// stanza, or share, opens. A part that was made unreadable for the trustee is evidence against the intake, and
// enters with the rest.
func (s *stage) checkParts(ctx context.Context, k *Key) ([]Misfit, error) {
	var mu sync.Mutex
	var misfits []Misfit
	err := s.eachPart(ctx, func(p sealedPart) error {
		header, to, err := s.checkStanzas(p)
		if err != nil || header == nil || k == nil {
			return err
		}
		err = s.checkOwn(p, header, to, k)
		if errors.Is(err, seal.ErrOwnStanza) {
			mu.Lock()
			defer mu.Unlock()
			misfits = append(misfits, Misfit{fmt.Sprintf("%s: %s: %v", p.name, p.part.Kind, err), p.part.Hash})
			return nil
		}
		return err
	})
	return misfits, err
}

// checkStanzas refuses a part that is sealed to others than its entry says. It gives the part's header, and to whom
// it is sealed; no header where the part was erased.
func (s *stage) checkStanzas(p sealedPart) (header []byte, to audience, err error) {
	set, err := s.chain.SetAt(p.body.Trustees)
	if err != nil {
		return nil, to, mismatch("", "%s: %w", p.name, err)
	}
	f, err := os.Open(s.find(p.part.Hash))
	if errors.Is(err, os.ErrNotExist) {
		return nil, to, nil // erased
	}
	if err != nil {
		return nil, to, err
	}
	defer f.Close()
	audiences, err := s.audiences.of(p.body.Trustees, set, p.part.Kind)
	if err != nil {
		return nil, to, mismatch("", "%s: %s: %w", p.name, p.part.Kind, err)
	}
	header, first := seal.Header(f)
	if first == nil {
		for _, to := range audiences {
			err := seal.CheckPart(bytes.NewReader(header), seal.Kind(p.part.Kind), to.recipients, p.part.Size)
			if err == nil {
				return header, to, nil
			}
			if first == nil {
				first = err
			}
		}
	}
	if !errors.Is(first, seal.ErrMismatch) {
		return nil, to, first
	}
	return nil, to, mismatch("the intake sealed it to others than the ledger's trustees: keep the file, and ask the operator",
		"%s: %s: %w", p.name, p.part.Kind, first)
}

func (s *stage) checkOwn(p sealedPart, header []byte, to audience, k *Key) error {
	at := position(ledger.TrusteeSet{Trustees: to.cards}, k.Card)
	if at == 0 {
		return nil
	}
	err := seal.CheckOwn(bytes.NewReader(header), to.recipients, at, k.Age)
	if _, software := k.Age.(*age.HybridIdentity); software && errors.Is(err, seal.ErrNoKey) {
		return exit.New(exit.KeyMissing, "", "%s: %s: %w", p.name, p.part.Kind, err)
	}
	return err
}
