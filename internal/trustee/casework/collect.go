package casework

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/atomicfile"
	"zapis/internal/evidence/custody"
	"zapis/internal/evidence/filekind"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
)

// The sealed parts of the owner's exhibits are in collected/, named by their hash, until they are in the ledger.
const collectedDir = "collected"

// Collected is an exhibit that a trustee adds to a case.
type Collected struct {
	Files  []string // names of files on this disk
	Made   []Made   // files that are in memory alone; with Files, one at least and sixteen at most
	Source string   // the person or source that it came from
	How    string   // how it was obtained
	When   string   // when, as YYYY, YYYY-MM or YYYY-MM-DD; empty where that is not known
	Tool   string   // with which tool; empty where with none
}

// Made is a file that was made of an exhibit and never was on a disk.
type Made struct {
	Name    string
	Content []byte
}

// Check refuses what could be refused without a key: what is said of the files, and files that can't be read.
func (o Collected) Check(now time.Time) error {
	if _, err := o.report(now); err != nil {
		return err
	}
	for _, name := range o.Files {
		f, err := atomicfile.Open(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// exhibitsOf is the first number of the exhibits of the trustee at a place in the set, less one.
func exhibitsOf(position int) int { return 1000 * position }

// Collect seals files, and where they are from, to the trustees in force, as the intake seals a report, and signs for
// them. It returns the exhibits' names. It records each file before it seals it.
func (v *Trustee) Collect(c *Case, o Collected) ([]string, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	report, err := o.report(v.Now())
	if err != nil {
		return nil, err
	}
	index, set, err := v.Copy().Chain().SetInForce()
	if err != nil {
		return nil, err
	}
	at := ledgercopy.Position(set, v.Key().Card)
	if at == 0 {
		return nil, v.leftOut()
	}
	next, err := v.nextExhibit(c, at)
	if err != nil {
		return nil, err
	}
	x := &collecting{v: v, c: c, o: o, set: set, body: ledger.Body{Kind: ledger.KindExhibit, Trustees: index}}
	if err := x.files(next); err != nil {
		return nil, err
	}
	if err := x.texts(report); err != nil {
		return nil, err
	}
	lines := x.body.Marshal()
	if _, err := v.recordAndSay(x.record("exhibit of "+strings.Join(x.names, ", ")), card.KindExhibit, lines); err != nil {
		return nil, err
	}
	signed := review.Review{Case: c.first(), At: v.Now(), Kind: review.Exhibit, Of: x.body.Hash()}
	err = v.share(x.record("signature for "+strings.Join(x.names, ", ")), signed.Marshal())
	return x.names, err
}

// report returns the committed answers about where files are from.
func (o Collected) report(now time.Time) (*incident.Report, error) {
	var b strings.Builder
	for _, one := range []struct{ label, text string }{{"Source", o.Source}, {"How", o.How}, {"When", o.When}, {"Tool", o.Tool}} {
		if strings.ContainsAny(one.text, "\n\r") {
			return nil, exit.New(exit.Usage, "", "%s: it is one line", strings.ToLower(one.label))
		}
		if strings.TrimSpace(one.text) != "" {
			fmt.Fprintf(&b, "%s: %s\n", one.label, one.text)
		}
	}
	switch {
	case strings.TrimSpace(o.Source) == "", strings.TrimSpace(o.How) == "":
		return nil, exit.New(exit.Usage, "a court asks for both", "an exhibit needs its source, and how it was obtained")
	case len(o.Files)+len(o.Made) == 0 || len(o.Files)+len(o.Made) > incident.Slots:
		return nil, exit.New(exit.Usage, "bring the others in after these", "an exhibit has 1 to %d files", incident.Slots)
	}
	form := incident.Form{"narrative": {strings.TrimSuffix(b.String(), "\n")}}
	if o.When != "" {
		form["when"] = []string{o.When}
	}
	r, errs := incident.Validate(form, now, incident.ActFollowUp)
	switch {
	case len(errs) == 0:
		return r, nil
	case errs[0].Field == "when":
		return nil, exit.New(exit.Usage, "", "when: a day that has been, as YYYY-MM-DD, YYYY-MM or YYYY")
	}
	return nil, exit.New(exit.Usage, "", "what source, how and tool say: %s", errs[0].Code)
}

// nextExhibit returns the number of the next exhibit that the trustee at a place collects for a case.
func (v *Trustee) nextExhibit(c *Case, at int) (int, error) {
	next := exhibitsOf(at) + 1
	take := func(st *seal.StatementPart) {
		for _, it := range st.Items {
			if it.Line == nil {
				continue
			}
			a, err := seal.ParseAttachment(it.Line.Value)
			var n int
			if err != nil {
				continue
			}
			if _, err := fmt.Sscanf(a.Exhibit, "A%d", &n); err == nil && n > exhibitsOf(at) && n <= exhibitsOf(at+1) {
				next = max(next, n+1)
			}
		}
	}
	for _, f := range c.subs {
		if f.entry.Act != actExhibit {
			continue
		}
		if err := v.recordOpening(c, f.Submission, ledger.PartStatement); err != nil {
			return 0, err
		}
		st, _, err := v.openStatement(f.Submission)
		if errors.Is(err, errErased) {
			continue
		}
		if err != nil {
			return 0, err
		}
		take(st)
	}
	pending, err := v.ownExhibits()
	if err != nil {
		return 0, err
	}
	for _, p := range pending {
		if st := p.statement; st != nil && st.Case == c.first() {
			take(st)
		}
	}
	return next, nil
}

// collecting is the state of sealing one exhibit.
type collecting struct {
	v    *Trustee
	c    *Case
	o    Collected
	set  ledger.TrusteeSet
	body ledger.Body

	attachments []ledger.Part
	values      map[string][]byte
	names       []string
}

func (x *collecting) record(subject string) custody.Record {
	return custody.Record{By: x.v.By(), Act: custody.Received, Case: x.c.ID, Subject: subject, Why: x.o.Source + "; " + x.o.How}
}

func (x *collecting) files(next int) error {
	to, err := recipientsOf(x.set.Quorum.Attachment, x.set.Trustees)
	if err != nil {
		return err
	}
	x.values = make(map[string][]byte)
	add := func(name string, open func() (io.ReadSeekCloser, error)) error {
		n := len(x.names)
		exhibit := incident.ExhibitName(next + n)
		f, err := open()
		if err == nil {
			err = errors.Join(x.file(f, name, exhibit, incident.SlotName(n+1), to), f.Close())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		x.names = append(x.names, exhibit)
		return nil
	}
	for _, name := range x.o.Files {
		if err := add(filepath.Base(name), func() (io.ReadSeekCloser, error) { return atomicfile.Open(name) }); err != nil {
			return err
		}
	}
	for _, made := range x.o.Made {
		if err := add(made.Name, func() (io.ReadSeekCloser, error) { return inMemory{bytes.NewReader(made.Content)}, nil }); err != nil {
			return err
		}
	}
	return nil
}

// inMemory is a file that there is nothing to close of.
type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// file seals one file, from its beginning to its end.
func (x *collecting) file(f io.ReadSeeker, name, exhibit, slot string, to *seal.Recipients) error {
	kept, code := incident.FileName(name)
	if code != "" {
		return exit.New(exit.Usage, "give it a plainer name", "its name can't be kept: %s", code)
	}
	before, err := vault.DigestFile(f)
	if err != nil {
		return err
	}
	if before.Size == 0 {
		return exit.New(exit.Usage, "", "there is nothing in it")
	}
	record := x.record(exhibit)
	record.In = custody.Hex(before.Hash)
	if _, err := x.v.Custody.Record(record); err != nil {
		return err
	}
	var kind filekind.Sniffer
	defer kind.Wipe()
	sealed, err := x.v.keepCollected(func(w io.Writer) (seal.Sealed, error) {
		return seal.Seal(w, seal.Attachment, to, io.TeeReader(f, &kind))
	})
	if err != nil {
		return err
	}
	if sealed.Content != before {
		return exit.New(exit.Failed, "close what is writing to it, and try again", "it changed while it was being read")
	}
	x.attachments = append(x.attachments, ledger.Part{Kind: ledger.PartAttachment, Hash: sealed.Ciphertext.Hash, Size: sealed.Ciphertext.Size})
	x.values[slot] = seal.AttachmentValue{Exhibit: exhibit, SHA256: hex.EncodeToString(before.Hash[:]), Size: before.Size,
		MediaType: kind.MediaType(kept), Name: kept}.Value()
	return nil
}

// texts commits to all values, and seals signal, statement and identity part.
func (x *collecting) texts(report *incident.Report) error {
	schema, err := incident.Version(x.set.Vocabulary)
	if err != nil {
		return exit.New(exit.Failed, "get a newer zapis", "%w", err)
	}
	head := seal.Head{Act: actExhibit, Case: x.c.first(), Received: x.v.now()}
	if schema.CommitsHead() {
		for field, value := range head.Values() {
			x.values[field] = value
		}
	}
	for _, value := range schema.Values(report) {
		x.values[value.Field] = value.JSON
	}
	lines, err := seal.Commit(schema.FieldNames(), x.values)
	if err != nil {
		return err
	}
	items, identity := seal.Split(lines, nil)
	statement := seal.StatementPart{Head: head, Mailbox: "-", Items: items}
	signal := seal.SignalPart{Act: actExhibit}
	for _, p := range []struct {
		kind      seal.Kind
		threshold int
		cards     []card.Card
		marshal   func() ([]byte, error)
	}{
		{seal.Signal, 1, x.set.SignalCards(), signal.Marshal},
		{seal.Statement, x.set.Quorum.Statement, x.set.Trustees, statement.Marshal},
		{seal.Identity, x.set.Quorum.Identity, x.set.Trustees, identity.Marshal},
	} {
		content, err := p.marshal()
		if err != nil {
			return err
		}
		to, err := recipientsOf(p.threshold, p.cards)
		if err != nil {
			return err
		}
		sealed, err := x.v.keepCollected(func(w io.Writer) (seal.Sealed, error) {
			return seal.Seal(w, p.kind, to, bytes.NewReader(content))
		})
		clear(content)
		if err != nil {
			return err
		}
		x.body.Parts = append(x.body.Parts, ledger.Part{Kind: string(p.kind), Hash: sealed.Ciphertext.Hash, Size: sealed.Ciphertext.Size})
	}
	x.body.Parts = append(x.body.Parts, x.attachments...)
	x.body.Commitments = seal.ListingOf(lines).Hash()
	return x.body.Check()
}

// keepCollected writes a sealed part to a temporary file, syncs it, and renames it.
func (v *Trustee) keepCollected(write func(io.Writer) (seal.Sealed, error)) (sealed seal.Sealed, err error) {
	dir := filepath.Join(v.Dir(), collectedDir)
	if err := os.Mkdir(dir, 0o700); err == nil {
		err = atomicfile.SyncFolder(v.Dir())
		if err != nil {
			return sealed, err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return sealed, err
	}
	f, err := os.CreateTemp(dir, ".part-*")
	if err != nil {
		return sealed, err
	}
	defer os.Remove(f.Name())
	sealed, err = write(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return sealed, err
	}
	return sealed, atomicfile.Rename(f.Name(), filepath.Join(dir, hex.EncodeToString(sealed.Ciphertext.Hash[:])))
}

// ownExhibit is one of the owner's exhibits that is not in the ledger yet.
type ownExhibit struct {
	signed    ledger.SignedBody
	body      ledger.Body
	statement *seal.StatementPart // nil where it opens with others only
}

// ownExhibits lists them. They are the owner's own words, so reading them is no act on evidence.
func (v *Trustee) ownExhibits() ([]ownExhibit, error) {
	own, err := v.SignedStatements()
	if err != nil {
		return nil, err
	}
	var list []ownExhibit
	for _, signed := range own {
		if signed.Statement.Kind != card.KindExhibit {
			continue
		}
		b, err := ledger.ParseBody(signed.Content)
		if err != nil {
			return nil, ledgercopy.Damaged("statement %d: %w", signed.Statement.Number, err)
		}
		if v.Copy().Has(b.Hash()) {
			continue
		}
		x := ownExhibit{signed: signed, body: b}
		if p, ok := ledgercopy.PartOf(b, ledger.PartStatement); ok {
			x.statement, err = v.openCollected(b.Trustees, p)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

func (v *Trustee) openCollected(trustees uint64, p ledger.Part) (*seal.StatementPart, error) {
	f, err := os.Open(filepath.Join(v.Dir(), collectedDir, p.Hash.String()))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := seal.OpenBytes(seal.Statement, f, digestOf(p), v.Key().Age)
	if errors.Is(err, seal.ErrQuorum) {
		return nil, nil
	}
	if err != nil {
		return nil, ledgercopy.Damaged("%s/%s: %w", collectedDir, p.Hash, err)
	}
	fields, err := v.fieldsOf(ledgercopy.Submission{Body: ledger.Body{Trustees: trustees}})
	if err != nil {
		return nil, err
	}
	return seal.ParseStatement(content, fields)
}
