package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zapis/internal/exit"
)

// Every kind where every other is expected: the error names the kind, where it belongs, and what was expected.
func TestWrongKindOfFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	put := func(content string) {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sample := func(i int) string {
		k := kinds[i]
		text := strings.Repeat("\x00", k.at) + k.begin
		if k.says != "" {
			text += "ledger 00\nkind " + k.says + "\nsubject 00\n"
		}
		return text + "and so on, for a while\n"
	}
	wanted := 0
	for i, k := range kinds {
		put(sample(i))
		for _, want := range kinds {
			if want.kind == "" {
				continue
			}
			wanted++
			content, err := ReadOf(name, want.kind, 1<<10)
			if k.kind == want.kind {
				if err != nil || string(content) != sample(i) {
					t.Errorf("%s where a %s is wanted: %v", k.is, want.kind, err)
				}
				continue
			}
			text, hint := name+" is no "+string(want.kind)+": it is "+k.is, k.use+"; "+comesFrom(want.kind)
			if err == nil || err.Error() != text || exit.HintOf(err) != hint || exit.StatusOf(err) != exit.Failed {
				t.Errorf("got  %v\nhint %s\nwant %s\nhint %s", err, exit.HintOf(err), text, hint)
			}
		}
		if k.is == "" || k.use == "" || (k.kind == "") != (k.from == "") {
			t.Errorf("%+v leaves somebody without a word", k)
		}
	}
	if wanted < 100 {
		t.Fatalf("%d pairs were tried: this test would pass whatever is said", wanted)
	}

	if _, err := OpenOf(os.DevNull, KindCarry); err == nil || err.Error() != os.DevNull+" is no carry file: it is a device" || exit.StatusOf(err) != exit.Failed {
		t.Errorf("a device: %v", err)
	}

	// With one wrong byte at its beginning, or cut within it, the claimed kind is still recognised, and its parser
	// reports more.
	for i, k := range kinds {
		if k.kind == "" {
			continue
		}
		for n := range k.begin {
			text := []byte(sample(i))
			text[k.at+n] ^= 1
			put(string(text))
			if _, err := ReadOf(name, k.kind, 1<<10); err != nil {
				t.Errorf("%s with byte %d changed: %v", k.is, n, err)
			}
			put(sample(i)[:k.at+n+1])
			if _, err := ReadOf(name, k.kind, 1<<10); err != nil {
				t.Errorf("%s cut after byte %d: %v", k.is, n, err)
			}
		}
	}

	if got := comesFrom(KindRequest) + ", " + comesFrom(KindIdentity); got != "a request is what zapis ask wrote, an identity file is what zapis keygen wrote" {
		t.Error(got)
	}
	put("zapis/card/v1\n" + strings.Repeat("x", 100))
	_, err := ReadOf(name, KindCard, 50)
	if want := name + " is no card: it has more than 50 bytes"; err == nil || err.Error() != want || exit.StatusOf(err) != exit.Mismatch {
		t.Errorf("too large: %v", err)
	}
}
