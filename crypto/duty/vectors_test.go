package duty_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/seal"
)

var write = flag.Bool("write", false, "write the vectors again")

const vectorsFile = "../../docs/spec/vectors/signals/vectors.json"

// vector is a text of docs/spec/signals.md, and whether it is read.
type vector struct {
	About string `json:"about"`
	Kind  string `json:"kind"`  // signal, poll, answer, batch, or kindBatch1
	Class string `json:"class"` // ok or mismatch
	Error string `json:"error,omitempty"`
	Bytes []byte `json:"bytes"`
}

// kindBatch1 are batches that an earlier program made. They are not written again.
const kindBatch1 = "batch of version 1"

var (
	people  = ledgertest.Trustees()
	genesis = ledger.Hash(ledgertest.Genesis().Card().Genesis)
	slot    = time.Date(2026, 11, 28, 14, 30, 0, 0, time.UTC)
	good    = duty.Signal{Act: "report", Danger: "yes", Deadline: "2026-12-01", Language: "be", Report: ledger.Sum([]byte("report")),
		Case: ledger.Sum([]byte("report")), Received: slot.Add(-25 * time.Minute), Waiting: 3}
)

func read(kind string, b []byte) error {
	cards := ledgertest.Cards(people[3])
	var err error
	switch kind {
	case "signal":
		var s duty.Signal
		if s, err = duty.ParseSignal(b); err == nil {
			if again, e := s.Marshal(); e != nil || !bytes.Equal(again, b) {
				return errors.New("it is written otherwise than it was read")
			}
		}
	case "poll":
		_, _, err = duty.OpenPoll(b, genesis, cards)
	case "answer":
		_, _, err = duty.OpenAnswer(b, genesis, cards)
	case "batch", kindBatch1:
		_, _, _, err = ledgertest.Key(1).Verifier().OpenSignals(b)
	}
	return err
}

func TestVectors(t *testing.T) {
	if *write {
		writeVectors(t)
	}
	all := readVectors(t)
	if len(all) < 30 {
		t.Fatalf("%d vectors", len(all))
	}
	for _, v := range all {
		switch err := read(v.Kind, v.Bytes); {
		case v.Class == "ok" && err != nil:
			t.Errorf("%s, %s: %v", v.Kind, v.About, err)
		case v.Class != "ok" && (!errors.Is(err, duty.ErrMismatch) || !strings.Contains(err.Error(), v.Error)):
			t.Errorf("%s, %s: %v, want %q", v.Kind, v.About, err, v.Error)
		}
	}
}

func readVectors(t *testing.T) (all []vector) {
	t.Helper()
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func must[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func writeVectors(t *testing.T) {
	all := slices.DeleteFunc(readVectors(t), func(v vector) bool { return v.Kind != kindBatch1 })
	edit := func(kind string, good []byte, edits [][4]string) {
		all = append(all, vector{"as it should be", kind, "ok", "", good})
		for _, e := range edits {
			b := bytes.Replace(good, []byte(e[1]), []byte(e[2]), 1)
			if bytes.Equal(b, good) {
				t.Fatalf("%s: nothing is edited", e[0])
			}
			all = append(all, vector{e[0], kind, "mismatch", e[3], b})
		}
	}
	signal, err := good.Marshal()
	edit("signal", must(t, signal, err), [][4]string{
		{"another version", "signal/v1", "signal/v2", "line 1"},
		{"no such act", "act report", "act hello", "there is no such act"},
		{"no such answer", "danger_now yes", "danger_now maybe", "a code has a value that it can't have"},
		{"no such day", "2026-12-01", "2026-12-32", "a code has a value that it can't have"},
		{"a hash cut short", "report " + good.Report.String(), "report " + good.Report.String()[:63], "line 6"},
		{"a time of another zone", "05:00Z", "05:00+01:00", "a time is written like"},
		{"a number with a zero before it", "waiting 3", "waiting 03", "line 9"},
		{"a line more", "waiting 3\n", "waiting 3\nmore -\n", "line 10"},
		{"a line less", "waiting 3\n", "", "line 9"},
	})
	drill := good
	drill.Act, drill.Deadline, drill.Language = duty.ActDrill, "", ""
	exercise, err := drill.Marshal()
	all = append(all, vector{"an exercise", "signal", "ok", "", must(t, exercise, err)})

	dora := people[3].Signer
	poll, err := duty.Sign(dora, duty.Poll{Ledger: genesis, Signer: dora.Fingerprint(), Time: slot}.Text())
	edit("poll", must(t, poll, err), [][4]string{
		{"another version", "poll/v1", "poll/v2", "line 1"},
		{"another time than was signed", "14:30", "14:31", "duty message of dora"},
		{"another ledger", "ledger " + genesis.String()[:4], "ledger 0000", "it is for another ledger"},
		{"somebody else", dora.Fingerprint(), people[0].Signer.Fingerprint(), "is none of the duty cards in force"},
		{"no signature", "\n\n", "\n", "no blank line before a signature"},
	})
	a := duty.Answer{Ledger: genesis, Signer: dora.Fingerprint(), Report: good.Report, Sentence: "call", Seen: slot, Again: slot.Add(4 * time.Hour)}
	answer, err := duty.Sign(dora, a.Text())
	edit("answer", must(t, answer, err), [][4]string{
		{"a poll's header", "answer/v1", "poll/v1", "line 1"},
		{"another sentence than was signed", "sentence call", "sentence date", "duty message of dora"},
		{"words of their own", "sentence call", "sentence hello", "it is none of the fixed sentences"},
		{"again before it was seen", "again 2026-11-28T18", "again 2026-11-28T10", "the reporter is to look again after it was seen"},
		{"another report", "report " + good.Report.String()[:4], "report 0000", "duty message of dora"},
	})

	to, sealed, _ := signalsKey(t)
	var parts [][]byte
	for i := range ledger.SignalParts {
		s := &good
		if i > 0 {
			s = nil
		}
		part, err := duty.Seal(to, s)
		parts = append(parts, must(t, part, err))
	}
	file, err := ledgertest.Key(1).SignSignals(ledger.SignalBatch{Number: 812, Slot: slot, Period: 30 * time.Minute, Previous: ledger.Sum(nil)}, sealed, parts)
	must(t, file, err)
	edit("batch", file, [][4]string{
		{"another number", "number 812", "number 813", "signals: "},
		{"number 0", "number 812", "number 0", "numbers begin at 1"},
		{"another slot", "14:30", "15:00", "signals: "},
		{"number 1 with a batch before it", "number 812", "number 1", "previous is zeros for number 1"},
		{"another ledger", "example.org", "example.net", "signals: "},
		{"version 1 with a key", "signals/v2", "signals/v1", "signals: "},
		{"another size of the key", "key 2683", "key 2682", "signals: "},
		{"a key of no bytes", "key 2683", "key 0", "a sealed key is never empty"},
		{"the key altered", string(sealed[2000:2010]), "0123456789", "the parts are not those that the log signed"},
		{"a part altered", string(parts[15][2000:2010]), "0123456789", "the parts are not those that the log signed"},
	})
	all = append(all, vector{"the last byte is missing", "batch", "mismatch", "the parts are not those", file[:len(file)-1]},
		vector{"a byte more", "batch", "mismatch", "the parts are not those", append(bytes.Clone(file), 0)},
		vector{"the note alone", "batch", "mismatch", "no blank line after a note", file[:300]})
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorsFile, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// signalsKey makes the key for the duty cards of dora and of another, and opens it with dora's.
func signalsKey(t *testing.T, more ...string) (to *seal.Recipients, sealed []byte, opened age.Identity) {
	t.Helper()
	cards, err := seal.NewRecipients(1, append([]string{people[3].Card.Age}, more...)...)
	must(t, cards, err)
	recipient, sealed, err := duty.NewKey(cards)
	must(t, sealed, err)
	to, err = seal.NewRecipients(1, recipient)
	must(t, to, err)
	opened, err = duty.OpenKey(sealed, identity(t, 3))
	return to, sealed, must(t, opened, err)
}

func identity(t *testing.T, who int) *age.HybridIdentity {
	t.Helper()
	id, err := age.ParseHybridIdentity(people[who].Identity)
	return must(t, id, err)
}

func TestDummiesAndSignalsLookAlike(t *testing.T) {
	to, sealed, _ := signalsKey(t, people[4].Card.Age)
	signal, err := duty.Seal(to, &good)
	must(t, signal, err)
	dummy, err := duty.Seal(to, nil)
	if must(t, dummy, err); len(dummy) != len(signal) {
		t.Errorf("a dummy has %d bytes, and a signal %d", len(dummy), len(signal))
	}
	for _, who := range []int{3, 4} {
		key, err := duty.OpenKey(sealed, identity(t, who))
		must(t, key, err)
		if s, err := duty.Open(signal, key); err != nil || *s != good {
			t.Errorf("the signal: %+v, %v", s, err)
		}
		if s, err := duty.Open(dummy, key); err != nil || s != nil {
			t.Errorf("the dummy: %+v, %v", s, err)
		}
		if _, err := duty.Open(signal, identity(t, who)); !errors.Is(err, seal.ErrNoKey) {
			t.Errorf("a duty card's own key opens a part: %v", err)
		}
	}
	if _, err := duty.OpenKey(sealed, identity(t, 0)); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("somebody else opens the key: %v", err)
	}
}

// What a duty card opens in the place of the signals' key, and is none, is refused without a word of it.
func TestOpenKeyRefuses(t *testing.T) {
	to, err := seal.NewRecipients(1, people[3].Card.Age)
	must(t, to, err)
	secret := people[0].Identity
	for about, content := range map[string]string{
		"nothing": "", "a signal": "zapis/duty-signal/v1\nact report\n", "no key": "zapis/duty-key/v1\nAGE-SECRET-KEY-PQ-1XYZ\n",
		"no line end": "zapis/duty-key/v1\n" + secret, "a line more": "zapis/duty-key/v1\n" + secret + "\nmore\n",
	} {
		var b bytes.Buffer
		if _, err := seal.Seal(&b, seal.Signal, to, strings.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		if _, err := duty.OpenKey(b.Bytes(), identity(t, 3)); !errors.Is(err, duty.ErrMismatch) || strings.Contains(err.Error(), "AGE-SECRET") {
			t.Errorf("%s: %v", about, err)
		}
	}
}

func TestNear(t *testing.T) {
	now := time.Date(2026, 11, 28, 23, 59, 0, 0, time.UTC)
	for day, want := range map[string]bool{"2026-11-26": false, "2026-11-27": true, "2026-11-28": true, "2026-12-12": true, "2026-12-13": false, "": false} {
		if duty.Near(day, now) != want {
			t.Errorf("%q: near is %v", day, !want)
		}
	}
}

func FuzzParseSignal(f *testing.F) {
	b, err := good.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := duty.ParseSignal(b)
		if err != nil {
			return
		}
		if again, err := s.Marshal(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("read and written again it differs: %v", err)
		}
	})
}
