package bundle

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/crypto/timestamp"
	"zapis/internal/evidence/custody"
	"zapis/internal/incident"
)

// guide.txt is the page that a lawyer's IT person follows. Lines that are
// indented by four spaces are commands; each block of them stands alone, and
// fails when what it checks does not hold.
//
//go:embed guide.txt
var guideText string

var guideTemplate = template.Must(template.New("VERIFY.txt").Parse(guideText))

// A guide is what VERIFY.txt says about one bundle.
type guide struct {
	Case, Ledger, Origin, Made, Tool string
	Signer, Fingerprint              string
	Genesis                          string // hex
	LogKeyFile                       string
	SetFile                          string // the body that holds the set in force
	Size                             uint64
	Folders                          []guideFolder
	Exhibits                         []guideExhibit
	Keys                             []guideKey
	Entries                          []guideEntry
	Links                            []guideLink
	Waiting                          []guideWait
	Tokens                           []guideToken
	Identity                         bool
	CustodyHead                      string
	EventLines                       int // of events.txt, for each event that is shown
}

type guideFolder struct {
	Folder string // data/disclosure
	File   string // where the commitments' hash is recorded
	Where  string // "entry 7", "the promise"
	Shown  bool   // whether any line is disclosed
}

// A guideLink is two entries of which one follows the other.
type guideLink struct{ From, To uint64 }

// A guideKey is a part whose key is disclosed.
type guideKey struct {
	Part, File, Entry string
	Original          string // the file that it decrypts to, where stock age opens it for a trustee
	Size              int64
}

type guideExhibit struct{ Exhibit, File, Line string }

// A guideEntry is one entry with its proof.
type guideEntry struct {
	Index   uint64
	What    string
	Receipt string
	Body    string // the file of its body, where the bundle has it
	Steps   []guideStep
}

// A guideStep is one hash of the proof: the line of the receipt it stands on,
// and on which side of what is known so far it goes.
type guideStep struct {
	Line int
	Left bool
}

// A guideToken is an anchor entry: a time-stamp token, or a witness's line.
type guideToken struct {
	Index, Size      uint64
	Says             string // by whom, and when
	Token            string // the file; empty for a witness's line
	Checkpoint, Body string
	Chain            string
	Root             bool // the chain ends in a root
	At               int64
	Covers           []guideEntry
}

type guideWait struct{ File, Slot, What string }

func (g guide) text() ([]byte, error) {
	var b strings.Builder
	if err := guideTemplate.Execute(&b, g); err != nil {
		return nil, fmt.Errorf("%s: %w", verifyPath, err)
	}
	return []byte(b.String()), nil
}

// proofSteps says for each hash of an inclusion proof whether it goes to the
// left (RFC 9162, section 2.1.3.2). Hashes begin on the receipt's fourth line.
func proofSteps(index, size uint64, hashes int) []guideStep {
	var steps []guideStep
	at, last := index, size-1
	for i := range hashes {
		left := at&1 == 1 || at == last
		steps = append(steps, guideStep{Line: 4 + i, Left: left})
		if left {
			for at&1 == 0 && at != 0 {
				at, last = at>>1, last>>1
			}
		}
		at, last = at>>1, last>>1
	}
	return steps
}

// newGuide gathers what VERIFY.txt says. It works on what Write was given; a
// receipt that can't be read is left to the examination that follows.
func newGuide(in *Input, c *charter, r record, info bagInfo) guide {
	g := guide{
		Case: r.Case, Ledger: c.Card.String(), Origin: c.Card.Origin,
		Made: info.Made.Format(timeLayout), Tool: info.Tool,
		Signer: info.Signer, Fingerprint: info.Fingerprint,
		Genesis:    ledger.Hash(c.Card.Genesis).String(),
		LogKeyFile: bodyPath(c.Keys.Index), SetFile: bodyPath(c.SetAt),
		Identity:    info.Identity,
		CustodyHead: custody.Hex(in.Custody.Head), EventLines: bytes.Count(custody.Event{}.Marshal(), []byte("\n")),
	}
	if _, cp, err := c.openCheckpoint(in.Checkpoint); err == nil {
		g.Size = cp.Size
	}
	for n, s := range r.Submissions {
		name := submissionName(n, s)
		f := guideFolder{Folder: s.Disclosure, Shown: len(s.Withheld) < len(incident.FieldNames())}
		if s.Entry != nil {
			f.File, f.Where = entryPath(*s.Entry), fmt.Sprintf("entry %d", *s.Entry)
			g.addEntry(in.Submissions[n].Receipt, *s.Entry, name, receiptPathOf(n, *s.Entry), "")
		} else {
			f.File, f.Where = promisePathOf(n, [32]byte(mustHash(s.Body))), "the promise"
			g.Waiting = append(g.Waiting, guideWait{f.File, *s.PromisedFor, name})
		}
		g.Folders = append(g.Folders, f)
		for _, k := range in.Submissions[n].Keys {
			g.Keys = append(g.Keys, newGuideKey(n, s, k, f.File))
		}
		for _, l := range in.Submissions[n].Lines {
			g.addExhibit(s, l)
		}
		for _, l := range in.Submissions[n].Identity {
			g.addExhibit(s, l)
		}
	}
	for _, p := range in.Public {
		if e, err := ledger.ParseEntry(p.Entry); err == nil {
			what := "by which the ledger is governed"
			if e.Index == 0 {
				what = "with which the ledger begins"
			}
			g.addEntry(p.Receipt, e.Index, what, publicReceiptPath(e.Index), bodyPath(e.Index))
		}
	}
	for _, p := range in.CustodyHeads {
		if e, err := ledger.ParseEntry(p.Entry); err == nil {
			g.addEntry(p.Receipt, e.Index, "which holds a head of the custody log", publicReceiptPath(e.Index), bodyPath(e.Index))
		}
	}
	for _, a := range in.Anchors {
		g.addAnchor(a)
	}
	for _, from := range g.Entries {
		for _, to := range g.Entries {
			if to.Index == from.Index+1 {
				g.Links = append(g.Links, guideLink{from.Index, to.Index})
			}
		}
	}
	return g
}

func newGuideKey(n int, s submission, k DisclosedKey, recorded string) guideKey {
	g := guideKey{Part: k.Part, File: keyPath(n, k.Part), Entry: recorded}
	for _, a := range s.Attachments {
		if a.Exhibit == k.Part && opensAlone(k) {
			g.Original, g.Size = a.File, a.Size
		}
	}
	return g
}

// opensAlone says whether age itself opens a part for any one of its trustees.
func opensAlone(k DisclosedKey) bool {
	r, err := k.Open()
	if err != nil {
		return false
	}
	defer r.Close()
	header, err := seal.Header(r)
	if err != nil {
		return false
	}
	need, _, err := seal.Quorum(header)
	return err == nil && need == 1
}

func mustHash(s string) ledger.Hash {
	h, err := ledger.ParseHash(s)
	if err != nil {
		panic("bundle: a hash of our own making: " + err.Error())
	}
	return h
}

func (g *guide) addEntry(receipt []byte, index uint64, what, path, body string) {
	_, _, _, hashes, err := ledger.SplitReceipt(receipt)
	if err != nil || index >= g.Size {
		return
	}
	g.Entries = append(g.Entries, guideEntry{index, what, path, body, proofSteps(index, g.Size, len(hashes))})
}

func (g *guide) addAnchor(given Anchor) {
	e, err := ledger.ParseEntry(given.Entry)
	if err != nil {
		return
	}
	a, err := ledger.ParseAnchor(given.Body)
	if err != nil {
		return
	}
	g.addEntry(given.Receipt, e.Index, "which holds outside evidence of time", publicReceiptPath(e.Index), bodyPath(e.Index))
	t := guideToken{Index: e.Index, Size: a.Size, Checkpoint: anchorCheckpointPath(e.Index), Body: bodyPath(e.Index), Says: "a line that can't be read"}
	if claim, err := (anchored{e.Index, a}).evidence(given.Checkpoint); err == nil {
		t.Says = claim.Time.Format(timeLayout) + within(claim.Accuracy) + ", " + evidenceName(claim)
		t.At = claim.Time.Unix()
	}
	if a.Witness == "" {
		t.Token, t.Chain = anchorTokenPath(e.Index), anchorChainPath(e.Index)
		_, t.Root, _ = timestamp.CertificatesPEM(a)
	}
	for _, r := range given.Receipts {
		if _, _, entry, hashes, err := ledger.SplitReceipt(r); err == nil && entry < a.Size {
			t.Covers = append(t.Covers, guideEntry{Index: entry, Receipt: anchorReceiptPath(e.Index, entry), Steps: proofSteps(entry, a.Size, len(hashes))})
		}
	}
	g.Tokens = append(g.Tokens, t)
}

// addExhibit pairs a shown original with its disclosure line.
func (g *guide) addExhibit(s submission, text []byte) {
	l, err := seal.ParseLine(text)
	if err != nil {
		return
	}
	v, err := seal.ParseAttachment(l.Value)
	if err != nil {
		return
	}
	for _, a := range s.Attachments {
		if a.Exhibit == v.Exhibit {
			g.Exhibits = append(g.Exhibits, guideExhibit{a.Exhibit, a.File, s.Disclosure + "/" + l.Field + ".json"})
		}
	}
}
