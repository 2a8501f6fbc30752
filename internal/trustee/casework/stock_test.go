package casework_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"zapis/internal/cli"
)

// stockAge opens a file with age's own command, built from its module, and a trustee's key.
func stockAge(t *testing.T, id *cli.Identity, name string) []byte {
	t.Helper()
	key := filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(key, []byte(id.Age.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command("go", "tool", "age", "-d", "-i", key, name)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("age: %v\n%s", err, stderr.Bytes())
	}
	return out
}
