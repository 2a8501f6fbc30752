package seal

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"zapis/internal/shorttest"
)

// TestStockAge: the age command itself, built from go.mod's version and knowing
// nothing of us, opens a part of threshold 1 with a trustee's identity, and a
// single share of a quorum. It does not open the quorum's part.
func TestStockAge(t *testing.T) {
	shorttest.Skip(t, "parts are not opened by the stock age, which is built first")
	dir := t.TempDir()
	age := filepath.Join(dir, "age")
	if out, err := exec.Command("go", "build", "-o", age, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Fatalf("building age: %v\n%s", err, out)
	}
	identity := filepath.Join(dir, "identity")
	if err := os.WriteFile(identity, []byte("# zapis/identity/v1\n# name boris\n"+people()[1].String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	decrypt := func(file []byte) ([]byte, string, error) {
		cmd := exec.Command(age, "--decrypt", "-i", identity)
		cmd.Stdin = bytes.NewReader(file)
		var message strings.Builder
		cmd.Stderr = &message
		out, err := cmd.Output()
		return out, message.String(), err
	}

	content := []byte("what happened\x00")
	for k, size := range map[Kind]int{Signal: 1 << 10, Identity: 16 << 10, Statement: 64 << 10, Attachment: 64 << 10} {
		file, _ := sealed(t, k, set(1, 3), content)
		got, text, err := decrypt(file)
		if err != nil {
			t.Fatalf("%s: %v\n%s", k, err, text)
		}
		want := append(bytes.Clone(content), make([]byte, size-len(content)-8)...)
		want = binary.BigEndian.AppendUint64(want, uint64(len(content)))
		if !bytes.Equal(got, want) {
			t.Errorf("%s: age gives %d bytes, which are not content, padding and length", k, len(got))
		}
	}

	file, _ := sealed(t, Identity, set(2, 3), content)
	header, err := Header(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	share, err := ShareFile(header, 2)
	if err != nil {
		t.Fatal(err)
	}
	got, text, err := decrypt(share)
	if err != nil {
		t.Fatalf("a share: %v\n%s", err, text)
	}
	if !bytes.Equal(got, shares(t, file, 2)[2]) {
		t.Error("age gives another share")
	}
	if _, text, err := decrypt(file); err == nil || !strings.Contains(text, "no identity matched any of the recipients") &&
		!strings.Contains(text, "did not match any of the recipients") {
		t.Errorf("one trustee alone, with stock age, on a part under a quorum: %v\n%s", err, text)
	}
}
