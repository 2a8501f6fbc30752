// Package letter drafts letters to offices: the police, an ombudsperson or equality body, Interpol's Commission, the
// UN's special procedures, a bank. A draft is plain text that a trustee edits.
//
// It is pure: plain data in, bytes out. The caller has checked the consent with internal/trustee/casefile; a field
// that the reporter has not opened, or that the addressee does not need, is left to be filled in by hand.
package letter

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/template"

	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
)

//go:embed templates
var files embed.FS

// Input is the input of a letter.
type Input struct {
	To           casefile.Addressee
	Language     string // of the letter: en, de, pl, lt
	Case         casefile.Case
	Annexes      []casefile.Annex
	WithIdentity bool // the answers of the identity part are included
}

// Languages returns the languages of letters to an addressee.
func Languages(to casefile.Addressee) []string {
	var list []string
	for _, l := range languages {
		if _, err := fs.Stat(files, file(l, to.Code)); err == nil {
			list = append(list, l)
		}
	}
	return list
}

func file(language, name string) string { return "templates/" + language + "/" + name + ".txt" }

// Check refuses an addressee or a language without a letter.
func Check(to casefile.Addressee, language string) error {
	have := Languages(to)
	switch {
	case len(have) == 0:
		return exit.New(exit.Usage, "", "there is no letter to %s", to.English)
	case !slices.Contains(have, language) && to.Marked:
		return exit.Advise(exit.Usage, exit.WriteEnglish.With(), "the letter to %s is there in %s: they read Arabic, English, French and Spanish", to.English, strings.Join(have, ", "))
	case !slices.Contains(have, language):
		return exit.New(exit.Usage, "one of: "+strings.Join(have, ", "), "there is no letter to %s in %q", to.English, language)
	}
	return nil
}

// Draft returns the letter. The same input yields the same bytes.
func Draft(in Input) ([]byte, error) {
	if err := Check(in.To, in.Language); err != nil {
		return nil, err
	}
	for _, a := range in.Annexes {
		switch {
		case in.To.Marked && a.Mark != casefile.Communicable:
			return nil, exit.New(exit.Failed, "", "%s is not marked as one that may be communicated", a.Name)
		case a.Identifies && !in.WithIdentity, a.SHA256 == "":
			return nil, exit.New(exit.Failed, "", "%s can't be named: it is the identity's, or closed", a.Name)
		}
	}
	t, err := template.New(in.To.Code+".txt").Option("missingkey=error").ParseFS(files, file(in.Language, "common"), file(in.Language, in.To.Code))
	if err != nil {
		return nil, fmt.Errorf("letter: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, factsOf(in)); err != nil {
		return nil, fmt.Errorf("letter: %w", err)
	}
	return tidy(b.Bytes()), nil
}

// tidy removes what empty fields leave: more than one blank line in a row, and at either end.
func tidy(text []byte) []byte {
	for bytes.Contains(text, []byte("\n\n\n")) {
		text = bytes.ReplaceAll(text, []byte("\n\n\n"), []byte("\n\n"))
	}
	return append(bytes.Trim(text, "\n"), '\n')
}
