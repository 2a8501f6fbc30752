package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestStatusOfAnErasureNotDone(t *testing.T) {
	var b bytes.Buffer
	status{Erasing: true, Attention: []string{owedCompaction}}.print(&b)
	for _, want := range []string{
		"\nerasing     not done: ledger.db still has bytes of what was erased\n",
		"\nattention   a compaction is owed: make room on the disk for a second ledger.db, and run zapisd compact\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
