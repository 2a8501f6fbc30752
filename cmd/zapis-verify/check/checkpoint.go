package check

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/witness"
)

// A seen checkpoint is one from outside: from a receipt, from earlier tiles,
// or cosigned by a witness. Its holder needs no further trust: the ledger must
// still begin with exactly those entries.
type seen struct {
	name string // of its file
	note []byte
	ledger.Checkpoint
}

// isCheckpoint reports whether a text is a signed note over a checkpoint.
func isCheckpoint(text []byte) (ledger.Checkpoint, bool) {
	c, err := ledger.ParseNote(text)
	return c, err == nil
}

// keep takes a checkpoint or a receipt that is to be compared with; false where
// a file is neither.
func (t *Known) keep(name string, text []byte) bool {
	note := text
	if strings.HasPrefix(string(text), string(magicReceipt)) {
		_, inner, _, _, err := ledger.SplitReceipt(text)
		if err != nil {
			return false
		}
		note = inner
	}
	c, ok := isCheckpoint(note)
	if ok {
		t.seen = append(t.seen, seen{name, note, c})
	}
	return ok
}

// sizes returns those of the checkpoints that are known of a ledger.
func (t *Known) sizes(origin string) (sizes []uint64) {
	for _, s := range t.seen {
		if s.Origin == origin {
			sizes = append(sizes, s.Size)
		}
	}
	return sizes
}

// verifySeen drops nothing silently: a checkpoint that was named as known and
// that the log's keys did not sign is an error.
func (t *Known) verifySeen(origin string, k keys) error {
	for i, s := range t.seen {
		if s.Origin != origin {
			continue
		}
		c, err := k.OpenCheckpoint(s.note)
		if err != nil {
			return canonical.Refuse("%s, which you gave as known: %w", s.name, err)
		}
		t.seen[i].Checkpoint = c
	}
	return nil
}

// same compares a checkpoint with known ones of the same size, and says what
// only tiles could tell.
func (t *Known) same(c ledger.Checkpoint) (proved, notProved []string, err error) {
	for _, s := range t.seen {
		switch {
		case s.Origin != c.Origin:
		case s.Size == c.Size && s.Root != c.Root:
			return nil, nil, canonical.Refuse("the log cheated: it signed two histories of %d entries, one with the root %s, and in %s one with %s. Keep both: together they prove it", c.Size, c.Root, s.name, s.Root)
		case s.Size == c.Size:
			proved = append(proved, fmt.Sprintf("It is the same ledger of %d entries as in %s, which you know.", c.Size, s.name))
		default:
			notProved = append(notProved, fmt.Sprintf("That it is one history with the %d entries of %s, which you know: the ledger's public tiles would show that (--tiles).", s.Size, s.name))
		}
	}
	return proved, notProved, nil
}

// agree compares tiles with all that is known of their ledger.
func (t *Known) agree(s tileCopy) (proved []string, err error) {
	for _, known := range t.seen {
		if known.Origin != s.checkpoint.Origin {
			continue
		}
		if err := s.holds(known.Checkpoint, known.name); err != nil {
			return nil, err
		}
		proved = append(proved, grows(s, known.Checkpoint, known.name))
	}
	return proved, nil
}

// holds refuses tiles that a checkpoint is not the beginning of.
func (s tileCopy) holds(c ledger.Checkpoint, name string) error {
	root, has := s.roots[c.Size]
	switch {
	case has && root == c.Root:
		return nil
	case has:
		return canonical.Refuse("the log cheated: the first %d entries in the tiles have the root %s, and it had signed %s, in %s. Entries were altered, put in, left out or reordered. Keep both: together they prove it",
			c.Size, root, c.Root, name)
	case s.checkpoint.Time.Before(c.Time):
		return canonical.Refuse("the tiles are older than %s: they have %d entries, and it has %d. Fetch them again; if that stays so, the ledger was rolled back", name, s.checkpoint.Size, c.Size)
	}
	return canonical.Refuse("the log cheated: it had signed %d entries, in %s, and later, at %s, a ledger of %d. Keep both: together they prove it",
		c.Size, name, s.checkpoint.Time.Format(time.RFC3339), s.checkpoint.Size)
}

func grows(s tileCopy, c ledger.Checkpoint, name string) string {
	return fmt.Sprintf("The ledger of %d entries in the tiles goes on from the %d in %s: nothing of those was altered, put in, left out or reordered.",
		s.checkpoint.Size, c.Size, name)
}

// compared adds to a verdict what known checkpoints and tiles say about one that
// was verified, out of the file itself.
func (t *Known) compared(cp ledger.Checkpoint, k keys, c *card.LedgerCard, tiles fs.FS) (proved, notProved []string, err error) {
	if err := t.verifySeen(cp.Origin, k); err != nil {
		return nil, nil, err
	}
	if tiles == nil {
		return t.same(cp)
	}
	s, err := readTiles(tiles, k, c, append(t.sizes(cp.Origin), cp.Size), nil)
	if err != nil {
		return nil, nil, err
	}
	const own = "the file"
	if err := s.holds(cp, own); err != nil {
		return nil, nil, err
	}
	agreed, err := t.agree(s)
	return append([]string{grows(s, cp, own)}, agreed...), nil, err
}

// checkCheckpoint verifies a checkpoint, and that tiles go on from it.
func checkCheckpoint(text []byte, known *Known, tiles fs.FS) (Verdict, error) {
	unverified, _ := isCheckpoint(text)
	k, c, err := known.keysOf(unverified.Origin)
	if err != nil {
		return Verdict{}, err
	}
	cp, err := k.OpenCheckpoint(text)
	if err != nil {
		return refused(err), nil
	}
	proved := []string{ownerOf(cp.Origin, c),
		fmt.Sprintf("The log signed, with both of its signatures, a ledger of %d entries with the root %s, for %s by its clock.", cp.Size, cp.Root, cp.Time.Format(time.RFC3339))}
	by, err := known.witnessed(text)
	if err != nil {
		return refused(err), nil
	}
	met, err := known.required(text, k)
	if err != nil {
		return refused(err), nil
	}
	by = append(by, met...)
	agreed, open, err := known.compared(cp, k, c, tiles)
	if errors.Is(err, ledger.ErrMismatch) {
		return refused(err), nil
	}
	if err != nil {
		return Verdict{}, err
	}
	if tiles == nil {
		open = append(open, "That the ledger still begins with these entries: its public tiles would show that (--tiles).")
	}
	return accepted(c, append(append(proved, by...), agreed...), open), nil
}

// witnessed reports which known witnesses have cosigned.
func (t *Known) witnessed(note []byte) (proved []string, err error) {
	text, err := ledger.NoteText(note)
	if err != nil {
		return nil, err
	}
	lines, err := witness.Lines(note)
	if err != nil {
		return nil, err
	}
	by, err := witness.Check(text, lines, t.witnesses)
	for _, one := range by {
		proved = append(proved, fmt.Sprintf("The witness %s, whose key you trust, has seen it, at %s by its clock.", one.Witness.Name(), one.Time.UTC().Format(time.RFC3339)))
	}
	return proved, err
}
