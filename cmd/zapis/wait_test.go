package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"zapis/internal/atomicfile/filelock"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault/vaulttest"
)

// interruptedAt is a stream that ends a context once a text is written to it.
type interruptedAt struct {
	bytes.Buffer
	text string
	end  context.CancelFunc
}

func (w *interruptedAt) Write(b []byte) (int, error) {
	n, err := w.Buffer.Write(b)
	if strings.Contains(w.String(), w.text) {
		w.end()
	}
	return n, err
}

// An interrupt ends a verb that waits for its turn on a vault: a second one would be needed to end the process otherwise.
func TestAnInterruptEndsTheWaitForAVault(t *testing.T) {
	shorttest.Skip(t, "not tested: an interrupt during a wait")
	t.Parallel()
	dir := t.TempDir()
	v := filepath.Join(dir, "V")
	if status, text := trustee(t, "import", "--vault", v, vaulttest.New(t, vaulttest.Options{}).CarryFile(filepath.Join(dir, "carry.tar"), 0)); status != exit.Done {
		t.Fatal(text)
	}
	other, err := filelock.Take(filepath.Join(v, "lock"), filelock.Options{Holder: "process 4711"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	ctx, end := context.WithCancel(t.Context())
	out := &interruptedAt{text: "waiting for it", end: end}
	p := program()
	status := p.Run(ctx, []string{"check", "--vault", v}, &cli.Streams{In: strings.NewReader(""), Out: out, Err: out})
	if want := "The vault is in use by process 4711: waiting for it.\nzapis: interrupted\n"; status != exit.Failed || out.String() != want {
		t.Errorf("status %d\n%s", status, out)
	}
}
