package pdf

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

func sample() Facts {
	entry := uint64(2)
	return Facts{
		Case: "c5f0c91ab2e", Ledger: "zapis-ledger+example.org/ledger+" + strings.Repeat("4f", 32), Origin: "example.org/ledger",
		Made: time.Date(2026, 11, 23, 20, 47, 45, 0, time.UTC), Tool: "zapis v1.0.0",
		Signer: "anna", Fingerprint: "SHA256:lB0DbVKdv+k7vM1DZT02jPtnibgfgV6HBJckDK2Rg8M",
		Size: 96, Root: strings.Repeat("ab", 32), Signed: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
		Trustees: []string{"anna", "boris"},
		Submission: []Submission{{
			Name: "the report", Title: "REPORT", Received: "2026-11-21T20:47:45Z", Entry: &entry, Body: strings.Repeat("5f", 32),
			Hash: strings.Repeat("12", 32), Previous: strings.Repeat("34", 32), Folder: "data/disclosure", Language: "be",
			Answers: []Answer{
				{"danger_now", "Is anyone in danger now", []string{"no"}},
				{"deadline", "A date that must be known", nil},
				{"narrative", "What happened", []string{"Мяне выклікалі ў консульства. 😀 \u202eabc\n\n" + strings.Repeat("Ґанок, їжак, Łódź, Ąžuolas, „Straße“, ₴100. ", 150) + "\n<b>&amp;</b>"}},
				{"method", "Was any of this part of it", []string{"M1", "T2"}},
			},
			Exhibits: []Exhibit{{"A01", "data/attachments/A01.jpg", strings.Repeat("9e", 32), "image/jpeg", "IMG\u202e_0001.jpg", 2000}},
			Withheld: []Withheld{{"contact", "How to reach the reporter", "it shows who the reporter is, and this bundle was made without the identity"}, {"attachment-2", "file 2", "it is about other people"}},
		}, {Name: "follow-up 1", Title: "FOLLOW-UP", Received: "2026-11-22T08:00:00Z", Promised: "2026-11-23T00:00:00Z", Body: strings.Repeat("6f", 32),
			Answers: []Answer{{"narrative", "What happened", []string{"More."}}}}},
		Events: []Event{{2, time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), "anna", "SHA256:x", "opened", "c5f0c91ab2e", "statement of entry 2", "zapis v1.0.0", "", "", ""},
			{4, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), "", "", "exported", "c5f0c91ab2e", "bundle without the identity", "zapis v1.0.0", "for the hearing", "", ""}},
		EventsTotal: 4, Head: strings.Repeat("01", 32),
	}
}

func documents(t *testing.T, f Facts) map[string][]byte {
	t.Helper()
	all, err := All(f)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]byte)
	for _, d := range all {
		out[d.Path] = d.Data
	}
	return out
}

// stock runs a tool on a document and returns what it prints.
func stock(t *testing.T, data []byte, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = path
		}
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func TestDocuments(t *testing.T) {
	shorttest.Skip(t, "the text of a whole document is not read back")
	docs := documents(t, sample())
	if len(docs) != 5 {
		t.Fatalf("%d documents", len(docs))
	}
	for path, wants := range map[string][]string{
		IndexPath:       {"Index of exhibits", "A01", "data/attachments/A01.jpg", "image/jpeg, 2000 bytes", "1/1", "“IMG[U+202E]_0001.jpg”", "file 2 of this submission"},
		CustodyPath:     {"Chain of custody", "unsworn", "entry 2 of the ledger", "not yet in the ledger; promised for 2026-11-23T00:00:00Z", "(reason: for the hearing)", "a person who gave no key", "Gaps", "none on this checkpoint"},
		CertificatePath: {"Declarations", "The operator, on the system", "The trustee, on custody", "before a court"},
		ReportPath:      {"Паведамленне / Report", "Што здарылася / What happened", "Мяне выклікалі ў консульства. [U+1F600] [U+202E]abc", "Ґанок, їжак, Łódź, Ąžuolas, „Straße“, ₴100.", "<b>&amp;</b>", "M1", "Без адказу / Left empty"},
	} {
		data := docs[path]
		if out := stock(t, data, "qpdf", "--check", "FILE"); !strings.Contains(out, "No syntax or stream encoding errors found") {
			t.Errorf("%s: %s", path, out)
		}
		text := strings.Join(strings.Fields(stock(t, data, "pdftotext", "-layout", "FILE", "-")), " ")
		for _, want := range wants {
			if !strings.Contains(text, strings.Join(strings.Fields(want), " ")) {
				t.Errorf("%s: %q cannot be copied out of it:\n%s", path, want, text)
			}
		}
		if strings.Contains(text, "{pages}") {
			t.Errorf("%s: pages are not counted", path)
		}
		info := stock(t, data, "pdfinfo", "FILE")
		for _, want := range []string{", case c5f0c91ab2e\n", "Author:          anna\n", "Creator:         zapis v1.0.0\n", "Encrypted:       no\n", "JavaScript:      no\n"} {
			if !strings.Contains(info, want) {
				t.Errorf("%s: no %q in\n%s", path, want, info)
			}
		}
		for line := range strings.Lines(stock(t, data, "pdffonts", "FILE")) {
			if strings.Contains(line, "TrueType") && !strings.Contains(line, "yes yes") && !strings.Contains(line, "yes no  yes") {
				t.Errorf("%s: a font is not embedded, or its text can't be copied: %s", path, line)
			}
		}
		if !bytes.Contains(data, []byte("/Outlines")) {
			t.Errorf("%s: no bookmarks", path)
		}
	}
}

func TestForum(t *testing.T) {
	f := sample()
	f.Forum = ForumUS
	text := stock(t, documents(t, f)[CertificatePath], "pdftotext", "FILE", "-")
	for _, want := range []string{"902(13)", "902(14)", "28 U.S.C. § 1746"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if ForumPlain.Valid() != true || ForumUS.Valid() != true || Forum("moon").Valid() {
		t.Error("forums")
	}
}

func TestDeterministic(t *testing.T) {
	one, two := documents(t, sample()), documents(t, sample())
	for path := range one {
		if !bytes.Equal(one[path], two[path]) {
			t.Errorf("%s differs", path)
		}
	}
}

func TestScreen(t *testing.T) {
	page := string(documents(t, sample())[ScreenPath])
	for _, want := range []string{"default-src 'none'", "&lt;b&gt;&amp;amp;&lt;/b&gt;", `href="attachments/A01.jpg"`, "[U+202E]abc", "IMG[U+202E]_0001.jpg"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, never := range []string{"<script", "http://", "https://", "\u202e", "onclick"} {
		if strings.Contains(page, never) {
			t.Errorf("%q occurs", never)
		}
	}
}

// Every heading exists in every language, and every character of it in the fonts.
func TestLabels(t *testing.T) {
	if len(labels()) != 7 {
		t.Fatalf("%d languages", len(labels()))
	}
	for _, f := range incident.Fields() {
		if Label(f.Name) == "" {
			t.Errorf("there is no label for %s", f.Name)
		}
	}
	if got := Label("received"); got != "" {
		t.Errorf("the line received of a statement has the label %q", got)
	}
	for lang, keys := range labels() {
		for key, text := range keys {
			if text == "" {
				t.Errorf("%s has no %s", lang, key)
			}
			for _, f := range []*face{sans(), bold()} {
				if got := f.text(text); got != text {
					t.Errorf("%s: the font can't show %q", lang, got)
				}
			}
		}
	}
}

// A report in English and a follow-up in another language have both in their headings.
func TestLanguageIsTheFirstThatIsNotEnglish(t *testing.T) {
	for _, tt := range []struct {
		forms []string
		want  string
	}{{nil, "en"}, {[]string{"en"}, "en"}, {[]string{"be", "lt"}, "be"}, {[]string{"en", "lt"}, "lt"}, {[]string{"fr", "de"}, "de"}} {
		var f Facts
		for _, lang := range tt.forms {
			f.Submission = append(f.Submission, Submission{Language: lang})
		}
		if got := f.language(); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.forms, got, tt.want)
		}
	}
}

// Runs of both directions in one line are drawn in the order of the Unicode bidirectional algorithm (UAX #9).
func TestBidi(t *testing.T) {
	for text, want := range map[string]string{
		"a هجوم b":          "a موجه b",
		"a هجوم 2026 b":     "a 2026 موجه b",
		"a هجوم 17.05, b":   "a 17.05 موجه, b",
		"הגיע Anna אתמול":   "לומתא Anna עיגה",
		"הגיע 2026 פעמים":   "םימעפ 2026 עיגה",
		"it “هجوم 2026” in": "it “2026 موجه” in",
	} {
		var got strings.Builder
		for _, g := range sans().shape(sans().text(text), rightToLeft(text)).glyphs {
			got.WriteString(g.text)
		}
		if got.String() != want {
			t.Errorf("%q is drawn as %q, want %q", text, got.String(), want)
		}
	}
}

// The rules of PDF/A-2 and of tagged PDF that can be seen in the file, and stock tools find no fault in it.
func TestArchivalRules(t *testing.T) {
	shorttest.Skip(t, "stock tools do not look for faults in the papers")
	for path, data := range documents(t, sample()) {
		if !strings.HasSuffix(path, ".pdf") {
			continue
		}
		if out := stock(t, data, "qpdf", "--check", "FILE"); !strings.Contains(out, "No syntax or stream encoding errors found") {
			t.Errorf("%s: %s", path, out)
		}
		info := stock(t, data, "pdfinfo", "FILE")
		for _, want := range []string{"Tagged:          yes", "Encrypted:       no", "JavaScript:      no", "Page size:       595.28 x 841.89 pts (A4)"} {
			if !strings.Contains(info, want) {
				t.Errorf("%s: no %q in\n%s", path, want, info)
			}
		}
		for line := range strings.Lines(stock(t, data, "pdffonts", "FILE")) {
			if strings.Contains(line, "DejaVu") && !strings.Contains(line, "yes yes yes") {
				t.Errorf("%s: a font is not embedded, not a subset or has no text: %s", path, line)
			}
		}
		structure := stock(t, data, "pdfinfo", "-struct-text", "FILE")
		if !strings.Contains(structure, "H1") || !strings.Contains(structure, "Table") || !strings.Contains(structure, "TH") {
			t.Errorf("%s: its structure is\n%s", path, structure)
		}
		for _, want := range []string{"<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>", "/S/GTS_PDFA1", "/DestOutputProfile", "/Lang(", "/DisplayDocTitle true", "/MarkInfo<</Marked true>>",
			"/ID[<", "/Type/Metadata/Subtype/XML", "/CIDToGIDMap/Identity", "/Tabs/S"} {
			if !bytes.Contains(data, []byte(want)) {
				t.Errorf("%s: no %s", path, want)
			}
		}
		for _, never := range []string{"/JavaScript", "/Encrypt", "/LZWDecode", "/URI", "/EmbeddedFile", "/Launch", "/Transparency", "/SMask"} {
			if bytes.Contains(data, []byte(never)) {
				t.Errorf("%s: has %s", path, never)
			}
		}
	}
}

// A label that wraps over the end of a page moves its value too: no page is nearly blank.
func TestNoBlankPages(t *testing.T) {
	f := sample()
	for n := range 40 {
		f.Submission[0].Answers = append(f.Submission[0].Answers, Answer{"deadline_what", strings.Repeat("A long label of many words ", 1+n%5), []string{"value"}})
	}
	data := documents(t, f)[ReportPath]
	pages := strings.Split(strings.TrimSuffix(stock(t, data, "pdftotext", "-layout", "FILE", "-"), "\f"), "\f")
	for n, page := range pages[:len(pages)-1] {
		if lines := strings.Count(page, "\n"); lines < 25 {
			t.Errorf("page %d of %d has %d lines:\n%s", n+1, len(pages), lines, page)
		}
	}
}

// A sheet of every kind of text that broke: what a reader copies out of it is what was written.
func TestScripts(t *testing.T) {
	shorttest.Skip(t, "not every script is drawn")
	f := sample()
	for _, text := range []string{"هددوني في المطار", "می\u200cخواهم بروم", "איימו עליי בשדה התעופה", "за́мок і ў́"} {
		f.Submission[0].Answers[2].Values = []string{text}
		data := documents(t, f)[ReportPath]
		got := stock(t, data, "pdftotext", "FILE", "-")
		plain := strings.NewReplacer("\u202b", "", "\u202a", "", "\u202c", "").Replace(got)
		if !strings.Contains(plain, text) {
			t.Errorf("%q is copied as\n%q", text, plain)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":            "plain",
		"Ў ґ ქ ₴ ₽ ʼ „“":   "Ў ґ ქ ₴ ₽ ʼ „“",
		"у\u0306":          "ў",
		"😀":                "[U+1F600]",
		"漢":                "[U+6F22]",
		"\u202e\u200b\x07": "[U+202E][U+200B][U+0007]",
		"a\tb\nc":          "a    b\nc",
	} {
		if got := sans().text(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestRuns(t *testing.T) {
	w := func(field, reason string) Withheld { return Withheld{field, FieldName(field, "Name"), reason} }
	got := runs([]Withheld{w("name", "x"), w("attachment-1", "x"), w("attachment-2", "y"), w("attachment-3", "y"), w("attachment-4", "y"), w("attachment-6", "z")})
	want := []Withheld{w("name", "x"), w("attachment-1", "x"), {"attachment-2 to 4", "files 2 to 4", "y"}, w("attachment-6", "z")}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
