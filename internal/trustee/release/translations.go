package release

import (
	"io"
	"strings"

	"zapis/internal/evidence/bundle"
	"zapis/internal/trustee/review"
)

// translations returns the shared translations of a case's narratives, as working copies beside the originals. Where
// the narrative is withheld, so are they.
func (b *bundling) translations() []bundle.Derived {
	if b.opts.OnlyOriginals || b.withholds("narrative") {
		return nil
	}
	var list []bundle.Derived
	for _, r := range b.o.Reviews {
		if r.Kind != review.Translation || r.Private() {
			continue
		}
		for n, s := range b.o.Submissions {
			if s.Hash != r.Of {
				continue
			}
			by := r.Translator
			if by == "" {
				by = "a trustee"
			}
			of := bundle.TranslationOf{Submission: n + 1, Language: r.Language, Keeper: r.By.Name, At: r.At, By: by}
			list = append(list, bundle.Derived{Of: "report", MediaType: "text/plain;charset=utf-8", Note: of.Note(),
				Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(r.Text + "\n")), nil }})
		}
	}
	return list
}
