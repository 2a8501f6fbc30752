package web

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"zapis/crypto/duty"
	"zapis/internal/incident"
)

// sharedLocales are read once for all tests, which must not change them.
var sharedLocales = sync.OnceValues(loadLocales)

func locales(t *testing.T) map[string]*locale {
	t.Helper()
	all, err := sharedLocales()
	if err != nil {
		t.Fatal(err)
	}
	files, err := localeFiles.ReadDir("locales")
	if err != nil || len(files) != len(all) || len(all) < 7 {
		t.Fatalf("%d languages of %d files, %v", len(all), len(files), err)
	}
	return all
}

func TestLocalesSayWhoReviewedThem(t *testing.T) {
	for code, l := range locales(t) {
		raw, err := localeFiles.ReadFile("locales/" + code + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(raw), "\n")
		if lines := strings.SplitN(string(raw), "\n", 3); !strings.HasPrefix(lines[1], "# Doubtful, look at these first: ") {
			t.Errorf("%s does not list its doubtful keys", code)
		}
		if !strings.Contains(first, "Not reviewed by a native speaker yet.") || !strings.HasPrefix(first, "# "+l.t("lang.name")) {
			t.Errorf("%s begins with %q", code, first)
		}
	}
}

// codeKeys are the keys that the handlers put together from codes.
func codeKeys() []string {
	keys := []string{"country.unknown", "lang.name", "list.and", "day.every", "day.1", "day.2", "day.3", "day.4", "day.5", "day.6", "day.7",
		"form.duty", "form.noduty", "form.offduty", "form.reading", "duty.heading", "size.KB", "size.MB", "size.GB", "files.heading", "sent.heading", "sent.thanks",
		"files.done", "files.done.text", "consent.store", "mailbox.message", "mailbox.erased", "mailbox.broken", "mailbox.more.label", "narrative.hint",
		"deadline.format", "when.label", "when.format", "field.other", "wrong.other", "country.MK", "country.SZ"}
	for _, f := range incident.Fields() {
		keys = append(keys, labelKey(f.Name))
	}
	for _, key := range labels {
		keys = append(keys, key)
	}
	for _, sentence := range duty.Sentences {
		keys = append(keys, "duty."+sentence)
	}
	for _, g := range incident.Groups() {
		keys = append(keys, "group."+g.Letter)
	}
	for _, m := range incident.Methods() {
		keys = append(keys, "method."+m.Key)
	}
	stems := map[string]string{"danger_now": "danger", "when_precision": "precision", "target": "target", "target_role": "role",
		"basis": "basis", "person_agrees": "agrees", "reported_to": "reported", "consent": "consent"}
	for _, f := range incident.Fields() {
		for _, code := range f.Codes {
			if stem := stems[f.Name]; stem != "" {
				keys = append(keys, stem+"."+code)
			}
		}
	}
	for _, act := range incident.Acts() {
		if act != incident.ActReport {
			keys = append(keys, "done."+string(act))
		}
	}
	for _, act := range []string{"stop", "delete"} {
		keys = append(keys, "mailbox."+act, "mailbox."+act+".hint")
	}
	keys = append(keys, "file.named", "list.or", "date", "code.group", "next.reading", "wrong.code_groups", "wrong.code_suspects", "narrative.limit")
	for _, act := range incident.Acts() {
		keys = append(keys, "sent.act."+string(act))
	}
	for _, act := range []string{"stop", "delete"} {
		keys = append(keys, "mailbox.taken."+act, "mailbox.taken."+act+".since")
	}
	for _, f := range errorCodes {
		keys = append(keys, "fault."+f+".heading", "fault."+f+".text")
	}
	for _, code := range append(incident.Codes(), codeLength, codeDigit, codeUnknown) {
		keys = append(keys, "wrong."+code)
	}
	return keys
}

// errorCodes are the refusals that have a page of their own.
var errorCodes = []string{"notfound", "method", "busy", "broken", "cut", "slow", "type", "origin", "large", "full", "gone"}

func TestEveryCodeHasASentence(t *testing.T) {
	for _, l := range locales(t) {
		for _, key := range codeKeys() {
			if !l.has(key) && !l.has(key+"#"+l.form(2)) {
				t.Errorf("%s has no %s", l.code, key)
			}
		}
	}
}

// A sentence that no page says is one that a translator works on for nothing.
func TestEveryLocaleKeyIsUsed(t *testing.T) {
	all := locales(t)
	loc, err := newLocalizer(all[reference], testSite(), all, incident.Newest())
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	for _, key := range append(templateKeys(loc.pages), codeKeys()...) {
		used[key] = true
	}
	special := regexp.MustCompile(`^wrong\.(?:([a-z_]+)\.)?([a-z0-9_]+)$`)
	codes := append(incident.Codes(), codeLength, codeDigit, codeUnknown)
	for key := range all[reference].text {
		stem, _ := splitPlural(key)
		if m := special.FindStringSubmatch(stem); m != nil && m[1] != "" {
			if labelKey(m[1]) != "" && slices.Contains(codes, m[2]) {
				continue
			}
		}
		if !used[stem] {
			t.Errorf("nothing says %s", key)
		}
	}
}

func TestLocaleRefusals(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a = one\nbroken\n", "locale en, line 2: not `key = text`"},
		{"a = \n", "locale en, line 1: not `key = text`"},
		{"a =  one\n", "locale en, line 1: not `key = text`"},
		{"# note\n\na = one\na = two\n", "locale en, line 4: a stands twice"},
	} {
		if _, err := parseLocale("en", c.text); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
	if _, err := parseLocale("!", ""); err == nil || !strings.HasPrefix(err.Error(), "locale !: ") {
		t.Errorf("no such language: %v", err)
	}

	ref := parsed(t, "en", "a = {x} and {y}\nb#one = {n} thing of {z}\nb#other = {n} things of {z}\n")
	for _, c := range []struct{ code, text, want string }{
		{"pl", "a = {x} i {y}\nb#one = {n} {z}\nb#few = {n} {z}\nb#many = {n} {z}\n", ""},
		{"de", "b#one = {z}\nb#other = {n} {z}\n", "locale de: a is missing"},
		{"de", "a = {x}\nb#one = {z}\nb#other = {n} {z}\n", "locale de: a has the placeholders {x}, not {x y}"},
		{"de", "a = {y} {x}\nb#one = {n} {z}\nb#other = {n} {z}\nc = more\n", "locale de: c is not in en"},
		{"de", "a = {y} {x}\nb#one = {n}\nb#other = {n} {z}\n", "locale de: b#other has other placeholders than its sister forms"},
		{"pl", "a = {y} {x}\nb#one = {n} {z}\nb#few = {n} {z}\n", "locale pl: b#many is missing (for 0)"},
	} {
		err := parsed(t, c.code, c.text).sameAs(ref)
		if got := errorText(err); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func parsed(t *testing.T, code, text string) *locale {
	t.Helper()
	l, err := parseLocale(code, text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestPlurals(t *testing.T) {
	all := locales(t)
	for _, c := range []struct {
		code string
		n    int
		want string
	}{
		{"en", 1, "1 file is"}, {"en", 2, "2 files are"},
		{"ru", 1, "1 файл заперт"}, {"ru", 3, "3 файла"}, {"ru", 11, "11 файлов"}, {"ru", 21, "21 файл заперт"},
		{"be", 4, "4 файлы"}, {"be", 5, "5 файлаў"}, {"uk", 2, "2 файли"}, {"uk", 16, "16 файлів"},
		{"pl", 1, "1 plik jest"}, {"pl", 4, "4 pliki są"}, {"pl", 12, "12 plików"},
		{"lt", 1, "1 failas"}, {"lt", 9, "9 failai"}, {"lt", 10, "10 failų"}, {"de", 5, "5 Dateien"},
	} {
		if got := all[c.code].n("files.done", c.n); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s, %d: %q, want %q…", c.code, c.n, got, c.want)
		}
	}
}

func TestLocaleWords(t *testing.T) {
	l := locales(t)["en"]
	for got, want := range map[string]string{
		l.list(nil):                        "",
		l.list([]string{"a"}):              "a",
		l.list([]string{"a", "b", "c"}):    "a, b and c",
		l.days([]int{1, 4}):                "on Mondays and on Thursdays",
		l.days([]int{1, 2, 3, 4, 5, 6, 7}): "every day",
		l.size(500 << 20):                  "500 MB",
		l.size(2 << 30):                    "2 GB",
		l.size(3<<30 + 5<<20):              "3077 MB",
		l.size(10):                         "1 KB",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// One telephones by a number, and not a number: in every sentence that names 112 a word stands before it.
func TestNumberToCall(t *testing.T) {
	before := map[string]string{"be": "па нумары", "ru": "по номеру", "uk": "за номером", "lt": "numeriu", "de": "die", "pl": "pod", "en": "all"}
	for code, l := range locales(t) {
		n := 0
		for key, text := range l.text {
			if head, _, names := strings.Cut(text, " 112"); names {
				if n++; !strings.HasSuffix(head, before[code]) {
					t.Errorf("%s: %s: %s", code, key, text)
				}
			}
		}
		if n < 2 {
			t.Errorf("%s: %d sentences name 112", code, n)
		}
	}
}

// Every language says as much as English does: a sentence left in English by mistake would show here.
func TestTranslated(t *testing.T) {
	all := locales(t)
	same := []string{"date", "promise.name", "country.SZ", "size.KB", "size.MB", "size.GB"}
	for _, key := range slices.Sorted(maps.Keys(all[reference].text)) {
		if slices.Contains(same, key) {
			continue
		}
		for code, l := range all {
			if code != reference && l.text[key] == all[reference].text[key] && !strings.HasPrefix(l.text[key], "Form") {
				t.Errorf("%s: %s stands there in English: %s", code, key, l.text[key])
			}
		}
	}
}
