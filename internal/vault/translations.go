package vault

import (
	"fmt"
	"io"
	"strings"

	"zapis/internal/bundle"
	"zapis/internal/review"
)

// translations gives the shared translations of a case's narratives, as working copies that go along with the
// originals. Where the narrative is withheld, so are they.
func translations(o *OpenedCase, opts BundleOptions) []bundle.Derived {
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
			list = append(list, bundle.Derived{Of: "report", MediaType: "text/plain;charset=utf-8",
				Note: fmt.Sprintf("translation into %s of the narrative of submission %d, made by %s", r.Language, n+1, by),
				Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(r.Text + "\n")), nil }})
		}
	}
	return list
}
