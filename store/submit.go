package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// MaxLocator is the most bytes a locator's box may have.
const MaxLocator = 4 << 10

// Submission is a future entry.
type Submission struct {
	Body ledger.Body

	// Small are the parts that are stored in the database, in the body's
	// order: signal, statement, identity; or the one body of another kind of
	// entry. Attachments were kept before, with NewPart.
	Small [][]byte

	// Locator leads a reporter back to the entry. Without a box there is no
	// locator.
	Locator Locator

	// Attention is set where somebody on duty is to be told.
	Attention Attention
}

// Locator is a sealed box under a name; both are derived from a reporter's code
// and tell nothing without it.
type Locator struct {
	Name [32]byte
	Box  []byte
}

// attachments returns the body's parts under parts/.
func attachments(b ledger.Body) []ledger.Part {
	if len(b.Parts) <= 3 {
		return nil
	}
	return b.Parts[3:]
}

func bytesOf(parts []ledger.Part) (n int64) {
	for _, p := range parts {
		n += p.Size
	}
	return n
}

// check refuses what can't become an entry, whatever the ledger has.
func (sub Submission) check() error {
	b := sub.Body
	if err := b.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if b.Kind == ledger.KindGenesis || b.Kind == ledger.KindFiller {
		return fmt.Errorf("%w: an entry of kind %s is never submitted", ErrRefused, b.Kind)
	}
	small := b.Parts[:len(b.Parts)-len(attachments(b))]
	if len(small) != len(sub.Small) {
		return fmt.Errorf("%w: the body names %d parts for the database, and %d were given", ErrRefused, len(small), len(sub.Small))
	}
	for i, p := range small {
		if int64(len(sub.Small[i])) != p.Size || ledger.Sum(sub.Small[i]) != p.Hash {
			return fmt.Errorf("%w: the %s that was given is not the one that the body names", ErrRefused, p.Kind)
		}
	}
	if len(sub.Locator.Box) > MaxLocator {
		return fmt.Errorf("%w: the locator has %d bytes, and at most %d are allowed", ErrRefused, len(sub.Locator.Box), MaxLocator)
	}
	return nil
}

// Submit makes a submission durable and returns its promise file: a note,
// signed by both of the log's keys, that the body will be in the ledger by a
// slot, and the body. On return everything is on the disk. The order of
// submissions is not stored. With slot 0 the body is an entry, under a signed
// checkpoint, by then.
//
// A ledger whose key is lost accepts only a key entry, at once, and returns no
// promise for it.
//
// ctx counts until the committer has the request: after that Submit waits for
// the answer, so that a cancelled call means that nothing was stored.
func (s *Store) Submit(ctx context.Context, sub Submission) (promise []byte, err error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if err := sub.check(); err != nil {
		return nil, err
	}
	files := attachments(sub.Body)
	if err := s.pending.claim(files); err != nil {
		return nil, err
	}
	defer func() {
		// After ErrBroken it is unknown whether the body is on the disk: until
		// the ledger is opened again its attachments must stay.
		if !errors.Is(err, ErrBroken) {
			s.pending.settle(files, err == nil)
			if err == nil {
				s.volume.add(bytesOf(files), -bytesOf(files))
			}
		}
	}()

	p := &submission{Submission: sub, text: sub.Body.Marshal()}
	p.hash = ledger.BodyHash(p.text)
	if sub.Body.Kind.Tagged() {
		if p.tag, err = replyTag(sub.Body.Kind, sub.Small[0]); err != nil {
			return nil, err
		}
	}
	for attempt := 0; ; attempt++ {
		key := s.signingKey()
		if key == nil {
			return nil, s.adopt(ctx, p)
		}
		p.slot = s.promiseSlot(attempt)
		note, err := key.SignPromise(p.hash, p.slot)
		if err != nil {
			return nil, err
		}
		p.promise = ledger.PromiseFile(note, p.text)
		err = s.ask(ctx, &request{sub: p})
		if errors.Is(err, errSlotPassed) {
			continue // a checkpoint of that time was signed meanwhile: promise the next
		}
		if err != nil {
			return nil, err
		}
		return p.promise, nil
	}
}

// replyTag returns the tag of a reply, whose body is signed, or of a duty
// entry.
func replyTag(kind ledger.Kind, body []byte) (ledger.Hash, error) {
	if kind == ledger.KindReply {
		signed, err := ledger.ParseSignedBody(body)
		if err != nil {
			return ledger.Hash{}, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		body = signed.Content
	}
	reply, err := ledger.ParseReply(body)
	if err != nil {
		return ledger.Hash{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return reply.Tag, nil
}

// errSlotPassed means that the slot for the promise is no longer ahead.
var errSlotPassed = errors.New("the slot has passed")

// submission is a Submission on its way into the database.
type submission struct {
	Submission
	text    []byte // the body
	hash    ledger.Hash
	tag     ledger.Hash // of a reply
	slot    time.Time
	promise []byte
}

func (p *submission) bytes() int {
	n := len(p.text) + len(p.promise) + len(p.Locator.Box) + len(p.Attention.Signal) + len(p.Attention.Mark)
	for _, small := range p.Small {
		n += len(small)
	}
	return n
}

// groupKeys are the keys that admit reads for a group's submissions, where the engine may be on another machine.
func (s *Store) groupKeys(group []*request) []kv.Key {
	if !s.shared {
		return nil
	}
	var want []kv.Key
	add := func(table string, key []byte) { want = append(want, kv.Key{Table: table, Key: key}) }
	for _, r := range group {
		p := r.sub
		body := keyOf(p.hash)
		add(tableBodies, body[:])
		add(tableWaiting, p.hash[:])
		for _, part := range p.Body.Parts {
			add(tableSmall, part.Hash[:])
			add(tableFiles, part.Hash[:])
			add(tableErased, part.Hash[:])
		}
		if p.Locator.Box != nil {
			add(tableLocators, p.Locator.Name[:])
		}
		if p.Body.Kind.Tagged() {
			add(tableTags, p.tag[:])
		}
		if once := p.Attention.Once; once != (ledger.Hash{}) {
			add(tableSignals, signalKey(keyTaken, once[:]))
		}
	}
	return want
}

// admit refuses a submission that the ledger, in the state of tx, can't
// accept. Nothing has been written for it yet, so that the others of its group
// are not affected.
func (s *Store) admit(tx kv.Tx, t *tip, p *submission) error {
	if !p.slot.After(s.lastTime()) {
		return errSlotPassed
	}
	if _, ok := s.tail.find(tx, p.hash, t.size); ok || tx.Table(tableWaiting).Get(p.hash[:]) != nil {
		return fmt.Errorf("%w: %s", ErrDuplicate, p.hash)
	}
	if p.Body.Trustees != s.authority.setIndex() {
		return fmt.Errorf("%w: it goes by entry %d, and entry %d names the trustees now", ErrOldSet, p.Body.Trustees, s.authority.setIndex())
	}
	for _, part := range p.Body.Parts {
		if tx.Table(tableSmall).Get(part.Hash[:]) != nil || tx.Table(tableFiles).Get(part.Hash[:]) != nil ||
			tx.Table(tableErased).Get(part.Hash[:]) != nil {
			return fmt.Errorf("%w: %s", ErrPartTaken, part.Hash)
		}
	}
	if p.Locator.Box != nil && tx.Table(tableLocators).Get(p.Locator.Name[:]) != nil {
		return ErrLocatorTaken
	}
	if p.Body.Kind.Tagged() && tx.Table(tableTags).Get(p.tag[:]) != nil {
		return ErrTagTaken
	}
	if once := p.Attention.Once; once != (ledger.Hash{}) && tx.Table(tableSignals).Get(signalKey(keyTaken, once[:])) != nil {
		return fmt.Errorf("%w: the message was taken before", ErrDuplicate)
	}
	return s.admitKind(tx, t, p)
}

// admitKind tries the submission as the next entry. A change of keys or
// trustees follows the newest such change, so that only one may wait.
func (s *Store) admitKind(tx kv.Tx, t *tip, p *submission) error {
	if p.Body.Kind.HasParts() {
		return nil
	}
	tried, err := s.authority.try(t, p.Body, p.Small)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if p.Body.Kind == ledger.KindTombstone {
		return s.admitTombstone(tx, p)
	}
	if !changes(p.Body.Kind) {
		return nil
	}
	if p.Body.Kind == ledger.KindKey && s.keyFor(tried.keysAt(t.size+1)) == nil {
		return fmt.Errorf("%w: this folder does not have the new log key", ErrRefused)
	}
	return eachWaiting(tx, func(w waiting) error {
		if changes(w.body.Kind) {
			return fmt.Errorf("%w: another change of keys or trustees waits for its slot; propose this one again after it", ErrRefused)
		}
		return nil
	})
}

// changes reports whether an entry of this kind changes the log's keys or the
// trustees.
func changes(k ledger.Kind) bool { return k == ledger.KindTrustees || k == ledger.KindKey }

// keepParts writes everything of a submission except the body itself.
func (s *Store) keepParts(tx kv.Tx, p *submission) error {
	if err := s.keepAttention(tx, p); err != nil {
		return err
	}
	for i, small := range p.Small {
		if err := putSmall(tx, p.Body.Parts[i].Hash, small); err != nil {
			return err
		}
	}
	for _, part := range attachments(p.Body) {
		if err := tx.Table(tableFiles).Put(part.Hash[:], number(uint64(part.Size))); err != nil {
			return err
		}
		if err := tx.Table(tablePending).Delete(part.Hash[:]); err != nil {
			return err
		}
	}
	if p.Locator.Box != nil {
		if err := tx.Table(tableLocators).Put(p.Locator.Name[:], p.Locator.Box); err != nil {
			return err
		}
	}
	if p.Body.Kind.Tagged() {
		return tx.Table(tableTags).Put(p.tag[:], p.hash[:])
	}
	return nil
}

// waiting is a submission that waits for its slot.
type waiting struct {
	hash    ledger.Hash
	body    ledger.Body
	text    []byte // the body's lines
	promise []byte // the promise file
	slot    time.Time
}

// eachWaiting visits what waits, in the order of the bodies' hashes, which
// reveals nothing. What it passes is valid until it returns.
func eachWaiting(tx kv.Tx, visit func(waiting) error) error {
	c := tx.Table(tableWaiting).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		w, err := readWaiting(k, v)
		if err != nil {
			return err
		}
		if err := visit(w); err != nil {
			return err
		}
	}
	return nil
}

func readWaiting(key, file []byte) (w waiting, err error) {
	note, text, err := ledger.SplitPromise(file)
	if err != nil {
		return w, fmt.Errorf("waiting %x: %w", key, err)
	}
	w = waiting{text: text, promise: file}
	if w.body, err = ledger.ParseBody(text); err != nil {
		return w, fmt.Errorf("waiting %x: %w", key, err)
	}
	w.hash = ledger.BodyHash(text)
	// Lines of the note: header, origin, body hash, slot. Check verifies the
	// signatures; the committer wrote what is read here.
	lines := bytes.SplitN(note, []byte("\n"), 5)
	if len(lines) == 5 {
		w.slot, err = time.Parse(time.RFC3339, string(lines[3]))
	}
	if len(lines) != 5 || err != nil || !bytes.Equal(key, w.hash[:]) || string(lines[2]) != w.hash.String() {
		return w, fmt.Errorf("%w: waiting %x: its promise does not fit its body", ledger.ErrMismatch, key)
	}
	return w, nil
}
