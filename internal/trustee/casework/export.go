package casework

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"

	"zapis/crypto/seal"
	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/custody"
	"zapis/internal/evidence/filekind"
	"zapis/internal/exit"
	"zapis/internal/trustee/vault"
)

// WorkingCopy is what a trustee made of an exhibit, or of the report, to go along with a bundle.
type WorkingCopy struct {
	File string // its name on this disk
	Of   string // the exhibit, or `report`
	Note string // what was done, in one line
}

// export writes down all that a bundle will show and withhold, before any of it is opened, and adds what only
// an opened case tells: which pictures hold a place, and the keys that are to be disclosed.
func (v *Trustee) export(o *OpenedCase, opts BundleOptions, in *bundle.Input) error {
	for _, s := range o.Submissions {
		for _, e := range s.Exhibits {
			if e.Closed == "" && !withholds(opts, e.Name) && shownWith(s, e, opts) {
				if err := v.recordExhibit(o.Case, custody.Opened, e); err != nil {
					return err
				}
			}
		}
	}
	if err := v.recordShared(o); err != nil {
		return err
	}
	found, err := bundle.Search(*in)
	if err != nil {
		return err
	}
	in.Withhold = slices.Concat(in.Withhold, found.Located)
	in.Unsearched = found.Unsearched
	keys, err := v.wantedKeys(o, opts, in)
	if err != nil {
		return err
	}
	if err := bundle.CheckKeys(*in); err != nil {
		return err
	}
	if err := v.recordWithheld(o, opts, in); err != nil {
		return err
	}
	for _, k := range keys {
		if err := v.discloseKey(o, k); err != nil {
			return err
		}
	}
	return nil
}

// shownWith says whether an exhibit that opens is shown: one that the reporter marked `shows who I am` only with
// the identity.
func shownWith(s OpenedSubmission, e Exhibit, opts BundleOptions) bool {
	if opts.IncludeIdentity || s.Identity == nil {
		return true
	}
	return !slices.ContainsFunc(s.Identity.Lines, func(l seal.Line) bool {
		a, err := seal.ParseAttachment(l.Value)
		return err == nil && a.Exhibit == e.Name
	})
}

// recordWithheld writes down each thing that is withheld, and why.
func (v *Trustee) recordWithheld(o *OpenedCase, opts BundleOptions, in *bundle.Input) error {
	deed := custody.Deed{By: v.By(), Act: custody.Withheld, Case: o.Case}
	for _, c := range in.Withhold {
		deed.Subject, deed.Why = c.Item, string(c.Reason)
		if deed.Why == "" {
			deed.Why = string(bundle.ReasonUnstated)
		}
		if _, err := v.Custody.Record(deed); err != nil {
			return err
		}
	}
	if !opts.IncludeIdentity {
		deed.Subject, deed.Why = "contact, contact_when, name, and files that show who the reporter is", string(bundle.ReasonIdentity)
		if _, err := v.Custody.Record(deed); err != nil {
			return err
		}
	}
	for _, e := range o.Exhibits() {
		if e.Closed == "" || withholds(opts, e.Name) {
			continue
		}
		deed.Subject, deed.Why = e.Name, string(bundle.ReasonClosed)+": "+e.Closed
		if _, err := v.Custody.Record(deed); err != nil {
			return err
		}
	}
	return nil
}

// workingCopies reads what the trustee made, and records that it goes along.
func (v *Trustee) workingCopies(o *OpenedCase, list []WorkingCopy) ([]bundle.Derived, []custody.Deed, error) {
	var copies []bundle.Derived
	var deeds []custody.Deed
	for _, w := range list {
		if w.Of != "report" && !slices.ContainsFunc(o.Exhibits(), func(e Exhibit) bool { return e.Name == w.Of }) {
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
		deeds = append(deeds, custody.Deed{By: v.By(), Act: custody.Exported, Case: o.Case,
			Subject: "working copy of " + w.Of + ": " + w.Note, Out: custody.Hex(got.Hash)})
	}
	return copies, deeds, nil
}

// choices is the hash of all that decides what a bundle holds, but for the custody log. Where the same was made
// before, the bundle shows the log as it was then, and so has the same bytes.
func choices(o *OpenedCase, opts BundleOptions, in *bundle.Input, copies []custody.Deed) string {
	h := sha256.New()
	say := func(words ...any) { fmt.Fprintf(h, "%q\n", words) }
	say("zapis/choices/v1", o.Case, in.Time.UTC().Unix(), in.Tool, string(in.Forum), in.Signer.Fingerprint())
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

// recordExport is the last event before the bundle is written; its In names the choices. With a recipient, that
// it is handed over follows.
func (v *Trustee) recordExport(o *OpenedCase, opts BundleOptions, made string) error {
	deed := custody.Deed{By: v.By(), Act: custody.Exported, Case: o.Case, Subject: "bundle without the identity", In: made}
	if opts.IncludeIdentity {
		deed.Subject = "bundle with the identity"
	}
	deed.Why = o.Standing().Why(opts.For, opts.Leave)
	if _, err := v.Custody.Record(deed); err != nil || opts.To == "" {
		return err
	}
	_, err := v.Custody.Record(custody.Deed{By: v.By(), Act: custody.HandedOver, Case: o.Case, Subject: "bundle sealed " + opts.To, In: made})
	return err
}
