package search

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Аб’ява ў Вільні", "абява у вильни"},
		{"аб'ява", "абява"},
		{"Ґанок і ґрати; Київ, Єдність", "ганок и грати киив еднисть"},
		{"Ёлка или елка", "елка или елка"},
		{"Łódź, żółć — ĄŽUOLAS", "lodz zolc azuolas"},
		{"Straße STRASSE Über", "strasse strasse uber"},
		{"passport_2026.JPG", "passport 2026 jpg"},
		{"a\u00ADb\u200Bc \u202Edef", "abc def"},
		{"ﬁle Ⅻ ２０２６", "file xii 2026"},
		{"\xff\xfeab\xffcd", "ab cd"},
		{" … — ", ""},
		{"", ""},
	} {
		if got := Fold(tt.text); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
	// Composed and decomposed text are the same, and folding twice changes nothing.
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("аўіґё’ йŁąŠß.é\u0301\u0306İΣς-")))
		text := s.Draw(t, "text")
		if once := Fold(text); Fold(once) != once {
			t.Fatalf("%q folds to %q, and that to %q", text, once, Fold(once))
		}
	})
}

func TestWordsSayWhere(t *testing.T) {
	text := "«Аб’ява», Straße!"
	var got []string
	for _, w := range Words(text) {
		got = append(got, text[w.Start:w.End])
	}
	if !slices.Equal(got, []string{"Аб’ява", "Straße"}) {
		t.Errorf("%q", got)
	}
}

func TestSearch(t *testing.T) {
	x := NewIndex()
	x.Add("c1", "statement", "Званілі з міліцыі. Аб’ява ў Вільні.")
	x.Add("c2", "statement", "Полиция в Вильнюсе отказала. Объявление видели.")
	x.Add("c1", "note", "The bank refused twice: refused, refused.")
	x.Add("c3", "file", "bank_statement-2026.pdf")
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"вильн", []string{"c2", "c1"}},
		{"ВІЛЬНІ", []string{"c1"}},
		{"bank", []string{"c3", "c1"}},
		{"bank вильни", []string{"c1"}},
		{`"bank refused"`, []string{"c1"}},
		{`"bank refus"`, nil},
		{`"refused bank"`, nil},
		{"«аб'ява у» bank", []string{"c1"}},
		{"2026 pdf", []string{"c3"}},
		{"nothing", nil},
		{"", nil},
		{`""  —`, nil},
		{`"bank`, []string{"c3", "c1"}},
	} {
		if got := x.Search(ParseQuery(tt.query)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.query, got, tt.want)
		}
	}
	q := ParseQuery(`refus "bank refused"`)
	text := "The bank refused twice: refused, refused."
	var marked []string
	for _, s := range q.Find(text) {
		marked = append(marked, text[s.Start:s.End])
	}
	if !slices.Equal(marked, []string{"bank refused", "refused", "refused"}) {
		t.Errorf("marked %q", marked)
	}
}

// alphabet makes texts whose words often meet, in several languages, with phrases and repetitions.
var alphabet = strings.Split("вільня|вильня|вильнюс|bank|банк|банка|ban|refused|łódź|lodz|аб’ява|абява|2026|Straße", "|")

func draw(t *rapid.T, what string, most int) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, most).Draw(t, what), " ")
}

// Whatever is added, replaced, removed, compacted, written and loaded: the index finds what a plain scan of the
// same texts finds.
func TestIndexIsAPlainScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := NewIndex()
		texts := map[string]map[string]string{}
		var order []string
		for range rapid.IntRange(0, 25).Draw(t, "acts") {
			key := fmt.Sprintf("c%d", rapid.IntRange(0, 5).Draw(t, "case"))
			part := rapid.SampledFrom([]string{"statement", "note"}).Draw(t, "part")
			switch rapid.IntRange(0, 6).Draw(t, "act") {
			default:
				text := draw(t, "text", 12)
				x.Add(key, part, text)
				if texts[key] == nil {
					texts[key] = map[string]string{}
				}
				if !slices.Contains(order, key) {
					order = append(order, key)
				}
				texts[key][part] = text
			case 4:
				x.Remove(key, part)
				delete(texts[key], part)
			case 5:
				x.Remove(key)
				delete(texts, key)
			case 6:
				var form bytes.Buffer
				if _, err := x.WriteTo(&form); err != nil {
					t.Fatal(err)
				}
				var err error
				if x, err = Load(form.Bytes()); err != nil {
					t.Fatal(err)
				}
				order = slices.DeleteFunc(order, func(key string) bool { return len(texts[key]) == 0 })
			}
		}
		for range 4 {
			query := draw(t, "query", 3)
			if rapid.Bool().Draw(t, "quoted") {
				query = draw(t, "before", 1) + ` "` + query + `" ` + draw(t, "after", 1)
			}
			compareWithScan(t, x, ParseQuery(query), texts)
		}
	})
}

// within reports whether every term is in at least one of the texts: the result of a plain scan.
func within(q Query, texts []string) bool {
	if q.Empty() {
		return false
	}
	missing := slices.Clone(q.terms)
	for _, text := range texts {
		words := Words(text)
		missing = slices.DeleteFunc(missing, func(t term) bool {
			for i := range words {
				if t.at(words, i) > 0 {
					return true
				}
			}
			return false
		})
	}
	return len(missing) == 0
}

func compareWithScan(t *rapid.T, x *Index, q Query, texts map[string]map[string]string) {
	var want []string
	for key, parts := range texts {
		var all []string
		for _, text := range parts {
			all = append(all, text)
		}
		if within(q, all) {
			want = append(want, key)
		}
	}
	slices.Sort(want)
	got := x.Search(q)
	if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(sorted, want) {
		t.Fatalf("%+v: %v, a scan finds %v", q, sorted, want)
	}
}

// The words of what was removed are not written.
func TestRemovedWordsAreNotKept(t *testing.T) {
	x := NewIndex()
	x.Add("c1", "statement", "unforgettable words")
	x.Add("c2", "statement", "other words")
	x.Compact()
	x.Add("c1", "note", "memorable")
	x.Remove("c1")
	var form bytes.Buffer
	if _, err := x.WriteTo(&form); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"unforgettable", "memorable", "c1"} {
		if bytes.Contains(form.Bytes(), []byte(gone)) {
			t.Errorf("%s is still there", gone)
		}
	}
	if got := x.Search(ParseQuery("words")); !slices.Equal(got, []string{"c2"}) || x.Documents() != 1 || x.Has("c1", "note") || !x.Has("c2", "statement") {
		t.Errorf("%v, %d documents", got, x.Documents())
	}
}

func written(t testing.TB) []byte {
	x := NewIndex()
	x.Add("c1", "statement", "one two two three")
	x.Add("c2", "note", "two")
	var form bytes.Buffer
	n, err := x.WriteTo(&form)
	if err != nil || n != int64(form.Len()) {
		t.Fatal(n, err)
	}
	return form.Bytes()
}

// No form that was cut or changed makes Load or a search panic, and every cut is refused.
func TestDamage(t *testing.T) {
	good := written(t)
	for i := range good {
		if _, err := Load(good[:i]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut after %d bytes: %v", i, err)
		}
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			use(bad)
		}
	}
	if _, err := Load(append(bytes.Clone(good), 0)); err == nil || err.Error() != "the search index is damaged: something follows it" {
		t.Error(err)
	}
	if _, err := Load([]byte(strings.Repeat("x", 200))); err == nil || err.Error() != "the search index is damaged: it does not start as one" {
		t.Error(err)
	}
}

func use(form []byte) {
	x, err := Load(form)
	if err != nil {
		return
	}
	x.Search(ParseQuery(`t o "two three"`))
	x.Add("c1", "note", "two")
	x.Compact()
}

func FuzzLoad(f *testing.F) {
	f.Add(written(f))
	f.Fuzz(func(t *testing.T, form []byte) { use(form) })
}
