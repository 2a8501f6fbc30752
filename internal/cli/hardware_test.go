package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age/plugin"

	"zapis/internal/exit"
)

func TestHardwareIdentity(t *testing.T) {
	recipient := newTestIdentity(t).Age.Recipient().String()
	line := plugin.EncodeIdentity("trial", []byte("slot 9"))
	id, err := newHardware("gerda", bytes.Repeat([]byte{7}, 32), recipient, line)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := id.Seal("x", quick)
	if err != nil {
		t.Fatal(err)
	}
	back, err := OpenIdentity(sealed, "x")
	if err != nil {
		t.Fatal(err)
	}
	if back.Card != id.Card || back.Card.Age != recipient || back.hardware != line || back.Age != nil {
		t.Errorf("it came back as %v", back.Card)
	}
	for name, want := range map[string]string{
		"":      "hardware holds the key of this identity, and no plugin was named",
		"other": `the plugin "other" was named, and the identity is of another one, "trial"`,
	} {
		if err := back.attach(name); exit.StatusOf(err) != exit.KeyMissing || fmt.Sprint(err) != want {
			t.Errorf("attach %q: %v", name, err)
		}
	}
	if err := back.attach("trial"); err != nil {
		t.Fatal(err)
	}
	// No such program is in PATH.
	if err := back.tryHardware(); exit.StatusOf(err) != exit.KeyMissing || !strings.Contains(fmt.Sprint(err), "the program age-plugin-trial is not there") {
		t.Errorf("without the program: %v", err)
	}
	lines := strings.SplitAfter(string(id.Text()), "\n")
	for _, tt := range []struct {
		line    int
		with    string
		refusal string
	}{
		{4, "# age age1x\n", "line 4: "},
		{5, "AGE-SECRET-KEY-PQ-1X\n", "line 5: not an identity of an age plugin (AGE-PLUGIN-NAME-1…)"},
		{5, strings.ToLower(lines[4]), "line 5: not an identity of an age plugin"},
		{5, lines[4] + "x\n", "line 6: nothing may follow here"},
	} {
		bad := strings.Join(lines[:tt.line-1], "") + tt.with + strings.Join(lines[tt.line:], "")
		if _, err := ParseIdentity([]byte(bad)); err == nil || !strings.HasPrefix(err.Error(), tt.refusal) {
			t.Errorf("line %d as %q: %v", tt.line, tt.with, err)
		}
	}
	for text, want := range map[string]string{
		"# only\n":                  "there is no identity of an age plugin in it",
		line + "\n" + line + "\n":   "this is not the one identity of an age plugin",
		"AGE-SECRET-KEY-PQ-1XXXX\n": "this is not the one identity of an age plugin",
	} {
		if _, err := HardwareLine([]byte(text)); exit.StatusOf(err) != exit.Mismatch || fmt.Sprint(err) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got, err := HardwareLine([]byte("# made by\r\n" + line + "\r\n")); err != nil || got != line {
		t.Errorf("%q, %v", got, err)
	}
}
