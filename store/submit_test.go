package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
)

func TestParts(t *testing.T) {
	c := newClock()
	s := newStore(t, day, c)
	content := random(3<<20 + 17)
	w, err := s.NewPart()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Part(ledger.Sum(content)); !errors.Is(err, ErrUnknown) {
		t.Errorf("a part before it is kept: %v", err)
	}
	part, err := w.Keep(ledger.Sum(content))
	if err != nil {
		t.Fatal(err)
	}
	if part != (ledger.Part{Kind: ledger.PartAttachment, Hash: ledger.Sum(content), Size: int64(len(content))}) {
		t.Errorf("%+v", part)
	}
	if _, err := w.Keep(ledger.Sum(content)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("keeping twice: %v", err)
	}
	if _, err := w.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("writing after Keep: %v", err)
	}
	if _, _, err := s.Part(part.Hash); !errors.Is(err, ErrUnknown) {
		t.Errorf("a part that no body names: %v", err)
	}
	sub := words(s)
	sub.Body.Parts = append(sub.Body.Parts, part)
	submit(t, s, sub)
	if err := w.Discard(); err != nil { // deferred by the caller
		t.Error(err)
	}
	for _, p := range sub.Body.Parts {
		r, size, err := s.Part(p.Hash)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || size != p.Size || ledger.Sum(got) != p.Hash {
			t.Errorf("%s: %d bytes, %v", p.Kind, size, err)
		}
	}
	// The same bytes again are another part's.
	again, err := s.NewPart()
	if err != nil {
		t.Fatal(err)
	}
	again.Write(content)
	_, err = again.Keep(ledger.Sum(content))
	wants(t, err, ErrPartTaken, "another submission has this part already: "+part.Hash.String())
	empty, err := s.NewPart()
	if err != nil {
		t.Fatal(err)
	}
	_, err = empty.Keep(ledger.Sum(nil))
	wants(t, err, ErrRefused, "the submission is not acceptable: an attachment's ciphertext is never empty")
}

func TestDiscardLeavesNothing(t *testing.T) {
	shorttest.Skip(t, "no trace of a discarded submission is looked for")
	s := newStore(t, day, newClock())
	for _, keep := range []bool{false, true} {
		w, err := s.NewPart()
		if err != nil {
			t.Fatal(err)
		}
		content := random(9 << 20)
		w.Write(content)
		if keep {
			if _, err := w.Keep(ledger.Sum(content)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := w.Discard(); err != nil {
				t.Errorf("kept %v: %v", keep, err)
			}
		}
	}
	n := 0
	filepath.WalkDir(filepath.Join(s.dir, partsName), func(_ string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			n++
		}
		return nil
	})
	if n != 0 {
		t.Errorf("%d files are left", n)
	}
}

func TestSubmitRefuses(t *testing.T) {
	c := newClock()
	s := newStore(t, day, c)
	first := report(t, s, 70000)
	submit(t, s, first)
	trustee := ledgertest.Trustees()[0]
	for _, test := range []struct {
		name  string
		sub   func() Submission
		class error
		text  string
	}{
		{"the same body", func() Submission { return Submission{Body: first.Body, Small: first.Small} }, ErrRefused,
			"the submission is not acceptable: attachment " + first.Body.Parts[3].Hash.String() + " was not kept"},
		{"the same words", func() Submission { sub := words(s); submit(t, s, sub); return sub }, ErrDuplicate, ""},
		{"another's part", func() Submission {
			sub := words(s)
			sub.Small[1], sub.Body.Parts[1] = first.Small[1], first.Body.Parts[1]
			return sub
		}, ErrPartTaken, "another submission has this part already: " + first.Body.Parts[1].Hash.String()},
		{"another's locator", func() Submission { sub := words(s); sub.Locator.Name = first.Locator.Name; return sub },
			ErrLocatorTaken, "the locator's name is taken"},
		{"a locator too large", func() Submission { sub := words(s); sub.Locator.Box = random(MaxLocator + 1); return sub },
			ErrRefused, "the submission is not acceptable: the locator has 4097 bytes, and at most 4096 are allowed"},
		{"another set", func() Submission { sub := words(s); sub.Body.Trustees = 5; return sub },
			ErrOldSet, "the body is sealed to trustees who are not in force: it goes by entry 5, and entry 0 names the trustees now"},
		{"a part that is not the one named", func() Submission { sub := words(s); sub.Small[0] = random(1500); return sub },
			ErrRefused, "the submission is not acceptable: the signal that was given is not the one that the body names"},
		{"a part too few", func() Submission { sub := words(s); sub.Small = sub.Small[:2]; return sub },
			ErrRefused, "the submission is not acceptable: the body names 3 parts for the database, and 2 were given"},
		{"an attachment of another size", func() Submission {
			sub := report(t, s, 70000)
			sub.Body.Parts[3].Size++
			return sub
		}, ErrRefused, ""},
		{"a body that is none", func() Submission { sub := words(s); sub.Body.Parts = sub.Body.Parts[:2]; return sub }, ErrRefused, ""},
		{"a genesis", func() Submission {
			text := ledgertest.Genesis().Marshal()
			return Submission{Body: ledger.BodyOf(ledger.KindGenesis, 0, text), Small: [][]byte{text}}
		}, ErrRefused, "the submission is not acceptable: an entry of kind genesis is never submitted"},
		{"a filler", func() Submission {
			text := bytes.Repeat([]byte("a"), 64)
			return Submission{Body: ledger.BodyOf(ledger.KindFiller, 0, text), Small: [][]byte{text}}
		}, ErrRefused, "the submission is not acceptable: an entry of kind filler is never submitted"},
		{"a review that nobody signed", func() Submission {
			text := []byte("notes\n")
			return Submission{Body: ledger.BodyOf(ledger.KindReview, 0, text), Small: [][]byte{text}}
		}, ErrRefused, ""},
		{"a review by a stranger", func() Submission { return signedEntry(t, s, ledger.KindReview, ledgertest.Trustees()[4], random(100)) }, ErrRefused, ""},
		{"a reply with a tag that is taken", func() Submission {
			tag := ledger.Sum([]byte("tag"))
			submit(t, s, signedEntry(t, s, ledger.KindReply, trustee, ledger.Reply{Tag: tag, Message: random(700)}.Marshal()))
			return signedEntry(t, s, ledger.KindReply, trustee, ledger.Reply{Tag: tag, Message: random(700)}.Marshal())
		}, ErrTagTaken, "the reply's tag is taken"},
	} {
		sub := test.sub()
		_, err := s.Submit(t.Context(), sub)
		if test.text != "" {
			wants(t, err, test.class, test.text)
		} else if !errors.Is(err, test.class) {
			t.Errorf("%s: %v", test.name, err)
		}
		for _, part := range attachments(sub.Body) {
			s.pending.mu.Lock()
			delete(s.pending.parts, part.Hash)
			s.pending.mu.Unlock()
			if part.Hash != first.Body.Parts[3].Hash {
				os.Remove(partPath(s.dir, part.Hash))
			}
		}
	}
	c.forward(day)
	sequence(t, s)
	_, err := s.Submit(t.Context(), Submission{Body: words(s).Body})
	if !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

// signedEntry is an entry that a trustee has signed.
func signedEntry(t testing.TB, s *Store, k ledger.Kind, by ledgertest.Trustee, content []byte) Submission {
	t.Helper()
	index, _ := s.SetInForce()
	st := statement(s, string(k), ledger.Sum(content))
	st.Trustees = index
	signed, err := by.Signer.SignStatement(st)
	if err != nil {
		t.Fatal(err)
	}
	body := ledger.SignedBody{Statement: signed, Content: content}.Marshal()
	return Submission{Body: ledger.BodyOf(k, index, body), Small: [][]byte{body}}
}

func TestReplyIsFoundByItsTag(t *testing.T) {
	c := newClock()
	s := newStore(t, day, c)
	tag := ledger.Sum([]byte("tag"))
	sub := signedEntry(t, s, ledger.KindReply, ledgertest.Trustees()[0], ledger.Reply{Tag: tag, Message: random(700)}.Marshal())
	submit(t, s, sub)
	for range 2 { // while it waits, and as an entry
		body, file, err := s.Tagged(tag)
		if err != nil || body != sub.Body.Hash() || !bytes.Equal(file, sub.Small[0]) {
			t.Errorf("%s, %d bytes, %v", body, len(file), err)
		}
		c.forward(day)
		sequence(t, s)
	}
	_, _, err := s.Tagged(ledger.Sum(nil))
	wants(t, err, ErrUnknown, "reply "+ledger.Sum(nil).String()+": the ledger does not have it")
}

func TestLocator(t *testing.T) {
	s := newStore(t, day, newClock())
	sub := words(s)
	if _, ok, err := s.Locator(sub.Locator.Name); ok || err != nil {
		t.Error(ok, err)
	}
	submit(t, s, sub)
	if box, ok, err := s.Locator(sub.Locator.Name); !ok || err != nil || !bytes.Equal(box, sub.Locator.Box) {
		t.Error(box, ok, err)
	}
}

// TestManyAtOnce has many submit while slots pass and others read: each gets a
// promise that is kept.
func TestManyAtOnce(t *testing.T) {
	shorttest.Skip(t, "not many submit at once")
	for _, slot := range []string{"0", "24h"} {
		t.Run(slot, func(t *testing.T) {
			c := newClock()
			d := day
			if slot == "0" {
				d = 0
			}
			s := newStore(t, d, c)
			var mu sync.Mutex
			var promised []ledger.Promise
			some := make(chan struct{}, 16) // a dozen was submitted
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					for i := range 12 {
						sub := words(s)
						if i%4 == 0 {
							sub.Body.Parts = append(sub.Body.Parts, attach(t, s, random(66000)))
						}
						file, err := s.Submit(context.Background(), sub)
						if err != nil {
							t.Error(err)
							return
						}
						p, err := s.Verifier().OpenPromise(file)
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						promised = append(promised, p)
						mu.Unlock()
						if _, err := s.Entry(s.Size() - 1); err != nil {
							t.Error(err)
						}
						if i == 11 {
							some <- struct{}{}
						}
					}
				})
			}
			var slots sync.WaitGroup
			slots.Go(func() {
				for range some {
					c.forward(day / 2)
					if err := s.Sequence(context.Background()); err != nil {
						t.Error(err)
					}
					if faults, err := s.Check(context.Background(), nil); err != nil || len(faults) > 0 {
						t.Error("checking while it is written:", faults, err)
					}
				}
			})
			all.Wait()
			close(some)
			slots.Wait()
			sequenceIfSlots(t, s)
			for _, p := range promised {
				file, err := s.Receipt(p.Body)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Verifier().OpenReceipt(file); err != nil {
					t.Error(err)
				}
			}
			kept(t, s, promised...)
		})
	}
}

func sequenceIfSlots(t testing.TB, s *Store) {
	if s.config.Slot > 0 {
		sequence(t, s)
	}
}

// kept fails if a checkpoint of the promised time or later is without the body.
func kept(t testing.TB, s *Store, promised ...ledger.Promise) {
	t.Helper()
	indexes := make([]uint64, len(promised))
	for i, p := range promised {
		var err error
		if indexes[i], err = s.Find(p.Body); err != nil {
			t.Errorf("promised for %s: %v", p.Slot, err)
			return
		}
	}
	err := s.Snapshot(func(n *Snapshot) error {
		return n.Checkpoints(0, func(size uint64, note []byte) error {
			c, err := s.Verifier().OpenStored(note)
			if err != nil {
				return err
			}
			for i, p := range promised {
				if !c.Time.Before(p.Slot) && size <= indexes[i] {
					t.Errorf("promised for %s, and the checkpoint of %s is without it", p.Slot, c.Time)
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNothingIsLoggedOfTheSubmission(t *testing.T) {
	s := newStore(t, day, newClock())
	sub := words(s)
	sub.Small[0] = random(10)
	_, err := s.Submit(t.Context(), sub)
	if err == nil || strings.Contains(err.Error(), string(sub.Small[0])) {
		t.Error(err)
	}
}
