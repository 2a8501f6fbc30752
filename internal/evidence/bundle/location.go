package bundle

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"zapis/crypto/seal"
	"zapis/internal/evidence/metadata"
	"zapis/internal/exit"
)

// Found is the result of searching the originals and working copies of a bundle.
type Found struct {
	// Located withholds each original in which a place was found. It is empty where places are included.
	Located []Choice
	// Unsearched names what could not be searched for places, or not completely: the signer must look at it.
	Unsearched []Unsearched
}

// Unsearched is one original or working copy, and the reason why it was not searched.
type Unsearched struct {
	Item    string // an exhibit, or "a working copy of A03"
	Reasons []metadata.Reason
}

// Why returns the reasons in words.
func (u Unsearched) Why() string {
	var words []string
	for _, r := range u.Reasons {
		words = append(words, string(r))
	}
	return strings.Join(words, ", ")
}

// Search reads the originals and working copies that a bundle of this input would show, and returns the choices that
// withhold those which contain the place where they were made. Write does so itself; a caller with a custody log calls
// Search first, records the choices, and adds them to Withhold.
//
// It is a search for the usual marks, and no proof: see package metadata. A working copy is meant to hide something:
// one that contains a place that was not asked for, a thumbnail, bytes after its end or an earlier version of itself
// is an error.
func Search(in Input) (Found, error) {
	var found Found
	for _, s := range in.Submissions {
		lines := slices.Clone(s.Lines)
		if in.IncludeIdentity {
			lines = append(lines, s.Identity...)
		}
		for _, text := range lines {
			if err := found.original(&in, s, text); err != nil {
				return Found{}, err
			}
		}
	}
	for _, d := range in.Derived {
		if err := found.workingCopy(&in, d); err != nil {
			return Found{}, err
		}
	}
	return found, nil
}

// original searches the file that a disclosure line commits to, if it is one, is there and is shown.
func (found *Found) original(in *Input, s Submission, line []byte) error {
	l, err := seal.ParseLine(line)
	if err != nil {
		return err
	}
	a, err := seal.ParseAttachment(l.Value)
	if err != nil || in.withholds(l.Field, a.Exhibit) {
		return nil // an answer, or not shown
	}
	i := slices.IndexFunc(s.Attachments, func(given Attachment) bool { return given.Exhibit == a.Exhibit })
	if i < 0 {
		return nil
	}
	f, err := scan(s.Attachments[i].Open)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", a.Exhibit, err)
	case f.Place() && !in.IncludeLocation:
		found.Located = append(found.Located, Choice{a.Exhibit, ReasonLocation})
	case len(f.Unsearched) > 0:
		found.Unsearched = append(found.Unsearched, Unsearched{a.Exhibit, f.Unsearched})
	}
	return nil
}

// refusals are what a working copy must not contain.
var refusals = []struct {
	holds      func(*Input, metadata.Findings) bool
	what, hint string
}{
	{func(in *Input, f metadata.Findings) bool { return f.Place() && !in.IncludeLocation },
		"the place where it was made", "take the metadata out of it, or ask for places to be shown"},
	{func(_ *Input, f metadata.Findings) bool { return f.Thumbnail },
		"a small copy of the picture, which may show what was hidden", "take the metadata out of it, or save it as PNG"},
	{func(_ *Input, f metadata.Findings) bool { return f.Trailing },
		"bytes behind its end", "save it again in another program"},
	{func(_ *Input, f metadata.Findings) bool { return f.Earlier },
		"an earlier version of itself", "print it into a new file, or accept the changes and save it again"},
}

func (found *Found) workingCopy(in *Input, d Derived) error {
	f, err := scan(d.Open)
	if err != nil {
		return err
	}
	for _, r := range refusals {
		if r.holds(in, f) {
			return exit.New(exit.Failed, r.hint, "a working copy of %s holds %s", d.Of, r.what)
		}
	}
	if len(f.Unsearched) > 0 {
		found.Unsearched = append(found.Unsearched, Unsearched{"a working copy of " + d.Of, f.Unsearched})
	}
	return nil
}

func scan(open func() (io.ReadCloser, error)) (metadata.Findings, error) {
	r, err := open()
	if err != nil {
		return metadata.Findings{}, err
	}
	f, err := metadata.Scan(r)
	return f, errors.Join(err, r.Close())
}

func (in *Input) withholds(field, exhibit string) bool {
	return slices.ContainsFunc(in.Withhold, func(c Choice) bool { return c.Item == field || c.Item == exhibit })
}
