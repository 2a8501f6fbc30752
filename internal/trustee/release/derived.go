package release

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"

	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/custody"
	"zapis/internal/evidence/filekind"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/vault"
)

// WorkingCopy is a file that a trustee derived from an exhibit, or from the report, and that a bundle includes.
type WorkingCopy struct {
	File string // its name on this disk
	Of   string // the exhibit, or `report`
	Note string // what was done, in one line
}

// openShown opens the exhibits that the bundle will show, to look for places in them; it records each opening first.
// It also records for this case what was recorded for many at once.
func (b *bundling) openShown() error {
	for _, s := range b.o.Submissions {
		for _, e := range b.o.ExhibitsOf(s) {
			if e.Closed == "" && !b.withholds(e.Name) && b.shown(e) {
				record := exhibitRecord(b.o.ID, custody.Opened, e)
				record.By = b.By()
				if _, err := b.Custody.Record(record); err != nil {
					return err
				}
			}
		}
	}
	if err := b.recordShared(); err != nil {
		return err
	}
	found, err := bundle.Search(b.in)
	if err != nil {
		return err
	}
	b.in.Withhold = slices.Concat(b.in.Withhold, found.Located)
	b.in.Unsearched = found.Unsearched
	return nil
}

// shown reports whether an opened exhibit is shown: one that the reporter marked `shows who I am` only with the
// identity.
func (b *bundling) shown(e casefile.Exhibit) bool { return b.opts.IncludeIdentity || !e.Identifies }

// withheld returns the event of each withheld item, with the reason.
func (b *bundling) withheld() (list []custody.Record) {
	record := custody.Record{Act: custody.Withheld, Case: b.o.ID}
	for _, c := range b.in.Withhold {
		record.Subject, record.Why = c.Item, string(c.Reason)
		if record.Why == "" {
			record.Why = string(bundle.ReasonUnstated)
		}
		list = append(list, record)
	}
	if !b.opts.IncludeIdentity {
		record.Subject, record.Why = "contact, contact_when, name, and files that show who the reporter is", string(bundle.ReasonIdentity)
		list = append(list, record)
	}
	for _, e := range b.o.Exhibits {
		if e.Closed == "" || b.withholds(e.Name) {
			continue
		}
		record.Subject, record.Why = e.Name, string(bundle.ReasonClosed)+": "+e.Closed
		list = append(list, record)
	}
	return list
}

// workingCopies reads the trustee's files, and returns their events.
func (b *bundling) workingCopies() ([]bundle.Derived, []custody.Record, error) {
	var copies []bundle.Derived
	var records []custody.Record
	for _, w := range b.opts.Derived {
		if w.Of != "report" && !slices.ContainsFunc(b.o.Exhibits, func(e casefile.Exhibit) bool { return e.Name == w.Of }) {
			return nil, nil, exit.New(exit.Usage, "name an exhibit like A03, or report", "%s: the case has no %q to be a copy of", filepath.Base(w.File), w.Of)
		}
		f, err := os.Open(w.File)
		if err != nil {
			return nil, nil, err
		}
		var kind filekind.Sniffer
		if _, err = io.Copy(&kind, f); err == nil {
			_, err = f.Seek(0, io.SeekStart)
		}
		if err != nil {
			return nil, nil, errors.Join(err, f.Close())
		}
		got, err := vault.DigestFile(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, nil, err
		}
		copies = append(copies, bundle.Derived{Of: w.Of, MediaType: kind.MediaType(filepath.Base(w.File)), Note: w.Note,
			Open: func() (io.ReadCloser, error) { return os.Open(w.File) }})
		records = append(records, custody.Record{Act: custody.Exported, Case: b.o.ID,
			Subject: "working copy of " + w.Of + ": " + w.Note, Out: custody.Hex(got.Hash)})
	}
	return copies, records, nil
}

// choices returns the hash of everything that decides the content of a bundle, except the custody log. Where a bundle
// with the same hash was made before, the new one shows the log as it was then, and so has the same bytes.
func (b *bundling) choices(copies []custody.Record) string {
	in, opts := &b.in, b.opts
	h := sha256.New()
	say := func(words ...any) { fmt.Fprintf(h, "%q\n", words) }
	say("zapis/choices/v1", b.o.ID, in.Time.UTC().Unix(), in.Tool, string(in.Forum), in.Signer.Fingerprint())
	say(opts.IncludeIdentity, opts.IncludeLocation, opts.For.Code, opts.Leave.Asked, opts.Leave.Override, opts.To)
	sumOf(h, in.Checkpoint)
	for _, c := range in.Withhold {
		say("withhold", c.Item, string(c.Reason))
	}
	for _, s := range in.Submissions {
		say("submission", s.Act, len(s.Lines), len(s.Identity))
		sumOf(h, s.Listing, s.Entry, s.Promise)
		for _, k := range s.Keys {
			say("key", k.Part)
		}
	}
	for _, d := range in.Derived {
		say("derived", d.Of, d.Note)
	}
	for _, d := range copies {
		say("copy", d.Subject, d.Out)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func sumOf(h hash.Hash, texts ...[]byte) {
	for _, t := range texts {
		sum := sha256.Sum256(t)
		h.Write(sum[:])
	}
}

// exported returns the last events before the bundle is written; their In is the hash of the choices. With a
// recipient, the hand-over follows.
func (b *bundling) exported() []custody.Record {
	record := custody.Record{Act: custody.Exported, Case: b.o.ID, Subject: "bundle without the identity", In: b.made, Why: b.o.Allowed.Why(b.opts.For, b.opts.Leave)}
	if b.opts.IncludeIdentity {
		record.Subject = "bundle with the identity"
	}
	if b.opts.To == "" {
		return []custody.Record{record}
	}
	return []custody.Record{record, {Act: custody.HandedOver, Case: b.o.ID, Subject: "bundle sealed " + b.opts.To, In: b.made}}
}
