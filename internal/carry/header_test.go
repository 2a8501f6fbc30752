package carry

import (
	"archive/tar"
	"bytes"
	"errors"
	"strings"
	"testing"

	"zapis/internal/exit"
)

// Headers are those that Go's own tar writes, beyond 8 GiB too.
func TestHeadersAgreeWithArchiveTar(t *testing.T) {
	hex := strings.Repeat("a1", 32)
	for _, name := range []string{"carry.txt", "parts/" + hex, "waiting/" + hex + "/parts/" + hex} {
		for _, size := range []int64{0, 1, 511, 512, 1 << 20, ustarSize - 1, ustarSize, ustarSize + 1, 1 << 36, maxSize} {
			var want bytes.Buffer
			err := tar.NewWriter(&want).WriteHeader(&tar.Header{Name: name, Mode: 0o444, Size: size})
			if err != nil {
				t.Fatal(err)
			}
			got := headerOf(name, size)
			if !bytes.Equal(got, want.Bytes()) {
				t.Errorf("%s, %d bytes: another header than archive/tar's", name, size)
			}
			gotName, gotSize, err := parseHeader(got)
			if err != nil || gotName != name || gotSize != size {
				t.Errorf("%s, %d bytes: read back as %s, %d, %v", name, size, gotName, gotSize, err)
			}
		}
	}
}

func TestPaxHeadersThatContradict(t *testing.T) {
	name := "parts/" + strings.Repeat("a", 64)
	for change, want := range map[[2]string]string{
		{"size=8589934592", "size=8589934591"}: "its header is not in the one way to write it",
		{"size=8589934592", "size=0589934592"}: "its size can't be",
		{"size=8589934592", "size=9999999999"}: "",
		{"size=8589934592", "sizf=8589934592"}: "a pax header that is not for a size",
		{"19 size", "18 size"}:                 "its header is not in the one way to write it",
	} {
		b := headerOf(name, ustarSize)
		b = bytes.Replace(b, []byte(change[0]), []byte(change[1]), 1)
		_, size, err := parseHeader(b)
		switch {
		case want == "" && (err != nil || size != 9999999999):
			t.Errorf("%s: %d, %v", change[1], size, err)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%s: %v", change[1], err)
		}
	}
}

// A disk that fails is no forgery.
func TestReadErrorIsNoMismatch(t *testing.T) {
	_, err := NewReader(failing{})
	if err == nil || exit.StatusOf(err) != exit.Failed || err.Error() != "carry file: its beginning: the disk is on fire" {
		t.Errorf("got %v (%d)", err, exit.StatusOf(err))
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is on fire") }
