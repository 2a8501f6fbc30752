package bundle

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/template"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/crypto/timestamp"
	"zapis/internal/evidence/custody"
	"zapis/internal/incident"
)

// guideText is VERIFY.txt, the page for a lawyer's IT expert. Lines indented by four spaces are commands; each block of them is
// independent, prints PASS, SKIPPED or DOES NOT FIT, and fails when its check fails.
//
//go:embed guide.txt
var guideText string

// powerShellText is verify.ps1, which checks in PowerShell what is possible without openssl. It is the same in every bundle: it reads the
// values that it compares from the files.
//
//go:embed verify.ps1
var powerShellText string

// fits returns the end of a command: its output on success and on failure.
func fits(what string) string {
	return ` && echo "PASS: ` + what + `" || { echo "DOES NOT FIT: ` + what + `"; false; }`
}

var guideTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("VERIFY.txt").Funcs(template.FuncMap{"fits": func(format string, args ...any) string {
		return fits(fmt.Sprintf(format, args...))
	}}).Parse(guideText))
})

// A guide is the content of VERIFY.txt for one bundle.
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
	CustodyRoot                      string
	Fixed                            guideFixed
	EventLines                       int // of events.txt, for each event that is shown
}

type guideFolder struct {
	Folder string // data/disclosure
	File   string // where the commitments' hash is recorded
	Where  string // "entry 7", "the promise"
	Shown  bool   // whether any line is disclosed
}

// A guideFixed is the head of the custody log in the ledger.
type guideFixed struct {
	Events     uint64
	Root, Body string
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

// A guideStep is one hash of the proof: its line in the receipt, and the side on which it is combined.
type guideStep struct {
	Line int
	Left bool
}

// A guideToken is an anchor entry: a time-stamp token, or a witness's line.
type guideToken struct {
	Index, Size      uint64
	Says             string // the authority or witness, and the time
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
	if err := guideTemplate().Execute(&b, g); err != nil {
		return nil, fmt.Errorf("%s: %w", verifyPath, err)
	}
	return []byte(b.String()), nil
}

// script generates verify.sh from the page: it runs every block of commands and counts.
func script(page []byte, g guide) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `#!/bin/sh
# Runs every block of commands of VERIFY.txt, and counts. In this folder:
#
#   sh verify.sh %s
#
# Give the ledger card that you got from elsewhere, not the one above, which came
# in this bundle. This script came in the bundle too: somebody who forged the
# bundle can have changed it. VERIFY.txt has the same commands to be read first.
CARD=${1:-$CARD}
export CARD
pass=0 skipped=0 failed=0
run() {
    said=$(sh -c "$1" 2>&1)
    status=$?
    echo "$said"
    if test $status -ne 0; then
        failed=$((failed + 1))
    elif echo "$said" | grep -q '^SKIPPED'; then
        skipped=$((skipped + 1))
    else
        pass=$((pass + 1))
    fi
}
`, g.Ledger)
	for _, block := range blocks(string(page)) {
		fmt.Fprintf(&b, "\nrun \"$(cat <<'END-OF-BLOCK'\n%sEND-OF-BLOCK\n)\"\n", block)
	}
	b.WriteString(`
echo "$pass passed, $skipped skipped, $failed do not fit"
if test $failed -eq 0; then
    echo "ALL THAT WAS CHECKED FITS. VERIFY.txt says what that proves, and what not."
else
    echo "THIS BUNDLE DOES NOT FIT."
    exit 3
fi
`)
	return []byte(b.String())
}

// blocks returns the page's lines of commands, without the four spaces.
func blocks(page string) []string {
	var found []string
	open := false
	for line := range strings.Lines(page) {
		command, ok := strings.CutPrefix(line, "    ")
		switch {
		case !ok:
			open = false
		case open:
			found[len(found)-1] += command
		default:
			found, open = append(found, command), true
		}
	}
	return found
}

// proofSteps returns for each hash of an inclusion proof whether it is the left one (RFC 9162, section 2.1.3.2).
// Hashes begin on the receipt's fourth line.
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

// guide collects the content of VERIFY.txt, all of it from the bundle's own files, so that a checker can generate the
// page again. It leaves out what can't be read: the examination before or after it reports that.
func (x *examination) guide() guide {
	c, r, info := x.governance, x.record, x.info
	g := guide{
		Case: r.Case, Ledger: c.Card.String(), Origin: c.Card.Origin,
		Made: info.Made.Format(timeLayout), Tool: info.Tool,
		Signer: info.Signer, Fingerprint: info.Fingerprint,
		Genesis:    ledger.Hash(c.Card.Genesis).String(),
		LogKeyFile: bodyPath(c.Keys.Index), SetFile: bodyPath(c.SetAt),
		Identity:    info.Identity,
		CustodyRoot: custody.Hex(x.events.Head), EventLines: bytes.Count(custody.Event{}.Marshal(), []byte("\n")),
		Size: x.checkpoint.Size,
	}
	for n, s := range r.Submissions {
		name := submissionName(n, s)
		f := guideFolder{Folder: s.Disclosure, Shown: len(s.Withheld) < bytes.Count(x.bag.texts[disclosureFolder(n)+listingName], []byte("\n"))}
		if s.Entry != nil {
			f.File, f.Where = entryPath(*s.Entry), fmt.Sprintf("entry %d", *s.Entry)
			g.addEntry(x.bag, *s.Entry, name, receiptPathOf(n, *s.Entry), "")
		} else {
			f.File, f.Where = promisePathOf(n, [32]byte(mustHash(s.Body))), "the promise"
			g.Waiting = append(g.Waiting, guideWait{f.File, *s.PromisedFor, name})
		}
		g.Folders = append(g.Folders, f)
		for _, a := range s.Attachments {
			g.addExhibit(x.bag, s, a)
		}
		for _, part := range x.disclosedParts(n, s) {
			g.Keys = append(g.Keys, x.guideKey(n, s, part, f.File))
		}
	}
	for _, e := range x.governs {
		what := "by which the ledger is governed"
		if e.Index == 0 {
			what = "with which the ledger begins"
		}
		g.addEntry(x.bag, e.Index, what, publicReceiptPath(e.Index), bodyPath(e.Index))
	}
	for _, e := range x.heads {
		g.addEntry(x.bag, e.Index, "which holds a head of the custody log", publicReceiptPath(e.Index), bodyPath(e.Index))
		if x.events.Fixed > 0 {
			g.Fixed = guideFixed{x.events.Fixed, custody.Hex(x.events.Root), bodyPath(e.Index)}
		}
	}
	for _, e := range x.anchors {
		x.guideAnchor(&g, e)
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

// disclosedParts returns the parts of a submission whose keys are in the bundle.
func (x *examination) disclosedParts(n int, s submission) (parts []string) {
	if x.discloses(n) {
		parts = append(parts, partStatement)
	}
	for _, a := range s.Attachments {
		if _, there := x.bag.texts[keyPath(n, a.Exhibit)+".key"]; there {
			parts = append(parts, a.Exhibit)
		}
	}
	return parts
}

func (x *examination) guideKey(n int, s submission, part, recorded string) guideKey {
	g := guideKey{Part: part, File: keyPath(n, part), Entry: recorded}
	for _, a := range s.Attachments {
		if a.Exhibit == part && opensAlone(x.bag.parts[g.File+".age"]) {
			g.Original, g.Size = a.File, a.Size
		}
	}
	return g
}

// opensAlone reports whether age itself opens a part for any one of its trustees.
func opensAlone(open func() (io.ReadSeekCloser, error)) bool {
	if open == nil {
		return false
	}
	r, err := open()
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

func (g *guide) addEntry(b *bag, index uint64, what, path, body string) {
	_, _, _, hashes, err := ledger.SplitReceipt(b.texts[path])
	if err != nil || index >= g.Size {
		return
	}
	g.Entries = append(g.Entries, guideEntry{index, what, path, body, proofSteps(index, g.Size, len(hashes))})
}

func (x *examination) guideAnchor(g *guide, e governing) {
	a, err := ledger.ParseAnchor(e.Body)
	if err != nil {
		return
	}
	g.addEntry(x.bag, e.Index, "which holds outside evidence of time", publicReceiptPath(e.Index), bodyPath(e.Index))
	t := guideToken{Index: e.Index, Size: a.Size, Checkpoint: anchorCheckpointPath(e.Index), Body: bodyPath(e.Index), Says: "a line that can't be read"}
	if claim, err := timestamp.Stated(e.Index, a, x.bag.texts[t.Checkpoint]); err == nil {
		t.Says = claim.Time.Format(timeLayout) + within(claim.Accuracy) + ", " + evidenceName(claim)
		t.At = claim.Time.Unix()
	}
	if a.Witness == "" {
		t.Token, t.Chain = anchorTokenPath(e.Index), anchorChainPath(e.Index)
		_, t.Root, _ = timestamp.CertificatesPEM(a)
	}
	for _, s := range x.record.Submissions {
		if s.Entry == nil || *s.Entry >= a.Size {
			continue
		}
		path := anchorReceiptPath(e.Index, *s.Entry)
		if _, _, entry, hashes, err := ledger.SplitReceipt(x.bag.texts[path]); err == nil && entry == *s.Entry {
			t.Covers = append(t.Covers, guideEntry{Index: entry, Receipt: path, Steps: proofSteps(entry, a.Size, len(hashes))})
		}
	}
	g.Tokens = append(g.Tokens, t)
}

// addExhibit pairs a shown original with its disclosure line.
func (g *guide) addExhibit(b *bag, s submission, a exhibit) {
	for slot := 1; slot <= incident.Slots; slot++ {
		path := s.Disclosure + "/" + incident.SlotName(slot) + ".json"
		l, err := seal.ParseLine(b.texts[path])
		if err != nil {
			continue
		}
		if v, err := seal.ParseAttachment(l.Value); err == nil && v.Exhibit == a.Exhibit {
			g.Exhibits = append(g.Exhibits, guideExhibit{a.Exhibit, a.File, path})
			return
		}
	}
}
