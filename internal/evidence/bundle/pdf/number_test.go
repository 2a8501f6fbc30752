package pdf

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"testing"

	"zapis/internal/incident"
)

// The documents of a bundle are made again by every checker of their number, and compared. A change of a word, of the
// layout, of a font or of the shaping needs a new number (bundle.documentsVersion): this hash is that of the newest.
func TestDocumentsHaveANumber(t *testing.T) {
	h := sha256.New()
	docs := documents(t, sample())
	for _, path := range slices.Sorted(maps.Keys(docs)) {
		fmt.Fprintf(h, "%s %x\n", path, sha256.Sum256(docs[path]))
	}
	const want = "1e42eba7436c45e70563b74798e7246b7746344c3a0b1d40875cf5c489f7c1bc"
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
		t.Errorf("the documents are others than those of the number 1: %s, not %s", got, want)
	}
}

// Every code of an answer has a label in every language of the form.
func TestEveryCodeHasWords(t *testing.T) {
	for _, f := range incident.Fields() {
		for _, code := range f.Codes {
			for lang := range codes() {
				if lang != "en" && labels()[lang] == nil {
					continue
				}
				if codes()[lang][f.Name+"."+code] == "" {
					t.Errorf("%s: no words for %s %s", lang, f.Name, code)
				}
			}
		}
	}
}
