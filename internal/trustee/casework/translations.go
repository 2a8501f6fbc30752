package casework

import (
	"fmt"
	"io"
	"strings"

	"zapis/internal/evidence/bundle"
	"zapis/internal/trustee/review"
)

// translations gives the shared translations of a case's narratives, as working copies that go along with the
// originals, and puts them beside the narratives of in. Where the narrative is withheld, so are they.
func translations(o *OpenedCase, opts BundleOptions, in *bundle.Input) []bundle.Derived {
	if opts.OnlyOriginals || withholds(opts, "narrative") {
		return nil
	}
	var list []bundle.Derived
	for _, r := range o.Reviews {
		if r.Kind != review.Translation || r.Private() {
			continue
		}
		for n, s := range o.Submissions {
			if s.Hash != r.Of {
				continue
			}
			by := r.Translator
			if by == "" {
				by = "a trustee"
			}
			in.Submissions[n].Translations = append(in.Submissions[n].Translations, bundle.Translation{
				Language: r.Language, By: by, Keeper: r.By.Name, At: r.At, Text: r.Text})
			list = append(list, bundle.Derived{Of: "report", MediaType: "text/plain;charset=utf-8",
				Note: fmt.Sprintf("translation into %s of the narrative of submission %d, made by %s", r.Language, n+1, by),
				Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(r.Text + "\n")), nil }})
		}
	}
	return list
}
