package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// check --pieces reads one piece after the other, and begins again after the last, or where another number is asked for.
func TestCheckInPieces(t *testing.T) {
	shorttest.Skip(t, "not tested: a check in pieces")
	t.Parallel()
	dir := t.TempDir()
	id, err := cli.NewIdentity("anna")
	if err != nil {
		t.Fatal(err)
	}
	if err := id.WriteFiles(filepath.Join(dir, "anna.key"), "a passphrase", 1); err != nil {
		t.Fatal(err)
	}
	d := filepath.Join(dir, "D")
	if status, output := operator(t, "init", "--dir", d, "--origin", "test.example/ledger", "--trustee", filepath.Join(dir, "anna.key.card")); status != exit.Done {
		t.Fatal(output)
	}
	kept := filepath.Join(d, "pieces")
	for _, test := range []struct{ pieces, piece, next string }{
		{"3", "piece 1 of 3", "next 2\nof 3\n"}, {"3", "piece 2 of 3", "next 3\nof 3\n"}, {"3", "piece 3 of 3", "next 1\nof 3\n"},
		{"3", "piece 1 of 3", "next 2\nof 3\n"}, {"2", "piece 1 of 2", "next 2\nof 2\n"},
	} {
		status, output := operator(t, "check", "--dir", d, "--pieces", test.pieces)
		want := "of the attachments, " + test.piece + " was read; of the others, only that each is there was verified\n"
		if status != exit.Done || !strings.Contains(output, "1 entry verifies\n") || !strings.Contains(output, want) {
			t.Errorf("--pieces %s: status %d\n%s", test.pieces, status, output)
		}
		if text, err := os.ReadFile(kept); err != nil || string(text) != "zapis/pieces/v1\n"+test.next {
			t.Errorf("--pieces %s keeps %q, %v", test.pieces, text, err)
		}
	}
	if status, output := operator(t, "check", "--dir", d); status != exit.Done || strings.Contains(output, "piece") {
		t.Errorf("all of it: status %d\n%s", status, output)
	}
	for _, text := range []string{"", "zapis/pieces/v1\nnext 3\nof 2\n", "zapis/pieces/v1\nnext 0\nof 2\n", "zapis/pieces/v2\nnext 1\nof 2\n", strings.Repeat("x", 1000)} {
		if err := os.WriteFile(kept, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, output := operator(t, "check", "--dir", d, "--pieces", "2")
		if status != exit.Mismatch || !strings.Contains(output, kept+" is damaged") || !strings.Contains(output, "remove it: the pieces begin again with the first") {
			t.Errorf("%.20q: status %d\n%s", text, status, output)
		}
	}
	for _, pieces := range []string{"1", "-1", "1001"} {
		status, output := operator(t, "check", "--dir", d, "--pieces="+pieces)
		if status != exit.Usage || !strings.Contains(output, "--pieces "+pieces+": 2 to 1000 are possible") {
			t.Errorf("--pieces %s: status %d\n%s", pieces, status, output)
		}
	}
}
