package release

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
	"zapis/internal/trustee/casework"
)

// BundleOptions are the options of a bundle.
type BundleOptions struct {
	Withhold        []bundle.Choice
	IncludeIdentity bool
	IncludeLocation bool          // show originals that hold the place where they were made
	OnlyOriginals   bool          // leave translations out
	Keys            []string      // exhibits, or `statement`: parts whose keys are disclosed
	Derived         []WorkingCopy // included working copies
	Forum           pdf.Forum
	Time            time.Time // when it is made; the zero time is now
	To              string    // the recipient, for the custody log; empty where the bundle is not sealed
	For             casefile.Addressee
	Communicable    []string       // exhibits that may reach the state, for an addressee who may pass them on
	Leave           casefile.Leave // the trustee's statement where the reporter's consents are not enough
}

// bundling is the state of making a bundle.
type bundling struct {
	gate
	opts BundleOptions
	tree ledger.StoredTree

	o    *casefile.Case
	in   bundle.Input
	keys []wantedKey
	made string // hash of the choices
}

// Bundle opens a case and passes the input of bundle.Write to write. Before that it records what is withheld, and the
// export. Nothing may have been written where it returns an error.
func Bundle(t *casework.Trustee, c *casework.Case, opts BundleOptions, write func(bundle.Input) error) error {
	b := &bundling{gate: gate{t}, opts: opts}
	return b.pass(request{kind: toAddressee, cases: []*casework.Case{c}, to: opts.For, leave: opts.Leave, identity: opts.IncludeIdentity,
		read:    b.show(c, &b.o),
		prepare: func([]*casefile.Case) ([]custody.Record, error) { return b.prepare() },
		act: func() error {
			if err := b.finish(); err != nil {
				return err
			}
			return write(b.in)
		}})
}

// prepare collects what the bundle shows and withholds. It records what it opens first.
func (b *bundling) prepare() ([]custody.Record, error) {
	if b.o.Summary.Missing {
		return nil, exit.New(exit.Failed, "import a newer carry file; what was sealed before your time a colleague can open",
			"the first report of %s is not in this vault, or does not open here, and a bundle begins with it", b.o.ID)
	}
	if err := checkChoices(b.o, b.opts.Withhold); err != nil {
		return nil, err
	}
	if err := b.checkMarked(); err != nil {
		return nil, err
	}
	b.in = bundle.Input{Ledger: b.Ledger(), Checkpoint: b.Copy().Newest(), Signer: b.Key().Signer, Forum: b.opts.Forum,
		IncludeIdentity: b.opts.IncludeIdentity, IncludeLocation: b.opts.IncludeLocation, Withhold: b.opts.Withhold, Time: b.opts.Time, Tool: b.Tool()}
	switch now := b.Clock(); {
	case b.in.Time.IsZero():
		b.in.Time = now
	case b.in.Time.After(now):
		return nil, exit.New(exit.Usage, "", "a bundle can't be made at %s, which is yet to come", b.in.Time.UTC().Format(time.RFC3339))
	}
	var err error
	if b.tree, err = b.Copy().Tree(); err != nil {
		return nil, err
	}
	if err := b.gather(); err != nil {
		return nil, err
	}
	copies, copied, err := b.workingCopies()
	if err != nil {
		return nil, err
	}
	b.in.Derived = append(b.translations(), copies...)
	if err := b.openShown(); err != nil {
		return nil, err
	}
	if b.keys, err = b.wantedKeys(); err != nil {
		return nil, err
	}
	if err := bundle.CheckKeys(b.in); err != nil {
		return nil, err
	}
	records := b.withheld()
	for _, k := range b.keys {
		records = append(records, k.record(b.o.ID))
	}
	records = append(records, copied...)
	b.made = b.choices(copied)
	return append(records, b.exported()...), nil
}

// finish adds what requires the recorded events: the disclosed keys, and the custody log itself.
func (b *bundling) finish() (err error) {
	for _, k := range b.keys {
		if err := b.discloseKey(k); err != nil {
			return err
		}
	}
	if b.in.Custody, err = b.custody(); err != nil {
		return err
	}
	b.in.CustodyHeads, err = b.headFor(&b.in.Custody)
	return err
}

// gather adds the entries that govern the ledger, the case's submissions, and the evidence of their time.
func (b *bundling) gather() (err error) {
	if b.in.Public, err = b.public(); err != nil {
		return err
	}
	var entries []uint64
	for _, s := range b.o.Submissions {
		given, err := b.submission(s)
		if err != nil {
			return err
		}
		b.in.Submissions = append(b.in.Submissions, given)
		if s.Index != nil {
			entries = append(entries, *s.Index)
		}
	}
	b.in.Anchors, err = b.anchorsFor(entries)
	return err
}

// headFor returns the newest custody entry of the owner whose head is of this vault's log and within its events, with
// its proof; none where there is no such entry. It fixes the excerpt up to there.
func (b *bundling) headFor(x *custody.Excerpt) ([]bundle.Public, error) {
	heads, err := b.LedgerHeads()
	if err != nil {
		return nil, err
	}
	for _, h := range slices.Backward(heads) {
		if h.Index == nil || h.Statement.Signer != b.Key().Signer.Fingerprint() || !h.Head.HasRoot() || h.Head.Events > uint64(len(x.Hashes)) || b.HeadMismatch(h) != "" {
			continue
		}
		entry := b.Copy().Entry(*h.Index).Marshal()
		receipt, err := ledger.MakeReceipt(entry, b.Copy().Newest(), b.tree)
		if err != nil {
			return nil, err
		}
		x.Fixed = h.Head.Events
		return []bundle.Public{{Entry: entry, Body: h.SignedBody.Marshal(), Receipt: receipt}}, nil
	}
	return nil, nil
}

// checkMarked refuses a bundle for an addressee who may pass it on to the state, where an exhibit in it is not marked
// as one that may be communicated.
func (b *bundling) checkMarked() error {
	for _, e := range b.o.Exhibits {
		if !b.opts.For.Marked || e.Closed != "" || slices.Contains(b.opts.Communicable, e.Name) || b.withholds(e.Name) {
			continue
		}
		return exit.Advise(exit.Failed, exit.MarkOrWithhold.With(e.Name),
			"%s would go to %s, and is not marked as one that may be communicated: %s", e.Name, b.opts.For.English, b.opts.For.Why)
	}
	return nil
}

// checkChoices refuses to withhold an item that does not exist, before anything is recorded: a typing error must not
// lead to a bundle that shows what it was meant to hide.
func checkChoices(o *casefile.Case, choices []bundle.Choice) error {
	known := incident.Newest().FieldNames()
	for _, e := range o.Exhibits {
		known = append(known, e.Name)
	}
	for _, c := range choices {
		if !slices.Contains(known, c.Item) {
			advice := exit.NameWithheld
			if c.Item == "identity" {
				advice = exit.WithholdIdentity
			}
			return exit.Advise(exit.Usage, advice.With(), "there is nothing to withhold called %q", c.Item)
		}
	}
	return checkReasons(choices)
}

func checkReasons(choices []bundle.Choice) error {
	for _, c := range choices {
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

// Check refuses what could be refused without a key: reasons, and working copies that can't be read.
func (o BundleOptions) Check() error {
	if err := checkReasons(o.Withhold); err != nil {
		return err
	}
	for _, d := range o.Derived {
		f, err := os.Open(d.File)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// public gives the entries that govern the ledger, with their proofs.
func (b *bundling) public() ([]bundle.Public, error) {
	var list []bundle.Public
	for _, e := range b.Copy().Bare(func(k ledger.Kind) bool { return k.HasTrustees() || k == ledger.KindKey }) {
		body, err := b.Copy().ReadEntryPart(e.Index, e.Body.Parts[0].Hash)
		if err != nil {
			return nil, err
		}
		receipt, err := ledger.MakeReceipt(e.Marshal(), b.Copy().Newest(), b.tree)
		if err != nil {
			return nil, err
		}
		list = append(list, bundle.Public{Entry: e.Marshal(), Body: body, Receipt: receipt})
	}
	return list, nil
}

// submission returns one submission: its proof, its listing, and the lines and files that are open.
func (b *bundling) submission(s casefile.Submission) (bundle.Submission, error) {
	out := bundle.Submission{Act: s.Act, Received: s.Received, Listing: s.Lines.Listing().Marshal()}
	if s.Index == nil {
		for _, w := range b.Copy().Waiting() {
			if w.Hash == s.Hash {
				out.Promise = w.File
			}
		}
	} else {
		out.Entry = b.Copy().Entry(*s.Index).Marshal()
		var err error
		if out.Receipt, err = ledger.MakeReceipt(out.Entry, b.Copy().Newest(), b.tree); err != nil {
			return bundle.Submission{}, err
		}
		if out.SlotBefore, out.Slot, err = b.Copy().SlotFiles(*s.Index); err != nil {
			return bundle.Submission{}, err
		}
	}
	closed := make(map[string]bool) // slots whose files can't be opened; their lines are withheld too
	for _, e := range b.o.ExhibitsOf(s) {
		if e.Closed != "" {
			closed[e.Slot] = true
			continue
		}
		out.Attachments = append(out.Attachments, bundle.Attachment{Exhibit: e.Name, Open: func() (io.ReadCloser, error) {
			return b.stream(e), nil
		}})
	}
	for _, it := range s.Lines.Items {
		if it.Line != nil && !closed[it.Field] {
			out.Lines = append(out.Lines, it.Line.Marshal())
		}
	}
	if s.IdentityLines != nil {
		out.Identity = openLines(s.IdentityLines, closed)
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

// stream decrypts an exhibit while it is read. A read returns io.EOF only where all of it has verified.
func (b *bundling) stream(e casefile.Exhibit) io.ReadCloser {
	r, w := io.Pipe()
	go func() { w.CloseWithError(b.OpenExhibit(w, e)) }()
	return r
}

// withholds reports whether an item is to be withheld.
func (b *bundling) withholds(item string) bool {
	return slices.ContainsFunc(b.opts.Withhold, func(c bundle.Choice) bool { return c.Item == item })
}
