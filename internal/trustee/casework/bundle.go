package casework

import (
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/bundle/pdf"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// BundleOptions are what a bundle is told beside its case.
type BundleOptions struct {
	Withhold        []bundle.Choice
	IncludeIdentity bool
	IncludeLocation bool          // show originals that hold the place where they were made
	OnlyOriginals   bool          // leave translations out
	Keys            []string      // exhibits, or `statement`: parts whose keys are disclosed
	Derived         []WorkingCopy // what goes along
	Forum           pdf.Forum
	Time            time.Time // when it is made; the zero time is now
	To              string    // to whom it is sealed, as the custody log says it; empty where it is not
	For             casefile.Addressee
	Communicable    []string       // exhibits that may reach the state, where the addressee may pass them on
	Leave           casefile.Leave // what is said where the reporter's ticks are not enough
}

// Bundle makes what bundle.Write takes, out of a case that Show has opened. What is withheld, and that the
// case is exported, is recorded before it returns: nothing may be written where it returns an error.
func (v *Trustee) Bundle(o *OpenedCase, opts BundleOptions) (bundle.Input, error) {
	if err := mayExport(o, opts); err != nil {
		return bundle.Input{}, err
	}
	in := bundle.Input{Ledger: v.Ledger(), Checkpoint: v.Copy().Newest(), Signer: v.Key().Signer, Forum: opts.Forum,
		IncludeIdentity: opts.IncludeIdentity, IncludeLocation: opts.IncludeLocation, Withhold: opts.Withhold, Time: opts.Time, Tool: v.Tool()}
	switch now := v.Clock(); {
	case in.Time.IsZero():
		in.Time = now
	case in.Time.After(now):
		return bundle.Input{}, exit.New(exit.Usage, "", "a bundle can't be made at %s, which is yet to come", in.Time.UTC().Format(time.RFC3339))
	}
	tree, err := v.Copy().Tree()
	if err != nil {
		return bundle.Input{}, err
	}
	if err := v.gather(o, opts, tree, &in); err != nil {
		return bundle.Input{}, err
	}
	copies, deeds, err := v.workingCopies(o, opts.Derived)
	if err != nil {
		return bundle.Input{}, err
	}
	in.Derived = append(translations(o, opts), copies...)
	if err := v.export(o, opts, &in); err != nil {
		return bundle.Input{}, err
	}
	for _, d := range deeds {
		if _, err := v.Custody.Record(d); err != nil {
			return bundle.Input{}, err
		}
	}
	made := choices(o, opts, &in, deeds)
	if err := v.recordExport(o, opts, made); err != nil {
		return bundle.Input{}, err
	}
	if in.Custody, err = v.custodyFor(o, opts, &in, made); err != nil {
		return bundle.Input{}, err
	}
	in.CustodyHeads, err = v.headFor(&in.Custody, tree)
	return in, err
}

// gather adds what governs the ledger, the case's submissions, and the evidence of when they came into it.
func (v *Trustee) gather(o *OpenedCase, opts BundleOptions, tree ledgercopy.Tree, in *bundle.Input) (err error) {
	if in.Public, err = v.public(tree); err != nil {
		return err
	}
	var entries []uint64
	for _, s := range o.Submissions {
		given, err := v.bundled(s, opts, tree)
		if err != nil {
			return err
		}
		in.Submissions = append(in.Submissions, given)
		if !s.Waiting {
			entries = append(entries, s.Index)
		}
	}
	in.Anchors, err = v.anchorsFor(entries, tree)
	return err
}

// headFor gives the newest custody entry of the owner whose head is of this vault's log and of its first events, with
// its proof; none where there is no such entry. It fixes the excerpt up to there.
func (v *Trustee) headFor(x *custody.Excerpt, tree ledgercopy.Tree) ([]bundle.Public, error) {
	heads, err := v.LedgerHeads()
	if err != nil {
		return nil, err
	}
	for _, h := range slices.Backward(heads) {
		if h.Index == nil || h.Statement.Signer != v.Key().Signer.Fingerprint() || !h.Head.HasRoot() || h.Head.Events > uint64(len(x.Hashes)) || v.HeadMismatch(h) != "" {
			continue
		}
		entry := v.Copy().Entries()[*h.Index].Marshal()
		receipt, err := ledger.MakeReceipt(entry, v.Copy().Newest(), tree)
		if err != nil {
			return nil, err
		}
		x.Fixed = h.Head.Events
		return []bundle.Public{{Entry: entry, Body: h.Said.Marshal(), Receipt: receipt}}, nil
	}
	return nil, nil
}

// mayExport refuses a bundle that the reporter has not allowed, or that says what was not opened.
func mayExport(o *OpenedCase, opts BundleOptions) error {
	if !o.Fits {
		return exit.New(exit.Mismatch, "a bundle would carry it on", "the case does not fit its entries")
	}
	if o.Missing {
		return exit.New(exit.Failed, "import a newer carry file; what was sealed before your time a colleague can open",
			"the first report of %s is not in this vault, or does not open here, and a bundle begins with it", o.Case)
	}
	if err := o.Standing().Check(opts.For, opts.Leave); err != nil {
		return err
	}
	if err := checkChoices(o, opts.Withhold); err != nil {
		return err
	}
	if err := checkMarked(o, opts); err != nil {
		return err
	}
	if opts.IncludeIdentity {
		for _, s := range o.Submissions {
			// What a trustee collected has an identity part like every other, with nobody's name in it: that it
			// is closed must not cost another round of grants.
			if s.Identity == nil && s.Body.Kind != ledger.KindExhibit {
				return exit.New(exit.KeyMissing, "leave out --include identity, or zapis ask the others", "the identity part of %s is closed: %s", s.Where(), s.Closed)
			}
		}
	}
	return nil
}

// checkMarked refuses a bundle for an addressee who may pass it on to the state, where an exhibit in it is not marked as
// one that may be communicated.
func checkMarked(o *OpenedCase, opts BundleOptions) error {
	for _, e := range o.Exhibits() {
		if !opts.For.Marked || e.Closed != "" || slices.Contains(opts.Communicable, e.Name) ||
			slices.ContainsFunc(opts.Withhold, func(c bundle.Choice) bool { return c.Item == e.Name }) {
			continue
		}
		return exit.New(exit.Failed, "--communicable "+e.Name+", if it may reach the state; --withhold "+e.Name+", if not",
			"%s would go to %s, and is not marked as one that may be communicated: %s", e.Name, opts.For.English, opts.For.Why)
	}
	return nil
}

// checkChoices refuses to withhold what is nothing, before anything is recorded: a slip of the pen must not
// end in a bundle that shows what it was meant to hide.
func checkChoices(o *OpenedCase, choices []bundle.Choice) error {
	known := incident.Newest().FieldNames()
	for _, e := range o.Exhibits() {
		known = append(known, e.Name)
	}
	for _, c := range choices {
		if !slices.Contains(known, c.Item) {
			hint := "name a field, as zapis show --json has it, or an exhibit like A03"
			if c.Item == "identity" {
				hint = "leave it out: contact, contact_when and name are withheld unless --include identity is given"
			}
			return exit.New(exit.Usage, hint, "there is nothing to withhold called %q", c.Item)
		}
		if c.Reason != "" && !c.Reason.Valid() {
			var names []string
			for _, r := range bundle.Reasons() {
				names = append(names, string(r))
			}
			return exit.New(exit.Usage, "one of: "+strings.Join(names, ", "), "%q is no reason for withholding", string(c.Reason))
		}
	}
	return nil
}

// public gives the entries that govern the ledger, with their proofs.
func (v *Trustee) public(tree ledgercopy.Tree) ([]bundle.Public, error) {
	var list []bundle.Public
	for _, e := range v.Copy().Entries() {
		switch e.Body.Kind {
		case ledger.KindGenesis, ledger.KindTrustees, ledger.KindKey:
		default:
			continue
		}
		body, err := os.ReadFile(v.Copy().EntryPart(e.Index, e.Body.Parts[0].Hash))
		if err != nil {
			return nil, err
		}
		receipt, err := ledger.MakeReceipt(e.Marshal(), v.Copy().Newest(), tree)
		if err != nil {
			return nil, err
		}
		list = append(list, bundle.Public{Entry: e.Marshal(), Body: body, Receipt: receipt})
	}
	return list, nil
}

// bundled gives one submission: its proof, its listing, and the lines and files that are open.
func (v *Trustee) bundled(s OpenedSubmission, opts BundleOptions, tree ledgercopy.Tree) (bundle.Submission, error) {
	out := bundle.Submission{Act: s.Statement.Act, Received: s.Statement.Received, Listing: s.Statement.Listing().Marshal()}
	if s.Waiting {
		for _, w := range v.Copy().Waiting() {
			if w.Hash == s.Hash {
				out.Promise = w.File
			}
		}
	} else {
		out.Entry = v.Copy().Entries()[s.Index].Marshal()
		var err error
		if out.Receipt, err = ledger.MakeReceipt(out.Entry, v.Copy().Newest(), tree); err != nil {
			return bundle.Submission{}, err
		}
		if out.SlotBefore, out.Slot, err = v.Copy().SlotFiles(s.Index); err != nil {
			return bundle.Submission{}, err
		}
	}
	closed := make(map[string]bool) // slots whose files can't be opened, and whose lines are withheld with them
	for n, e := range s.Exhibits {
		if e.Closed != "" {
			closed[incident.SlotName(n+1)] = true
			continue
		}
		out.Attachments = append(out.Attachments, bundle.Attachment{Exhibit: e.Value.Exhibit, Open: func() (io.ReadCloser, error) {
			return v.stream(e), nil
		}})
	}
	for _, it := range s.Statement.Items {
		if it.Line != nil && !closed[it.Field] {
			out.Lines = append(out.Lines, it.Line.Marshal())
		}
	}
	if s.Identity != nil {
		out.Identity = openLines(s.Identity, closed)
	}
	return out, nil
}

func openLines(p *seal.IdentityPart, closed map[string]bool) [][]byte {
	lines := [][]byte{}
	for _, l := range p.Lines {
		if !closed[l.Field] {
			lines = append(lines, l.Marshal())
		}
	}
	return lines
}

// stream decrypts an exhibit while it is read. A read gives io.EOF only where all of it has verified.
func (v *Trustee) stream(e Exhibit) io.ReadCloser {
	r, w := io.Pipe()
	go func() { w.CloseWithError(v.openExhibit(w, e)) }()
	return r
}

func withholds(opts BundleOptions, item string) bool {
	for _, c := range opts.Withhold {
		if c.Item == item {
			return true
		}
	}
	return false
}

// concerns says whether an event is about a case, for its trustee: its own, the batches in which its statements were opened, and
// the imports that brought it.
func concerns(e custody.Event, id string, subs []ledgercopy.Submission) bool {
	if e.Case != "" || e.Act == custody.Imported || vault.IsSuccession(e) {
		return e.Case == id || e.Case == ""
	}
	for _, s := range subs {
		if e.Act == custody.Opened && batchNames(e.Subject, s) {
			return true
		}
	}
	return false
}
