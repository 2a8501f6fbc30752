// Package duty is the work of somebody on duty: it reads batches of signals from a server, verifies them with the ledger's
// card, opens them with a duty key, and says what is new and what is wrong with the server. docs/spec/signals.md.
package duty

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/exit"
)

// Options are how a Watch behaves.
type Options struct {
	From      string // address of the server
	Proxy     string // socks5:// or socks5h://, or empty
	Ledger    card.LedgerCard
	Key       age.Identity
	Recipient age.Recipient // of Key: what is kept is sealed to it
	Signer    *card.Signer
	State     string // file
	KeyChange []byte // text of a change of the log's keys that a trustee handed over; nil where there is none
	Now       func() time.Time
}

// Watch reads one server's signals. It belongs to one goroutine.
type Watch struct {
	o       Options
	client  *client
	state   *state
	genesis ledger.Genesis
	log     []*ledger.Verifier // of the keys that the log has had, the newest last; nil before trust
	began   time.Time
	polled  time.Time // last poll that was taken
}

// pollEvery is how often the server is told that somebody is on duty. It counts two hours for that.
const pollEvery = 10 * time.Minute

// firstBatches is how many batches are read where nothing was read before: a day's.
const firstBatches = 48

// patience is how far the clocks of this computer and of the server may differ without a word.
const patience = 5 * time.Minute

// New opens what an earlier run has left.
func New(o Options) (*Watch, error) {
	c, err := newClient(o.From, o.Proxy)
	if err != nil {
		return nil, err
	}
	s, err := loadState(o.State, o.Key)
	if err != nil {
		return nil, err
	}
	return &Watch{o: o, client: c, state: s, began: o.Now()}, nil
}

// Tick is what one look at the server brought.
type Tick struct {
	New     []Item   // that were not known, oldest first
	Waiting int      // how many signals waited at the server beside these, as far as is known
	Trouble []Notice // what is wrong with the server, the clock or the key
	Batch   uint64   // the newest batch's number; 0 where none was read
}

// Danger counts the new reports in danger, or perhaps in danger. Exercises do not count.
func (t Tick) Danger() (n int) {
	for _, it := range t.New {
		if it.Act != duty.ActDrill && (it.Danger == "yes" || it.Danger == "unsure") {
			n++
		}
	}
	return n
}

// Notice is a fault, by its code, and a sentence.
type Notice struct{ Code, Text string }

// The codes of notices.
const (
	Unreachable = "unreachable" // nothing came for two batches
	Stopped     = "stopped"     // the server makes no batches, or this clock is ahead
	Clock       = "clock"       // this clock is behind, or differs from the server's
	Forged      = "forged"      // not signed by the log
	LogKeys     = "log-keys"    // the log's keys were changed, and not by the old ones
	Replayed    = "replayed"    // older than what was read before
	Restarted   = "restarted"   // newer than what was read before, by a smaller number
	Repeated    = "repeated"    // two batches of one number
	Skipped     = "skipped"     // a batch is missing, or does not follow
	Expired     = "expired"     // sealed to others since a change: this key was a duty card's, and is none now
	OtherKeys   = "other-keys"  // sealed to others: this key was none of the duty cards
	Damaged     = "damaged"     // a part that opens and is no signal, or does not open beside others that do
	NotTaken    = "not-taken"   // the server does not take this key's messages
	NotKept     = "not-kept"    // the state can't be written
)

func (t *Tick) trouble(code, format string, args ...any) {
	t.Trouble = append(t.Trouble, Notice{code, fmt.Sprintf(format, args...)})
}

// Look asks the server once. What is wrong is in the tick, and so is a state that can't be written: it must ring
// all the same. An error is that ctx has ended.
func (w *Watch) Look(ctx context.Context) (Tick, error) {
	var t Tick
	now := w.o.Now().UTC()
	err := w.read(ctx, now, &t)
	if ctx.Err() != nil {
		return t, ctx.Err()
	}
	if err != nil && len(t.Trouble) == 0 {
		since := w.state.Reached
		if since.IsZero() {
			since = w.began
		}
		period := w.state.Last.Period
		if period == 0 {
			period = 30 * time.Minute
		}
		if gone := now.Sub(since); gone >= 2*period || w.state.Reached.IsZero() {
			t.trouble(Unreachable, "the server could not be reached since %s: %v", minute(since)+" UTC", err)
		}
	}
	if err == nil {
		w.poll(ctx, now, &t)
	}
	w.state.dropOld(now)
	if err := w.state.save(w.o.State, w.o.Recipient); err != nil {
		t.trouble(NotKept, "what was seen can't be kept, and is shown again after a restart: %v", err)
	}
	return t, nil
}

func (w *Watch) read(ctx context.Context, now time.Time, t *Tick) error {
	if err := w.trust(ctx, t); err != nil {
		return err
	}
	file, err := w.client.get(ctx, "/signals")
	if errors.Is(err, errNotThere) {
		t.trouble(Stopped, "the server has no batch of signals: the ledger has no duty cards, or has just begun")
	}
	if err != nil {
		return err
	}
	newest, err := w.openNewest(ctx, file, t)
	if err != nil {
		return err
	}
	last := w.state.Last
	t.Batch = newest.Number
	w.state.Reached = now
	switch {
	case newest.Hash() == last.Hash():
		w.clock(newest.SignalBatch, now, t)
		return nil
	case newest.Number < last.Number && (newest.Slot.Before(last.Slot) || newest.Hash() == last.Previous):
		t.trouble(Replayed, "the server gave batch %d of %s UTC, and batch %d of %s UTC was read before: it shows an old one",
			newest.Number, minute(newest.Slot), last.Number, minute(last.Slot))
		return nil
	case newest.Number < last.Number: // a server that was brought back from a copy makes a batch for the slot at once
		t.trouble(Restarted, "the server gives its batches numbers from before again: batch %d is of %s UTC, and batch %d of %s UTC was read before. It was brought back from a copy, and signals since that copy are lost; or somebody else has the log's keys. Ask the operator",
			newest.Number, minute(newest.Slot), last.Number, minute(last.Slot))
		w.state.Last = ledger.SignalBatch{} // those before it may be others than were read
	case newest.Number == last.Number:
		t.trouble(Repeated, "the server has made two batches of the number %d, of %s and of %s UTC: it was brought back from a copy, or somebody else has the log's keys. Tell the trustees",
			newest.Number, minute(last.Slot), minute(newest.Slot))
		w.state.Last = ledger.SignalBatch{}
	}
	if err := w.between(ctx, newest.SignalBatch, now, t); err != nil {
		return err
	}
	w.take(newest, now, t, true)
	w.state.Last = newest.SignalBatch
	w.clock(newest.SignalBatch, now, t)
	return nil
}

func minute(t time.Time) string { return t.Format("2006-01-02 15:04") }

// between reads the batches before the newest that were not read yet, and looks whether they follow one another.
func (w *Watch) between(ctx context.Context, newest ledger.SignalBatch, now time.Time, t *Tick) error {
	from := w.state.Last.Number + 1
	if w.state.Last.Number == 0 && newest.Number > firstBatches {
		from = newest.Number - firstBatches
	}
	before := w.state.Last
	var read []batch
	for n := from; n < newest.Number; n++ {
		file, err := w.client.get(ctx, "/signals/"+strconv.FormatUint(n, 10))
		if errors.Is(err, errNotThere) {
			t.trouble(Skipped, "batch %d is missing at the server", n)
			before = ledger.SignalBatch{}
			continue
		}
		if err != nil {
			return err
		}
		b, err := w.openOlder(file)
		if err != nil || b.Number != n {
			t.trouble(Forged, "what the server gave as batch %d is none that the log signed", n)
			return errForged
		}
		w.follows(before, b.SignalBatch, t)
		before = b.SignalBatch
		read = append(read, b)
	}
	w.follows(before, newest, t)
	for _, r := range read {
		w.take(r, now, t, false) // whose keys count now, the newest says
	}
	return nil
}

func (w *Watch) follows(before, b ledger.SignalBatch, t *Tick) {
	switch {
	case before.Number == 0:
	case b.Previous != before.Hash():
		t.trouble(Skipped, "batch %d does not follow the batch %d that was read: the server has two histories", b.Number, before.Number)
	case b.Slot.Before(before.Slot):
		t.trouble(Skipped, "batch %d is of a time before batch %d", b.Number, before.Number)
	case b.Slot.Sub(before.Slot) > b.Period:
		t.trouble(Skipped, "there was no batch between %s and %s UTC: the server was down, or left some out",
			minute(before.Slot), minute(b.Slot))
	}
}

// take opens a batch's key with the duty key, and its parts with that; those of version 1 with the duty key itself.
func (w *Watch) take(b batch, now time.Time, t *Tick, newest bool) {
	key := w.o.Key
	if len(b.key) > 0 {
		var err error
		key, err = duty.OpenKey(b.key, w.o.Key)
		if errors.Is(err, seal.ErrNoKey) {
			w.notMine(b, t, newest)
			return
		}
		if err != nil {
			t.trouble(Damaged, "batch %d: its key opens, and is none: %v", b.Number, err)
			return
		}
	}
	for i, p := range b.parts {
		s, err := duty.Open(p, key)
		if i == 0 && len(b.key) == 0 && errors.Is(err, seal.ErrNoKey) {
			w.notMine(b, t, newest)
			return
		}
		w.state.Opened = max(w.state.Opened, b.Number)
		switch {
		case err != nil:
			t.trouble(Damaged, "batch %d: a part is no signal: %v", b.Number, err)
		case s != nil:
			w.add(*s, now, t)
		}
	}
}

// notMine says why the newest batch does not open. Whose keys counted in those before it does not matter.
func (w *Watch) notMine(b batch, t *Tick, newest bool) {
	if !newest {
		return
	}
	if w.state.Opened > 0 {
		t.trouble(Expired, "this key is no longer among the duty cards: batch %d is sealed to those of entry %d, and the last that opened was batch %d. Take the new key, and delete this one",
			b.Number, b.Trustees, w.state.Opened)
		return
	}
	t.trouble(OtherKeys, "this key is none of the duty cards: batch %d is sealed to those of entry %d, and none before it opened. Look whether it is the right key, and whether its change counts already",
		b.Number, b.Trustees)
}

func (w *Watch) add(s duty.Signal, now time.Time, t *Tick) {
	if _, known := w.state.Items[s.Report]; known {
		return
	}
	t.Waiting = max(t.Waiting, s.Waiting)
	it := Item{Act: s.Act, Danger: s.Danger, Deadline: s.Deadline, Language: s.Language, Report: s.Report, Case: s.Case, Received: s.Received, Rang: now}
	w.state.Items[s.Report] = it
	t.New = append(t.New, it)
	slices.SortStableFunc(t.New, func(a, b Item) int { return a.Received.Compare(b.Received) })
}

// clock compares the newest slot with this computer's clock.
func (w *Watch) clock(newest ledger.SignalBatch, now time.Time, t *Tick) {
	switch late := now.Sub(newest.Slot); {
	case late < -patience:
		t.trouble(Clock, "this computer's clock is %s behind the server's newest batch: set it", (-late).Round(time.Minute))
	case late > 2*newest.Period:
		t.trouble(Stopped, "the newest batch is of %s UTC, %s ago: the server makes none, or this clock is ahead",
			minute(newest.Slot), late.Round(time.Minute))
	}
}

// poll tells the server now and then that somebody is on duty.
func (w *Watch) poll(ctx context.Context, now time.Time, t *Tick) {
	if !w.polled.IsZero() && now.Sub(w.polled).Abs() < pollEvery {
		return
	}
	message, err := duty.Sign(w.o.Signer, duty.Poll{Ledger: w.o.Ledger.Genesis, Signer: w.o.Signer.Fingerprint(), Time: now.Truncate(time.Second)}.Text())
	if err == nil {
		err = w.client.post(ctx, "/signals/poll", message)
	}
	if err != nil {
		t.trouble(NotTaken, "the form says that nobody is on duty: the server did not take this key's word: %v", err)
		return
	}
	w.polled = now
}

// Items lists what is known, the oldest first.
func (w *Watch) Items() []Item {
	var list []Item
	for _, it := range w.state.Items {
		list = append(list, it)
	}
	slices.SortFunc(list, func(a, b Item) int { return a.Received.Compare(b.Received) })
	return list
}

// Answer sends a fixed sentence, by its number from 1, about the report whose hash, or whose case's id, begins so.
func (w *Watch) Answer(ctx context.Context, id string, sentence int, again time.Time) (Item, error) {
	if sentence < 1 || sentence > len(duty.Sentences) {
		return Item{}, exit.New(exit.Usage, "zapis-duty sentences lists them", "there is no sentence %d", sentence)
	}
	it, err := w.find(id)
	if err != nil {
		return it, err
	}
	a := duty.Answer{Ledger: w.o.Ledger.Genesis, Signer: w.o.Signer.Fingerprint(), Report: it.Report, Sentence: duty.Sentences[sentence-1],
		Seen: it.Rang.UTC().Truncate(time.Second), Again: again.UTC().Truncate(time.Second)}
	message, err := duty.Sign(w.o.Signer, a.Text())
	if err != nil {
		return it, err
	}
	if _, _, err := duty.OpenAnswer(message, a.Ledger, []card.Card{w.o.Signer.Card("")}); err != nil {
		return it, exit.New(exit.Usage, "", "%w", err)
	}
	if err := w.client.post(ctx, "/signals/answer", message); err != nil {
		return it, exit.New(exit.Failed, "send it again: what was taken before is taken once", "the answer was not taken: %w", err)
	}
	it.Answered = append(it.Answered, a.Sentence)
	w.state.Items[it.Report] = it
	return it, w.state.save(w.o.State, w.o.Recipient)
}

// find gives the report whose hash begins so, or the newest of the case whose name begins so. What fits several is refused: a
// sentence must not reach another reporter.
func (w *Watch) find(id string) (Item, error) {
	var found []Item
	cases := make(map[ledger.Hash]bool)
	for _, it := range w.Items() {
		if id != "" && (strings.HasPrefix(it.Report.String(), id) || strings.HasPrefix(duty.ShortName(it.Case), id)) {
			found = append(found, it)
			cases[it.Case] = true
		}
	}
	switch {
	case len(found) == 0:
		return Item{}, exit.New(exit.Failed, "zapis-duty list shows which there are", "no report %q is known here", id)
	case len(cases) > 1:
		return Item{}, exit.New(exit.Usage, "write more of its name, as zapis-duty list shows it", "%q fits %d cases", id, len(cases))
	}
	it := found[len(found)-1]
	if it.Act == duty.ActDrill {
		return it, exit.New(exit.Failed, "", "%s is an exercise: there is no reporter", id)
	}
	return it, nil
}
