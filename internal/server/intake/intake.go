// Package intake takes what a reporter sends and puts it, sealed, into the
// ledger:
//
//	draft, err := in.Begin(ctx)
//	err = draft.AddFile("photo.jpg", body)            // streamed into a sealed part; nothing in the clear on the disk
//	result, err := draft.Send(ctx, report, nonce)     // commit, seal, append; durable when it returns
//	result.Code, result.Promise
//	defer draft.Discard()                             // what was not sent leaves no trace
//
// A draft that is not sent leaves nothing behind. What goes wrong is either the
// reporter's to mend (an incident.FieldError, incident.Errors, ErrUnknownCode), a
// matter of trying again (ErrBusy, ErrAgain, ErrFull), or ours. No error holds an answer, a file's name or a code,
// and nothing is logged.
//
// Secrets (codes, keys, file keys, the parts' plaintext) are overwritten as soon
// as they are of no more use, as far as Go lets us: strings, and copies that age
// and Argon2 make, are left to the collector.
package intake

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/reportcode"
	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/internal/server/keylock"
	"zapis/store"
)

var (
	// ErrUnknownCode is returned for a valid code under which this ledger has
	// no case.
	ErrUnknownCode = errors.New("there is no report with this code")
	// ErrBusy is returned to a draft's first file when too many drafts with
	// files are under way. Words are never refused so.
	ErrBusy = errors.New("too many uploads are under way")
	// ErrAgain is returned when something else came first, new trustees for
	// instance: sending it again will do.
	ErrAgain = errors.New("something else came first; it has to be sent again")
	// ErrFull is returned when the disk has no more room, or none for files, or
	// the ledger takes up what it may. Nothing was kept.
	ErrFull = store.ErrFull
)

// Intake belongs to one open ledger and may be used by any number of goroutines.
type Intake struct {
	store   *store.Store
	limits  Limits
	now     func() time.Time
	deriver *reportcode.Deriver
	uploads room
	space   *space
	cases   keylock.Locks // one submission at a time into a case, by the name of its first locator: two would number their exhibits alike
	decoy   *decoy

	mu   sync.Mutex // guards keys
	keys *recipients
}

// New makes the intake of an open ledger. Limits that are zero have their
// defaults; it panics on limits that Check refuses. now is the server's clock:
// its time is sealed into every statement.
func New(s *store.Store, l Limits, now func() time.Time) *Intake {
	if err := l.Check(); err != nil {
		panic("intake: " + err.Error())
	}
	l = l.withDefaults()
	return &Intake{
		store:   s,
		limits:  l,
		now:     now,
		deriver: reportcode.NewDeriver(s.Genesis().Origin),
		uploads: newRoom(l.Uploads),
		space:   &space{free: s.Free, used: s.Used, limits: l, now: time.Now},
		decoy:   newDecoy(),
	}
}

// Limits returns the limits in force.
func (in *Intake) Limits() Limits { return in.limits }

// Schema returns the version of the vocabulary in force: what a form asks, and by what its answers are judged.
func (in *Intake) Schema() (*incident.Schema, error) {
	r, err := in.recipients()
	if err != nil {
		return nil, err
	}
	return r.schema, nil
}

// recipients are to whom the parts of a submission are sealed while one set of
// trustees is in force.
type recipients struct {
	index                                   uint64 // of the genesis or trustees entry
	schema                                  *incident.Schema
	signal, statement, identity, attachment *seal.Recipients
	duty                                    *seal.Recipients // of the batches' parts; nil where there are no duty cards
}

// recipients returns the set in force. Parsing post-quantum keys costs, so that the last set is kept.
func (in *Intake) recipients() (*recipients, error) {
	index, set := in.store.SetInForce()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.keys != nil && in.keys.index == index {
		return in.keys, nil
	}
	r, err := recipientsOf(index, set)
	if err != nil {
		return nil, fmt.Errorf("the trustees of entry %d: %w", index, err)
	}
	in.keys = r
	return r, nil
}

func recipientsOf(index uint64, set ledger.TrusteeSet) (*recipients, error) {
	var trustees, duty []string
	for _, c := range set.Trustees {
		trustees = append(trustees, c.Age)
	}
	for _, c := range set.SignalCards() {
		duty = append(duty, c.Age)
	}
	schema, err := incident.Version(set.Vocabulary)
	if err != nil {
		return nil, err
	}
	r := &recipients{index: index, schema: schema}
	for _, s := range []struct {
		to        **seal.Recipients
		threshold int
		keys      []string
	}{
		{&r.signal, 1, duty},
		{&r.statement, set.Quorum.Statement, trustees},
		{&r.identity, set.Quorum.Identity, trustees},
		{&r.attachment, set.Quorum.Attachment, trustees},
	} {
		if *s.to, err = seal.NewRecipients(s.threshold, s.keys...); err != nil {
			return nil, err
		}
	}
	if len(set.Duty) > 0 {
		r.duty = r.signal
	}
	return r, nil
}

// sameReaders reports that what is sealed to a can stay as it is for b.
func sameReaders(a, b *seal.Recipients) bool {
	return a == b || a.Threshold() == b.Threshold() && slices.Equal(a.Keys(), b.Keys())
}

// files returns the recipients of a file.
func (r *recipients) files(identify bool) *seal.Recipients {
	if identify {
		return r.identity
	}
	return r.attachment
}
