package bundle

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/internal/evidence/bundle/pdf"
	"zapis/internal/evidence/custody"
)

// documentsVersion is the version of the words and layout of the documents for
// people: VERIFY.txt, the two scripts, index.html and the PDFs. A checker with
// the bundle's version makes them again and compares. Every change in them
// increments it (TestDocumentsHaveANumber).
const documentsVersion = 1

// A document is one of the files that are generated from the others.
type document struct {
	path string
	data []byte
}

// paperPaths are the documents for people, each with the version of a bundle and
// the number of its documents (Zapis-Documents, 0 in version 1) from which on it
// is there.
var paperPaths = []struct {
	path            string
	version, number int
}{
	{verifyPath, version1, 0}, {pdf.IndexPath, version1, 0}, {pdf.CustodyPath, version1, 0}, {pdf.CertificatePath, version1, 0},
	{pdf.ReportPath, version1, 0}, {pdf.ScreenPath, version1, 0}, {scriptPath, version2, 0}, {powerShellPath, version2, 0},
}

// documentPaths returns the documents for people of a bundle.
func documentPaths(version, number int) (paths []string) {
	for _, p := range paperPaths {
		if version >= p.version && number >= p.number {
			paths = append(paths, p.path)
		}
	}
	return paths
}

// A rendering is what pdf.All has made of facts.
type rendering struct {
	facts pdf.Facts
	made  []pdf.Document
}

// render generates the documents of a bundle whose other files have been
// examined. It takes the documents of x.rendered where they are of the same
// facts: what pdf.All makes depends on nothing else.
func (x *examination) render() ([]document, error) {
	g := x.guide()
	page, err := g.text()
	if err != nil {
		return nil, err
	}
	all := []document{{verifyPath, page}, {scriptPath, script(page, g)}, {powerShellPath, []byte(powerShellText)}}
	f, err := x.facts()
	if err != nil {
		return nil, err
	}
	if x.rendered == nil || !reflect.DeepEqual(x.rendered.facts, f) {
		made, err := pdf.All(f)
		if err != nil {
			return nil, err
		}
		x.rendered = &rendering{f, made}
	}
	for _, d := range x.rendered.made {
		all = append(all, document{d.Path, d.Data})
	}
	return all, nil
}

// facts collects the content of the PDFs and index.html, all of it from the
// bundle's own files.
func (x *examination) facts() (pdf.Facts, error) {
	f := pdf.Facts{
		Case: x.record.Case, Ledger: x.record.Ledger, Origin: x.governance.Card.Origin, Made: x.info.Made, Tool: x.info.Tool,
		Signer: x.info.Signer, Fingerprint: x.info.Fingerprint, Forum: x.info.Forum,
		SetAt: x.governance.SetAt, Version: version2,
		Events: shownActs(x.events), EventsTotal: int(x.events.Events), Head: custody.Hex(x.events.Head),
		Size: x.checkpoint.Size, Root: x.checkpoint.Root.String(), Signed: x.checkpoint.Time,
	}
	for _, t := range x.governance.Set.Trustees {
		f.Trustees = append(f.Trustees, t.Name)
	}
	if _, others, err := x.log.OpenWitnessed(x.bag.texts[checkpointPath]); err == nil {
		f.Witnesses = len(others)
	}
	all := x.claims()
	for _, e := range all {
		f.Tokens = append(f.Tokens, pdf.Token{Entry: e.Entry, Size: e.Size, Text: fmt.Sprintf("%s%s: %s", e.Time.Format(timeLayout), within(e.Accuracy), evidenceName(e))})
	}
	derived, err := x.derivedFiles()
	if err != nil {
		return f, err
	}
	for n, s := range x.record.Submissions {
		f.Identity = f.Identity || showsIdentity(s)
		p, err := x.paperSubmission(n, s, all)
		if err != nil {
			return f, err
		}
		for _, d := range derived {
			if d.translation != nil && d.translation.Submission == n+1 {
				p.Translations = append(p.Translations, pdf.Translation{Language: d.translation.Language, By: d.translation.By, Keeper: d.translation.Keeper,
					At: d.translation.At.Format(timeLayout), Text: strings.TrimSuffix(d.text, "\n")})
			}
		}
		f.Submission = append(f.Submission, p)
	}
	for _, h := range x.heads {
		f.Fixed = append(f.Fixed, h.Index)
	}
	for _, d := range derived {
		f.Derived = append(f.Derived, pdf.Derived{Of: d.of, File: derivedFolder + d.name, MediaType: d.mediaType, Note: d.note})
	}
	return f, nil
}

// claims returns the claims of the anchors, which are not verified here.
func (x *examination) claims() (all []timestamp.Evidence) {
	for _, g := range x.anchors {
		a, err := ledger.ParseAnchor(g.Body)
		if err != nil {
			continue
		}
		if claim, err := timestamp.Stated(g.Index, a, x.bag.texts[anchorCheckpointPath(g.Index)]); err == nil {
			all = append(all, claim)
		}
	}
	return all
}

func (x *examination) paperSubmission(n int, s submission, all []timestamp.Evidence) (pdf.Submission, error) {
	p := pdf.Submission{
		Name: submissionName(n, s), Title: actTitles[s.Act], Received: s.ReceivedAt, Ours: s.Act == actCollected,
		Entry: s.Entry, Body: s.Body, Folder: s.Disclosure, Keys: x.disclosedParts(n, s),
	}
	_, p.Committed = x.headOf(n)
	if s.PromisedFor != nil {
		p.Promised = *s.PromisedFor
	}
	if s.Entry != nil {
		if e, err := ledger.ParseEntry(x.bag.texts[entryPath(*s.Entry)]); err == nil {
			p.Hash, p.Previous = e.LeafHash().String(), e.Previous.String()
			p.SealedTo = x.trusteesAt(e.Body.Trustees)
		}
		switch i := timestamp.Tightest(all, *s.Entry); {
		case !i.Possible():
			p.Between = "at a time on which those who vouch for it contradict each other"
		case i.NotBefore != nil || i.NotAfter != nil:
			p.Between = intervalText(i)
		}
	}
	for _, a := range s.Answers {
		values, err := a.strings()
		if err != nil {
			return pdf.Submission{}, err
		}
		if a.Field == "language" && len(values) == 1 {
			p.Language = values[0]
		}
		p.Answers = append(p.Answers, pdf.Answer{Field: a.Field, Label: pdf.Label(a.Field), Values: values})
	}
	for _, a := range s.Attachments {
		p.Exhibits = append(p.Exhibits, pdf.Exhibit{Number: a.Exhibit, File: a.File, SHA256: a.SHA256, MediaType: a.MediaType, Name: a.Name, Size: a.Size})
	}
	for _, w := range s.Withheld {
		p.Withheld = append(p.Withheld, pdf.Withheld{Field: w.Field, Label: fieldName(w.Field), Reason: w.Reason.Sentence()})
	}
	return p, nil
}

// trusteesAt names the trustees of the set that an entry holds.
func (x *examination) trusteesAt(entry uint64) (names []string) {
	set, err := x.governance.chain.SetAt(entry)
	if err != nil {
		return nil
	}
	for _, t := range set.Trustees {
		names = append(names, t.Name)
	}
	return names
}

func shownActs(x custody.Shown) []pdf.Event {
	var out []pdf.Event
	for _, n := range slices.Sorted(maps.Keys(x.Shown)) {
		e := x.Shown[n]
		out = append(out, pdf.Event{Number: e.Number, At: e.At, By: e.By.Name, Fingerprint: e.By.Fingerprint,
			Act: string(e.Act), Case: e.Case, Subject: e.Subject, In: e.In, Out: e.Out, Tool: e.Tool, Why: e.Why})
	}
	return out
}

// documents checks the documents for people. With the bundle's version it
// generates them again and compares.
func (x *examination) documents() {
	for _, path := range documentPaths(x.info.Version, x.info.Documents) {
		x.used[path] = true
		if _, there := x.bag.sums[path]; !there {
			x.fault("%s: is missing", path)
		}
	}
	if len(x.Faults) > 0 || x.governance == nil || x.log == nil || x.info.Version == 0 {
		return
	}
	if x.info.Version < version2 || x.info.Documents != documentsVersion {
		x.notProve("That VERIFY.txt, index.html and the PDFs say what the other files say: they are the signer's, of a version that this program does not make, and were not compared. Read report.txt.")
		return
	}
	made, err := x.render()
	if err != nil {
		x.fault("the documents can't be made again: %v", err)
		return
	}
	for _, d := range made {
		if sha256.Sum256(d.data) != x.bag.sums[d.path] {
			x.fault("%s: does not say what the other files of the bundle say", d.path)
		}
	}
	x.prove("VERIFY.txt, verify.sh, verify.ps1, index.html and the PDFs are what this program makes of the other files, byte for byte.")
}

// TranslationOf describes a working copy that is a translation of a
// submission's narrative: in the note of derived.txt,
//
//	translation of 1 into en, kept by anna at 2026-11-23T20:47:45Z, made by X
type TranslationOf struct {
	Submission int // from 1
	Language   string
	Keeper     string    // the trustee who added it to the case
	At         time.Time // when, by the trustee's clock
	By         string    // the person or tool that made it
}

// Note returns the line of derived.txt for a translation.
func (t TranslationOf) Note() string {
	return fmt.Sprintf("translation of %d into %s, kept by %s at %s, made by %s", t.Submission, t.Language, t.Keeper, t.At.UTC().Format(timeLayout), t.By)
}

var translationNote = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^translation of ([0-9]{1,3}) into ([a-zA-Z0-9-]{2,20}), kept by ([a-z0-9][a-z0-9._-]{0,31}) at ([0-9TZ:-]{20}), made by (.+)$`)
})

// longestMaker is the most characters of TranslationOf.By. A repetition in translationNote would be compiled as so many copies.
const longestMaker = 300

func parseTranslation(note string) *TranslationOf {
	m := translationNote().FindStringSubmatch(note)
	if m == nil || utf8.RuneCountInString(m[5]) > longestMaker {
		return nil
	}
	at, err := time.Parse(timeLayout, m[4])
	if err != nil {
		return nil
	}
	t := &TranslationOf{Language: m[2], Keeper: m[3], At: at, By: m[5]}
	fmt.Sscan(m[1], &t.Submission)
	if t.Note() != note {
		return nil
	}
	return t
}

// A renderedCopy is a working copy, with its text where it is a translation.
type renderedCopy struct {
	derivedFile
	translation *TranslationOf
	text        string
}

// derivedFiles lists the working copies, with the texts of translations.
func (x *examination) derivedFiles() ([]renderedCopy, error) {
	text, there := x.bag.texts[derivedPath]
	if !there {
		return nil, nil
	}
	list, err := parseDerived(text)
	if err != nil {
		return nil, err
	}
	out := make([]renderedCopy, len(list))
	for i, f := range list {
		out[i].derivedFile = f
		if f.of != derivedReport || f.size > maxText {
			continue
		}
		if out[i].translation = parseTranslation(f.note); out[i].translation == nil {
			continue
		}
		open := x.bag.streams[derivedFolder+f.name]
		if open == nil {
			return nil, fmt.Errorf("%s: can't be read", f.name)
		}
		r, err := open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(r, maxText))
		r.Close()
		if err != nil {
			return nil, err
		}
		out[i].text = string(content)
	}
	return out, nil
}
