package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/rogpeppe/go-internal/testscript"

	"zapis/crypto/card"
	"zapis/internal/cli/scripttest"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault/vaulttest"
)

// trialPlugin is age-plugin-trial: it speaks age's plugin protocol as the plugin of a hardware key does, and has its
// key in what it is given. It writes a line into $TRIAL_LOG each time that it is started.
func trialPlugin() {
	p, err := plugin.New("trial")
	if err != nil {
		panic(err)
	}
	p.RegisterFlags(nil)
	if name := os.Getenv("TRIAL_LOG"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			fmt.Fprintln(f, "started")
			f.Close()
		}
	}
	p.HandleIdentity(func(data []byte) (age.Identity, error) { return age.ParseHybridIdentity(string(data)) })
	os.Exit(p.Main())
}

// TestHardware runs the scripts of keys that hardware holds.
func TestHardware(t *testing.T) {
	shorttest.Skip(t, "no script of keys in hardware is run")
	t.Parallel()
	made := t.TempDir()
	at := func(name string) string { return filepath.Join(made, name) }
	key, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"pass": vaulttest.Passphrase + "\n",
		"hardware.txt": "# made by age-plugin-trial\n# recipient: " + key.Recipient().String() + "\n" +
			plugin.EncodeIdentity("trial", []byte(key.String())) + "\n",
		"two.txt": plugin.EncodeIdentity("trial", nil) + "\n" + plugin.EncodeIdentity("trial", nil) + "\n",
	} {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vaulttest.KeyFile(t, made, "anna")
	env := []string{"RECIPIENT=" + key.Recipient().String(), "OTHER=" + other.Recipient().String()}
	scripts(t, "hardware", made, env, map[string]scripttest.Word{"ledger": ledgerOf(t)}, func(e *testscript.Env) {
		e.Vars = append(e.Vars, "ZAPIS="+zapis(e), "TRIAL_LOG="+filepath.Join(e.WorkDir, "started"))
	})
}

// ledgerOf makes a ledger of the cards that are named, with one report in it: ledger carry.tar CARD….
func ledgerOf(t *testing.T) scripttest.Word {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		var cards []card.Card
		for _, name := range args[1:] {
			c, err := card.Parse([]byte(ts.ReadFile(name)))
			ts.Check(err)
			cards = append(cards, c)
		}
		h := vaulttest.New(t, vaulttest.Options{Cards: cards})
		ts.Setenv("CASE", h.Report(nil, "narrative", "Only metal opens this.", "contact", "by the forge").Case)
		h.CarryFile(ts.MkAbs(args[0]), 0)
	}
}

// zapis finds the program in a script's PATH, for where it has none.
func zapis(e *testscript.Env) string {
	for _, dir := range filepath.SplitList(e.Getenv("PATH")) {
		if name := filepath.Join(dir, "zapis"); exists(name) {
			return name
		}
	}
	return "zapis"
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
