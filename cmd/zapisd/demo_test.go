package main

import (
	"os"
	"path/filepath"
	"testing"

	"zapis/internal/exit"
)

// A demo accepts a folder of its own, also after an interruption at any moment, and no other.
func TestClaimDemo(t *testing.T) {
	card := "zapis-ledger+" + demoOrigin + "+0000000000000000000000000000000000000000000000000000000000000000\n"
	for _, c := range []struct {
		name  string
		holds map[string]string
		ours  bool
	}{
		{"nothing", nil, true},
		{"a mark of no bytes", map[string]string{".gitignore": ""}, true},
		{"half a mark", map[string]string{".gitignore": "*"}, true},
		{"a demo that had begun", map[string]string{".gitignore": demoMark, "anna.pass": "x"}, true},
		{"a demo's ledger", map[string]string{".gitignore": demoMark, cardFile: card, "ledger.db": "x"}, true},
		{"a card that was cut short", map[string]string{".gitignore": demoMark, cardFile: card[:20], "ledger.db": "x"}, true},
		{"papers", map[string]string{"thesis.txt": "x"}, true},
		{"a work tree", map[string]string{".gitignore": "bin/\n"}, false},
		{"a ledger with half a mark", map[string]string{".gitignore": "*", "ledger.db": "x"}, false},
		{"a ledger", map[string]string{"ledger.db": "x"}, false},
		{"a ledger into which a demo went", map[string]string{".gitignore": demoMark, cardFile: "zapis-ledger+example.org/l" + card[len("zapis-ledger+"+demoOrigin):]}, false},
	} {
		dir := t.TempDir()
		for name, text := range c.holds {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := claimDemo(dir)
		if (err == nil) != c.ours {
			t.Errorf("%s: %v", c.name, err)
		}
		if want := dir + " holds something else than a demo"; err != nil && (err.Error() != want || exit.HintOf(err) == "") {
			t.Errorf("%s: %v, want %s", c.name, err, want)
		}
		mark, _ := os.ReadFile(filepath.Join(dir, ".gitignore"))
		if want := c.holds[".gitignore"]; err == nil && string(mark) != demoMark || err != nil && string(mark) != want {
			t.Errorf("%s: the mark is now %q", c.name, mark)
		}
	}
	if err := claimDemo(filepath.Join(t.TempDir(), "new", "demo")); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
}
