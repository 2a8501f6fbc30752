package casework

import (
	"bytes"
	"fmt"
	"path/filepath"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/reportcode"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
)

// first returns the body hash of the case's first report, whether or not that is in the vault.
func (c *Case) first() ledger.Hash { return c.subs[0].entry.First }

// SubmissionAt returns the body hash of the case's submission with an entry's number.
func (c *Case) SubmissionAt(entry string) (ledger.Hash, bool) {
	for _, f := range c.subs {
		if !f.Waiting && fmt.Sprint(f.Index) == entry {
			return f.Hash, true
		}
	}
	return ledger.Hash{}, false
}

// now returns the time for what the owner writes: UTC, whole seconds.
func (v *Trustee) now() time.Time { return v.Clock().UTC().Truncate(time.Second) }

// acts maps a kind of review to its act in the custody log.
var acts = map[review.Kind]custody.Act{
	review.Note: custody.Noted, review.Grade: custody.Graded, review.Translation: custody.Translated,
}

// Write stores a note, a grade or a translation on a case: shared with the trustees in force by the next outbox, or
// private. A translation that names no Of is of the case's first report.
func (v *Trustee) Write(c *Case, r review.Review, private bool) error {
	if err := v.NeedKey(); err != nil {
		return err
	}
	r.Case, r.At = c.first(), v.Now()
	if r.Kind == review.Translation && r.Of == (ledger.Hash{}) {
		r.Of = r.Case
	}
	if err := r.Check(); err != nil {
		return exit.New(exit.Usage, "", "%w", err)
	}
	text := r.Marshal()
	defer clear(text)
	record := custody.Record{By: v.By(), Act: acts[r.Kind], Case: c.ID, Subject: string(r.Kind)}
	if private {
		record.Subject = "private " + record.Subject
		return v.keepNote(record, text)
	}
	return v.share(record, text)
}

// share seals a review to the trustees in force, records it, and signs it.
func (v *Trustee) share(record custody.Record, text []byte) error {
	_, set, err := v.Copy().Chain().SetInForce()
	if err != nil {
		return err
	}
	if !ledgercopy.IsTrustee(set, v.Key().Card) {
		return v.leftOut()
	}
	to, err := recipientsOf(1, set.Trustees)
	if err != nil {
		return err
	}
	sealed, err := SealTo(to, text)
	if err != nil {
		return err
	}
	_, err = v.recordAndSay(record, card.KindReview, sealed)
	return err
}

func (v *Trustee) leftOut() error {
	return exit.New(exit.Failed, "what you know, tell those who are", "%s (%s) is no trustee any more, and the ledger takes nothing from you",
		v.Key().Card.Name, v.Key().Card.Fingerprint())
}

func recipientsOf(threshold int, cards []card.Card) (*seal.Recipients, error) {
	keys := make([]string, len(cards))
	for i, c := range cards {
		keys[i] = c.Age
	}
	return seal.NewRecipients(threshold, keys...)
}

// recordAndSay records an act with the hash of the content, and then signs the content.
func (v *Trustee) recordAndSay(record custody.Record, kind string, content []byte) (ledger.SignedBody, error) {
	record.Out = ledger.Sum(content).String()
	if _, err := v.Custody.Record(record); err != nil {
		return ledger.SignedBody{}, err
	}
	return v.Sign(kind, content, time.Time{})
}

// keepNote records and stores a private note.
func (v *Trustee) keepNote(record custody.Record, text []byte) error {
	names, err := v.Names(notesDir)
	if err != nil {
		return err
	}
	number := 1
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(name, "%08d", &n); err == nil {
			number = max(number, n+1)
		}
	}
	if _, err := v.Custody.Record(record); err != nil {
		return err
	}
	return v.WriteSealed(filepath.Join(notesDir, vault.NumberName(uint64(number))), text)
}

// Reply seals a text to the reporter of a case, under the next free tag, and a copy of it to the trustees. It returns
// the number of the answer in its case, from 1.
func (v *Trustee) Reply(c *Case, text string) (number uint64, err error) {
	if err := v.NeedKey(); err != nil {
		return 0, err
	}
	copied := review.Review{Case: c.first(), At: v.Now(), Kind: review.Reply, Text: text}
	if err := copied.Check(); err != nil {
		return 0, exit.New(exit.Usage, "", "%w", err)
	}
	box, err := v.mailboxOf(c)
	if err != nil {
		return 0, err
	}
	defer clear(box.Tags[:])
	to, err := seal.NewRecipients(1, box.Mailbox)
	if err != nil {
		return 0, exit.New(exit.Mismatch, "", "%s: its mailbox: %w", c.ID, err)
	}
	message, err := SealTo(to, []byte(text))
	if err != nil {
		return 0, err
	}
	tag, number, err := v.freeTag(box.Tags)
	if err != nil {
		return 0, err
	}
	// The copy is signed first: a copy without an answer is shown as such.
	copied.Message = ledger.Sum(message)
	content := copied.Marshal()
	defer clear(content)
	record := custody.Record{By: v.By(), Act: custody.Noted, Case: c.ID, Subject: fmt.Sprintf("copy of answer %d", number+1)}
	if err := v.share(record, content); err != nil {
		return 0, err
	}
	record.Act, record.Subject = custody.Replied, fmt.Sprintf("answer %d to the reporter", number+1)
	_, err = v.recordAndSay(record, card.KindReply, ledger.Reply{Tag: tag, Message: message}.Marshal())
	return number + 1, err
}

// mailboxOf opens the statement of a case's first report, which holds the key of its reporter's mailbox.
func (v *Trustee) mailboxOf(c *Case) (*seal.StatementPart, error) {
	first := c.subs[0]
	if first.entry.Act != string(incident.ActReport) {
		return nil, exit.New(exit.KeyMissing, "import the whole ledger, or ask a trustee who can open it",
			"the first report of %s, which names its reporter's mailbox, is not in this vault or does not open", c.ID)
	}
	if err := v.recordOpening(c, first.Submission, ledger.PartStatement); err != nil {
		return nil, err
	}
	st, fits, err := v.openStatement(first.Submission)
	if err == nil {
		err = fits
	}
	return st, err
}

// freeTag returns the first unused tag of a case, and its number, from 0: it is neither in the ledger, nor waiting,
// nor one of the owner's that is not in the ledger yet.
func (v *Trustee) freeTag(secret [32]byte) (ledger.Hash, uint64, error) {
	replies, err := v.Stated(ledger.KindReply)
	if err != nil {
		return ledger.Hash{}, 0, err
	}
	used := make(map[ledger.Hash]bool)
	for _, s := range replies {
		r, err := ledger.ParseReply(s.Content)
		if err != nil {
			return ledger.Hash{}, 0, err
		}
		used[r.Tag] = true
	}
	for n := uint64(0); ; n++ {
		if tag := ledger.Hash(reportcode.ReplyTag(secret, n)); !used[tag] {
			return tag, n, nil
		}
	}
}

// sameMessage reports whether two replies carry the same sealed message.
func sameMessage(a, b ledger.Reply) bool { return bytes.Equal(a.Message, b.Message) }
