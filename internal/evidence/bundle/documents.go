package bundle

import (
	"fmt"
	"slices"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/internal/evidence/bundle/pdf"
	"zapis/internal/evidence/custody"
	"zapis/internal/incident"
)

// documentPaths are what is made for people: signed with the bundle, and not
// compared with what it renders.
var documentPaths = []string{pdf.IndexPath, pdf.CustodyPath, pdf.CertificatePath, pdf.ReportPath, pdf.ScreenPath}

// addDocuments lays out what the record and the ledger say.
func (d *drafted) addDocuments(in *Input, c *charter, r record) error {
	f := pdf.Facts{
		Case: r.Case, Ledger: r.Ledger, Origin: c.Card.Origin, Made: in.Time, Tool: in.Tool,
		Signer: in.Signer.Name(), Fingerprint: in.Signer.Fingerprint(), Forum: in.Forum,
		SetAt:  c.SetAt,
		Events: shownActs(in.Custody), EventsTotal: len(in.Custody.Hashes), Head: custody.Hex(in.Custody.Head),
	}
	for _, t := range c.Set.Trustees {
		f.Trustees = append(f.Trustees, t.Name)
	}
	if v, cp, err := c.openCheckpoint(in.Checkpoint); err == nil {
		f.Size, f.Root, f.Signed = cp.Size, cp.Root.String(), cp.Time
		if _, others, err := v.OpenWitnessed(in.Checkpoint); err == nil {
			f.Witnesses = len(others)
		}
	}
	all := claims(in)
	for _, e := range all {
		f.Tokens = append(f.Tokens, pdf.Token{Entry: e.Entry, Size: e.Size, Text: fmt.Sprintf("%s%s: %s", e.Time.Format(timeLayout), within(e.Accuracy), evidenceName(e))})
	}
	for n, s := range r.Submissions {
		f.Identity = f.Identity || showsIdentity(s)
		p, err := paperSubmission(n, s, in.Submissions[n].Entry)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(s.Answers, func(a answer) bool { return a.Field == "narrative" }) {
			for _, t := range in.Submissions[n].Translations {
				p.Translations = append(p.Translations, pdf.Translation{Language: t.Language, By: t.By, Keeper: t.Keeper, At: t.At.UTC().Format(timeLayout), Text: t.Text})
			}
		}
		for _, k := range in.Submissions[n].Keys {
			p.Keys = append(p.Keys, k.Part)
		}
		if s.Entry != nil {
			switch i := timestamp.Tightest(all, *s.Entry); {
			case !i.Possible():
				p.Between = "at a time on which those who vouch for it contradict each other"
			case i.NotBefore != nil || i.NotAfter != nil:
				p.Between = intervalText(i)
			}
		}
		f.Submission = append(f.Submission, p)
	}
	for _, p := range in.CustodyHeads {
		if e, err := ledger.ParseEntry(p.Entry); err == nil {
			f.Fixed = append(f.Fixed, e.Index)
		}
	}
	for _, g := range in.Derived {
		f.Derived = append(f.Derived, pdf.Derived{Of: g.Of, MediaType: g.MediaType, Note: g.Note})
	}
	documents, err := pdf.All(f)
	if err != nil {
		return err
	}
	for _, doc := range documents {
		d.bag.add(doc.Path, doc.Data)
	}
	return nil
}

// claims gives what the anchors say, which nobody has verified.
func claims(in *Input) (all []timestamp.Evidence) {
	for _, given := range in.Anchors {
		e, err := ledger.ParseEntry(given.Entry)
		if err != nil {
			continue
		}
		a, err := ledger.ParseAnchor(given.Body)
		if err != nil {
			continue
		}
		if claim, err := (anchored{e.Index, a}).evidence(given.Checkpoint); err == nil {
			all = append(all, claim)
		}
	}
	return all
}

func paperSubmission(n int, s submission, entry []byte) (pdf.Submission, error) {
	p := pdf.Submission{
		Name: submissionName(n, s), Title: actTitles[s.Act], Received: s.ReceivedAt, Ours: s.Act == actCollected,
		Entry: s.Entry, Body: s.Body, Folder: s.Disclosure,
	}
	if s.PromisedFor != nil {
		p.Promised = *s.PromisedFor
	}
	if e, err := ledger.ParseEntry(entry); err == nil {
		p.Hash, p.Previous = e.LeafHash().String(), e.Previous.String()
	}
	for _, a := range s.Answers {
		values, err := a.strings()
		if err != nil {
			return pdf.Submission{}, err
		}
		if a.Field == "language" && len(values) == 1 {
			p.Language = values[0]
		}
		shown := pdf.Answer{Field: a.Field, Label: labels[a.Field]}
		for _, v := range values {
			shown.Values = append(shown.Values, incident.Explain(a.Field, v))
		}
		p.Answers = append(p.Answers, shown)
	}
	for _, a := range s.Attachments {
		p.Exhibits = append(p.Exhibits, pdf.Exhibit{Number: a.Exhibit, File: a.File, SHA256: a.SHA256, MediaType: a.MediaType, Name: a.Name, Size: a.Size})
	}
	for _, w := range s.Withheld {
		p.Withheld = append(p.Withheld, pdf.Withheld{Field: w.Field, Reason: w.Reason.Sentence()})
	}
	return p, nil
}

func shownActs(x custody.Excerpt) []pdf.Event {
	var out []pdf.Event
	for n := range uint64(len(x.Hashes)) {
		if e, ok := x.Shown[n+1]; ok {
			out = append(out, pdf.Event{Number: e.Number, At: e.At, By: e.By.Name, Fingerprint: e.By.Fingerprint,
				Act: string(e.Act), Case: e.Case, Subject: e.Subject, Tool: e.Tool, Why: e.Why})
		}
	}
	return out
}

// documents accounts for what is made for people.
func (x *examination) documents() {
	for _, path := range documentPaths {
		x.used[path] = true
		if _, there := x.bag.sums[path]; !there {
			x.fault("%s: is missing", path)
		}
	}
	x.notProve("That the PDFs and index.html say what report.json and the ledger say: they are the signer's rendering of it, signed and not compared.")
}
