package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/review"
)

// leaveFlags are what a trustee says where the reporter's ticks are not enough.
type leaveFlags struct {
	Asked    string `placeholder:"TEXT" help:"When and how the reporter said yes to this, where they want to be asked each time. It stands in the custody log."`
	Override string `name:"override-consent" placeholder:"REASON" help:"Do it without the reporter's consent. The reason stands in the custody log."`
}

func (l leaveFlags) leave() casefile.Leave {
	return casefile.Leave{Asked: strings.TrimSpace(l.Asked), Override: strings.TrimSpace(l.Override)}
}

// outFlags are what everything that is made of a case for somebody takes, but for a bundle.
type outFlags struct {
	Include []string `enum:"identity" placeholder:"identity" help:"Put the contact and the name in, and what shows who the reporter is."`
	leaveFlags
}

func (l outFlags) identity() bool { return len(l.Include) > 0 }

// openedFor opens a case for somebody: not before the reporter's consent was looked at, and not while it holds what
// the trustees have erased together.
func openedFor(s *cli.Streams, v *casework.Trustee, c *casework.Case, to casefile.Addressee, l casefile.Leave) (*casework.OpenedCase, error) {
	if err := c.Summary().Standing().Check(to, l); err != nil {
		return nil, err
	}
	if err := v.MayLeave(c); err != nil {
		return nil, err
	}
	return openedCase(s, v, c)
}

// dossierFor reads a case for somebody: not where it does not verify.
func dossierFor(s *cli.Streams, v *casework.Trustee, c *casework.Case, to casefile.Addressee, l outFlags) (casefile.Case, error) {
	o, err := openedFor(s, v, c, to, l.leave())
	if err != nil {
		return casefile.Case{}, err
	}
	if err := o.MayExport(); err != nil {
		return casefile.Case{}, err
	}
	d, err := dossierOf(v, o)
	if err == nil && l.identity() {
		err = d.CheckIdentity(to)
	}
	return d, err
}

func dossierOf(v *casework.Trustee, o *casework.OpenedCase) (casefile.Case, error) {
	d := casefile.Case{ID: o.Case, Ledger: v.Ledger().String(), Standing: o.Standing()}
	for _, s := range o.Submissions {
		d.Submissions = append(d.Submissions, submissionOf(s))
		for n, e := range s.Exhibits {
			d.Exhibits = append(d.Exhibits, exhibitOf(s, incident.SlotName(n+1), e))
		}
	}
	for _, r := range o.Reviews {
		switch {
		case r.Private():
		case r.Kind == review.Translation:
			by := r.Translator
			if by == "" {
				by = r.By.Name
			}
			d.Translation = append(d.Translation, casefile.Translation{Of: r.Of.String(), Language: r.Language, Translator: by, Text: r.Text})
		case r.Kind == review.Grade:
			d.Nexus, d.Source, d.Information = newer(d.Nexus, r.Nexus), newer(d.Source, r.Source), newer(d.Information, r.Information)
		}
	}
	var err error
	d.Custody, err = v.Acts(o)
	return d, err
}

func newer(old, given string) string {
	if given == "" {
		return old
	}
	return given
}

func submissionOf(s casework.OpenedSubmission) casefile.Submission {
	d := casefile.Submission{Place: s.Where(), Body: s.Hash.String(), Act: s.Statement.Act, Received: s.Statement.Received,
		Closed: s.Closed, NotSigned: !s.Author.Counts() && s.Author != casework.AuthorCollect, Answers: make(map[string][]string)}
	for _, p := range s.Body.Parts {
		if p.Kind == ledger.PartStatement {
			d.Statement = casefile.Sealed{SHA256: p.Hash.String(), Size: p.Size}
		}
	}
	for _, one := range answersOf(s) {
		if given := given(one.json); given != nil {
			d.Answers[one.field] = given
		}
	}
	if identity := identityOf(s); identity != nil {
		d.Identity = make(map[string][]string)
		for _, one := range *identity {
			if given := given(one.json); given != nil {
				d.Identity[one.field] = given
			}
		}
	}
	return d
}

// given reads an answer as it is committed: a text, a list of texts, or null.
func given(value []byte) []string {
	var one string
	var many []string
	switch {
	case len(value) == 0 || string(value) == "null":
	case json.Unmarshal(value, &one) == nil:
		return []string{one}
	case json.Unmarshal(value, &many) == nil:
		return many
	}
	return nil
}

func exhibitOf(s casework.OpenedSubmission, slot string, e casework.Exhibit) casefile.Exhibit {
	d := casefile.Exhibit{Name: e.Name, Place: s.Where(), Sealed: casefile.Sealed{SHA256: e.Part.Hash.String(), Size: e.Part.Size},
		Identifies: s.ShowsReporter(slot), Closed: e.Closed}
	if e.Value != nil {
		d.File, d.MediaType, d.Size, d.SHA256 = e.FileName(), e.Value.MediaType, e.Value.Size, e.Value.SHA256
	}
	return d
}

// writeExport records what was made for every case of it, and then writes it.
func writeExport(s *cli.Streams, v *casework.Trustee, out, what string, text []byte, to casefile.Addressee, l outFlags, cases ...casefile.Case) error {
	if l.identity() {
		what += ", with the identity"
	}
	for _, c := range cases {
		if err := v.Exported(c.ID, casework.Export{What: what, Why: c.Standing.Why(to, l.leave()), Made: sha256.Sum256(text)}); err != nil {
			return err
		}
	}
	if err := writeFile(out, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, cli.Escape(out))
	return nil
}

// chosen finds the cases that are named, each once.
func chosen(ctx context.Context, s *cli.Streams, v *casework.Trustee, ids []string) ([]*casework.Case, error) {
	cases, err := sorted(ctx, s, v)
	if err != nil {
		return nil, err
	}
	var list []*casework.Case
	seen := make(map[string]bool)
	for _, id := range ids {
		c, err := cases.Find(id)
		if err != nil {
			return nil, err
		}
		if seen[c.ID] {
			return nil, exit.New(exit.Usage, "", "%s is named twice", c.ID)
		}
		seen[c.ID] = true
		list = append(list, c)
	}
	return list, nil
}
