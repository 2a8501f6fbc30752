package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zapis/internal/exit"
)

func vector(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "spec", "vectors", "bundle", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Things that are known may be pasted one below the other, with spaces and line
// ends as a mail leaves them.
func TestPaste(t *testing.T) {
	all := strings.Join([]string{
		vector(t, "ledger-card.txt"), vector(t, "anna.card"), vector(t, "anchored/ledger-card.txt"), vector(t, "genesis.txt"),
		vector(t, "anchored/root.pem") + vector(t, "log-keys.txt"), vector(t, "anchored/witness-keys.txt"),
	}, "\n")
	for _, text := range []string{all, strings.ReplaceAll(all, "\n", " \r\n"), strings.TrimSpace(all)} {
		k := new(Known)
		if err := k.Paste(text); err != nil {
			t.Fatal(err)
		}
		if o := k.options; len(o.Ledgers) != 3 || len(o.Cards) != 1 || len(o.Logs) != 1 || len(k.ledgers) != 1 || len(k.witnesses) == 0 || o.Times.Roots == nil {
			t.Errorf("%d ledgers, %d cards, %d logs, %d geneses, %d witnesses, roots %v", len(o.Ledgers), len(o.Cards), len(o.Logs), len(k.ledgers), len(k.witnesses), o.Times.Roots)
		}
		if err := k.Enough(); err != nil {
			t.Error(err)
		}
	}
	if err := new(Known).Enough(); err == nil || err.Error() != "--trust: nothing that was given says whom you trust" {
		t.Error(err)
	}
}

func TestPasteRefuses(t *testing.T) {
	card := vector(t, "ledger-card.txt")
	for _, tt := range []struct {
		name, text string
		status     exit.Status
		want       string
	}{
		{"a card that was cut", card[:40], exit.Usage, "--trust: ledger card: "},
		{"words", card + "\nDear colleague, this is the card of the ledger", exit.Usage, "what you pasted: the line that begins “Dear colleague, this is …” is part of no card, genesis, key or root certificate"},
		{"a trustee's card without its last line", strings.Join(strings.SplitAfter(vector(t, "anna.card"), "\n")[:3], ""), exit.Mismatch, "what you pasted: card: "},
		{"a genesis without its last line", strings.TrimSuffix(vector(t, "genesis.txt"), "\n")[:900], exit.Mismatch, "what you pasted: genesis: "},
		{"half a certificate", vector(t, "anchored/root.pem")[:90], exit.Mismatch, "what you pasted: the certificate in it is cut off or damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := new(Known)
			err := k.Paste(tt.text)
			if err == nil {
				err = k.Enough()
			}
			if err == nil || exit.StatusOf(err) != tt.status || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}
