package carry_test

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/carry"
)

var update = flag.Bool("update", false, "write docs/spec/vectors anew")

var vectorsDir = filepath.Join("..", "..", "docs", "spec", "vectors", "carry")

// judge follows a carry file whole, reads one since an entry, or an outbox.
func judge(file []byte) (string, error) {
	if bytes.HasPrefix(file, []byte("outbox.txt\x00")) {
		items, err := readOutbox(file)
		return fmt.Sprintf("outbox of %d members", len(items)), err
	}
	r, err := carry.NewReader(bytes.NewReader(file))
	if err != nil {
		return "", err
	}
	if h := r.Header(); h.Since > 0 {
		n := 0
		for {
			_, err := r.Next()
			if err == io.EOF {
				return fmt.Sprintf("since %d, size %d, %d members", h.Since, h.Size, n), nil
			}
			if err != nil {
				return "", err
			}
			n++
		}
	}
	chain, items, err := follow(bytes.NewReader(file))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("size %d root %s, %d members", chain.Size(), chain.Root(), len(items)), nil
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	ledgertest.CheckVectors(t, vectorsDir, judge)
}

func writeVectors(t *testing.T) {
	b, whole := sample(t)
	small := ledgertest.New()
	small.Filler()
	small.Checkpoint()
	good := write(t, small, 0)
	_, box := outbox(t)
	filler := "parts/" + mustEntry(t, small, 1).Body.Parts[0].Hash.String()
	v := func(file, class string, content []byte) ledgertest.Vector {
		return ledgertest.Vector{File: file, Class: class, Content: content}
	}
	bad := func(file, class string, change func([]member) []member) ledgertest.Vector {
		all := change(unpack(t, good))
		for i := range all {
			if all[i].Typeflag != 0 {
				all[i].content = nil
			}
		}
		return v(file, class, pack(t, all))
	}
	relink := func(m []member) []member {
		e := mustEntry(t, small, 1)
		e.Previous = ledger.Sum(nil)
		m[index(m, "entries/1")].content = e.Marshal()
		return m
	}
	must(t, ledgertest.WriteVectors(vectorsDir, judge,
		v("whole.tar", "ok", whole),
		v("small.tar", "ok", good),
		v("since.tar", "ok", write(t, b, 9)),
		v("outbox.tar", "ok", box),
		v("cut.tar", "place", good[:len(good)-1024]),
		v("bytes-after.tar", "place", append(bytes.Clone(good), make([]byte, 512)...)),
		bad("entries-swapped.tar", "place", swap("entries/0", "entries/1")),
		bad("entry-missing.tar", "place", remove("entries/1")),
		bad("entry-unlinked.tar", "hash", relink),
		bad("checkpoint-missing.tar", "place", remove("checkpoints/2")),
		bad("part-missing.tar", "place", remove(filler)),
		bad("part-unknown.tar", "place", rename(filler, "parts/"+strings.Repeat("a", 64))),
		bad("part-flipped.tar", "hash", func(m []member) []member { m[index(m, filler)].content[0] ^= 1; return m }),
		bad("link.tar", "place", header(filler, func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeSymlink, "/etc/passwd" })),
		bad("leads-out.tar", "place", rename(filler, "parts/../../x")),
		bad("writable.tar", "place", header(filler, func(h *tar.Header) { h.Mode = 0o644 })),
		bad("signature-stripped.tar", "signature", func(m []member) []member {
			i := index(m, "checkpoints/2")
			lines := bytes.SplitAfter(m[i].content, []byte("\n"))
			m[i].content = bytes.Join(lines[:5], nil)
			return m
		}),
		v("outbox-part-missing.tar", "place", pack(t, remove("parts/")(unpack(t, box)))),
	))
}
