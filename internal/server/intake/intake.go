// Package intake validates, seals and appends what a reporter sends:
//
//	draft, err := in.Begin(ctx)
//	err = draft.AddFile("photo.jpg", body)            // streamed into a sealed part; nothing in the clear on the disk
//	result, err := draft.Send(ctx, report, nonce)     // commit, seal, append; durable when it returns
//	result.Code, result.Promise
//	defer draft.Discard()                             // what was not sent leaves no trace
//
// A draft that is not sent leaves no files. An error is one of three kinds: the reporter can correct it
// (incident.FieldError, incident.Errors, ErrUnknownCode), a retry helps (ErrBusy, ErrAgain, ErrFull), or it is
// internal. No error holds an answer, a file's name or a code, and nothing is logged.
//
// Secrets (codes, keys, file keys, plaintext of parts) are overwritten as soon as they are not needed, as far as Go
// allows: strings, and copies that age and Argon2 make, are left to the collector.
package intake

import (
	"context"
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
	// ErrBusy is returned to a draft's first file when too many drafts with files are in progress. A draft without
	// files never gets it.
	ErrBusy = errors.New("too many uploads are under way")
	// ErrAgain is returned when another submission or a change of trustees came first. The caller may send again.
	ErrAgain = errors.New("something else came first; it has to be sent again")
	// ErrFull is returned when the disk or the ledger's quota has no room for more, or none for files. Nothing was
	// stored.
	ErrFull = store.ErrFull
)

// Intake belongs to one open ledger and may be used by any number of goroutines.
type Intake struct {
	store   *store.Store
	limits  Limits
	now     func() time.Time
	derive  func(context.Context, reportcode.Code) (*reportcode.Keys, error) // once for each submission or mailbox: it is what they take time for
	uploads uploadLimit
	space   *space
	cases   keylock.Locks // serialises submissions of one case, by the name of its first locator, so that no exhibit number is used twice
	decoy   *decoy
	signals *SignalKeys

	mu   sync.Mutex // guards keys
	keys *recipients
}

// New returns the intake of an open ledger. Limits that are zero have their defaults; it panics on limits that Check
// refuses. now is the server's clock: its time is sealed into every statement.
func New(s *store.Store, l Limits, now func() time.Time) *Intake {
	return NewWithDeriver(s, l, now, reportcode.NewDeriver(s.Genesis().Origin))
}

// NewWithDeriver is New with the deriver of the codes' keys: a cheap one in tests.
func NewWithDeriver(s *store.Store, l Limits, now func() time.Time, d *reportcode.Deriver) *Intake {
	if err := l.Check(); err != nil {
		panic("intake: " + err.Error())
	}
	l = l.withDefaults()
	return &Intake{
		store:   s,
		limits:  l,
		now:     now,
		derive:  d.Derive,
		uploads: newUploadLimit(l.Uploads),
		space:   &space{free: s.Free, used: s.Used, limits: l, now: time.Now},
		decoy:   newDecoy(),
		signals: NewSignalKeys(s),
	}
}

// Limits returns the limits in force.
func (in *Intake) Limits() Limits { return in.limits }

// Schema returns the version of the vocabulary in force, which defines the form's questions and the validation of its
// answers.
func (in *Intake) Schema() (*incident.Schema, error) {
	r, err := in.recipients()
	if err != nil {
		return nil, err
	}
	return r.schema, nil
}

// recipients are the recipients of the parts of a submission under one set of trustees.
type recipients struct {
	index                                   uint64 // of the genesis or trustees entry
	schema                                  *incident.Schema
	signal, statement, identity, attachment *seal.Recipients
	onDuty                                  bool // there are duty cards
}

// recipients returns the recipients of the set in force. It caches the last set, since parsing post-quantum keys is
// slow.
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
	r := &recipients{index: index, schema: schema, onDuty: len(set.Duty) > 0}
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
	return r, nil
}

// sameReaders reports whether what is sealed to a can stay as it is for b.
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
