package store

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// Errors of a stopped ledger.
var (
	ErrStopped    = errors.New("this ledger must not sign any more")
	ErrNotStopped = errors.New("nothing has stopped this ledger")
	ErrNoGround   = errors.New("what was reported is no ground to stop")
)

const (
	stopName   = "stopped"
	liftedName = "stopped.lifted"
	stopHeader = "zapis/stopped/v1"
	stopBehind = "behind"
	stopForked = "forked"
)

// Stop is what a witness has seen that this ledger can't have signed, unless
// it is a restored copy, or its key is used elsewhere. It is a file in the
// ledger's folder, and while it exists the log signs nothing:
//
//	zapis/stopped/v1
//	origin example.org/ledger
//	what behind                      or: forked
//	size 33                          what this ledger had
//	witness partner.example/witness
//	reported 64                      what the witness has cosigned
//	evidence <base64>                the checkpoint that it shows, or -
type Stop struct {
	Origin   string
	Forked   bool // another history; otherwise only a longer one
	Size     uint64
	Witness  string
	Reported uint64
	Evidence []byte // a checkpoint that verifies with this log's keys, or nil
}

func (m Stop) marshal() []byte {
	what, evidence := stopBehind, "-"
	if m.Forked {
		what = stopForked
	}
	if m.Evidence != nil {
		evidence = base64.StdEncoding.EncodeToString(m.Evidence)
	}
	return []byte(stopHeader + "\norigin " + m.Origin + "\nwhat " + what + "\nsize " + strconv.FormatUint(m.Size, 10) +
		"\nwitness " + m.Witness + "\nreported " + strconv.FormatUint(m.Reported, 10) + "\nevidence " + evidence + "\n")
}

func parseStop(text []byte) (m Stop, err error) {
	r := canonical.Begin(text, 2*ledger.MaxNote, stopHeader)
	m.Origin = r.Word("origin")
	switch r.Word("what") {
	case stopForked:
		m.Forked = true
	case stopBehind:
	default:
		r.Fail("it must be %s or %s", stopBehind, stopForked)
	}
	m.Size = r.Decimal(r.Word("size"), ledger.MaxIndex)
	m.Witness = r.Word("witness")
	m.Reported = r.Decimal(r.Word("reported"), ledger.MaxIndex)
	if e := r.Word("evidence"); e != "-" {
		if m.Evidence, err = base64.StdEncoding.Strict().DecodeString(e); err != nil {
			r.Fail("not base64")
		}
	}
	return m, r.End()
}

func readStop(dir string) (Stop, error) {
	text, err := os.ReadFile(filepath.Join(dir, stopName))
	if errors.Is(err, os.ErrNotExist) {
		return Stop{}, ErrNotStopped
	}
	if err != nil {
		return Stop{}, err
	}
	m, err := parseStop(text)
	if err != nil {
		return m, exit.New(exit.Mismatch, "the file says why; it is a text", "%w: %s can't be read: %w", ErrStopped, filepath.Join(dir, stopName), err)
	}
	return m, nil
}

// err returns the error of a stopped ledger.
func (m Stop) err() error {
	switch {
	case m.Forked && m.Evidence != nil:
		return exit.New(exit.Mismatch, "somebody signs with this log's key, or this is a restored copy that has signed: keep everything, and tell the trustees",
			"%w: the witness %s shows another history, of %d entries, signed with this log's own keys", ErrStopped, m.Witness, m.Reported)
	case m.Forked:
		return exit.Advise(exit.Mismatch, exit.OrResume.With(restoredHint), "%w: the witness %s has cosigned another history, of %d entries", ErrStopped, m.Witness, m.Reported)
	case m.Evidence != nil:
		return exit.New(exit.Mismatch, restoredHint, "%w: it has %d entries, and the witness %s shows a checkpoint of %d, signed with this log's own keys",
			ErrStopped, m.Size, m.Witness, m.Reported)
	}
	return exit.Advise(exit.Mismatch, exit.OrResume.With(restoredHint), "%w: it has %d entries, and the witness %s says that it has cosigned %d", ErrStopped, m.Size, m.Witness, m.Reported)
}

// StopSigning stops this log permanently: the mark is made durable, and from
// then on nothing is submitted, sequenced or signed, here or after a restart.
// It returns what stopped the ledger, an ErrStopped; or ErrNoGround if the
// ledger has by now what the witness reported.
func (s *Store) StopSigning(ctx context.Context, m Stop) error {
	if s.queue == nil {
		return errReadOnly
	}
	return s.ask(ctx, &request{act: func() error {
		m.Origin, m.Size = s.Origin(), s.released.Size
		if err := s.checkGround(m); err != nil {
			return err
		}
		if err := replaceFile(filepath.Join(s.dir, stopName), m.marshal()); err != nil {
			return engineError(fileError(err))
		}
		s.state.Lock()
		defer s.state.Unlock()
		if s.broken == nil {
			s.broken = m.err()
			close(s.halted)
		}
		return m.err()
	}})
}

// checkGround refuses a report that does not contradict the ledger.
func (s *Store) checkGround(m Stop) error {
	if m.Evidence == nil {
		if !m.Forked && m.Reported <= s.released.Size {
			return exit.New(exit.Failed, "ask again", "%w: the ledger has %d entries by now, and the witness %d", ErrNoGround, s.released.Size, m.Reported)
		}
		return nil
	}
	c, err := s.openShown(m.Evidence)
	if err != nil {
		return exit.New(exit.Mismatch, "", "%w: %w", ErrNoGround, err)
	}
	if c.Size != m.Reported || s.holds(c) || m.Forked != (c.Size <= s.released.Size) {
		return exit.New(exit.Failed, "ask again", "%w: the checkpoint of %d entries that the witness shows is this ledger's own", ErrNoGround, c.Size)
	}
	return nil
}

// openShown verifies a checkpoint with any key that this log ever had.
func (s *Store) openShown(note []byte) (c ledger.Checkpoint, err error) {
	all, err := s.authority.verifiers()
	if err != nil {
		return c, err
	}
	for _, v := range all {
		if c, err = v.OpenCheckpoint(note); err == nil {
			return c, nil
		}
	}
	return c, err
}

// holds reports whether a checkpoint is part of this ledger's history.
func (s *Store) holds(c ledger.Checkpoint) bool {
	if c.Size > s.released.Size {
		return false
	}
	root, ok := s.rootAt(c.Size)
	return ok && root == c.Root
}

// checkStopped refuses to open a stopped ledger for writing. The mark is
// removed once the ledger has what the witness reported: when the newest
// database was restored.
func (s *Store) checkStopped() error {
	s.halted = make(chan struct{})
	m, err := readStop(s.dir)
	switch {
	case errors.Is(err, ErrNotStopped):
		return nil
	case err != nil:
		return err
	case m.Origin != s.Origin() || m.Forked && m.Evidence == nil:
		return m.err()
	}
	if m.Evidence != nil {
		c, err := s.openShown(m.Evidence)
		if err != nil || !s.holds(c) {
			return m.err()
		}
	} else if s.released.Size < m.Reported {
		return m.err()
	}
	return s.lift(m, "the ledger has what the witness reported")
}

// lift removes the mark; it keeps its content, with the reason why it no
// longer applies.
func (s *Store) lift(m Stop, because string) error {
	f, err := os.OpenFile(filepath.Join(s.dir, liftedName), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(m.marshal(), "lifted "+because+"\n"...))
	if err == nil {
		err = f.Sync()
	}
	if err := exit.First(err, f.Close()); err != nil {
		return err
	}
	return exit.First(os.Remove(filepath.Join(s.dir, stopName)), atomicfile.SyncFolder(s.dir))
}

// Resume lets a stopped ledger sign again, because its operator knows that the
// witness was wrong. It refuses where the witness has shown a checkpoint with
// this log's own signatures, whatever the reason.
func Resume(dir, because string) error {
	if because == "" || strings.ContainsFunc(because, func(c rune) bool { return c < 0x20 || c == 0x7f }) {
		return exit.New(exit.Usage, "", "a reason is one line of text")
	}
	c, err := Config{Verb: "a resumption"}.withDefaults()
	if err != nil {
		return err
	}
	s, err := openFolder(dir, c, false)
	if err != nil {
		return err
	}
	m, err := readStop(dir)
	switch {
	case errors.Is(err, ErrNotStopped):
		err = exit.New(exit.Failed, "", "%w: %s", err, dir)
	case err == nil && m.Evidence != nil:
		err = m.err()
	case err == nil:
		err = s.lift(m, because)
	}
	return exit.First(err, s.closeFiles())
}
