package carry_test

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/carry"
)

var update = flag.Bool("update", false, "write docs/spec/vectors again")

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
	fork, err := ledgertest.Key(1).SignCheckpoint(ledger.Checkpoint{Origin: ledgertest.Origin, Size: 2, Root: ledger.Sum(nil), Time: ledgertest.Slot})
	must(t, err)
	content := func(name, from, to string) func([]member) []member {
		return func(m []member) []member {
			i := index(m, name)
			m[i].content = ledgertest.Edit(m[i].content, from, to)
			return m
		}
	}
	stray := func(m []member) []member {
		i := index(m, "bodies/")
		m[i].Name, m[i].content = "bodies/"+ledger.Sum([]byte("stray")).String(), []byte("stray")
		return m
	}
	waits := func(change func([]member) []member) []byte { return pack(t, change(unpack(t, whole))) }
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
		bad("another-history.tar", "proof", func(m []member) []member { m[index(m, "checkpoints/2")].content = fork; return m }),
		bad("another-genesis.tar", "hash", content("carry.txt", "genesis 5", "genesis 6")),
		bad("part-twice.tar", "place", double(filler)),
		bad("since-beyond.tar", "canonical", content("carry.txt", "since 0", "since 3")),
		v("waiting-promise-missing.tar", "place", waits(func(m []member) []member {
			return slices.DeleteFunc(m, func(m member) bool { return strings.HasSuffix(m.Name, "/promise") })
		})),
		v("waiting-part-missing.tar", "place", waits(func(m []member) []member { return m[:len(m)-1] })),
		v("waiting-miscounted.tar", "place", waits(content("carry.txt", "waiting 2", "waiting 3"))),
		v("outbox-body-unknown.tar", "place", pack(t, stray(unpack(t, box)))),
		v("outbox-miscounted.tar", "place", pack(t, content("outbox.txt", "parts 4", "parts 5")(unpack(t, box)))),
		v("outbox-another-ledger.tar", "place", pack(t, content("outbox.txt", "ledger 5", "ledger 6")(unpack(t, box)))),
		v("outbox-part-missing.tar", "place", pack(t, remove("parts/")(unpack(t, box)))),
	))
}
