package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestStatusOfAnErasureNotDone(t *testing.T) {
	for shared, attention := range map[bool]string{
		false: "a compaction is owed: make room on the disk for a second ledger.db, and run zapisd compact",
		true:  "a compaction is owed: run zapisd compact while no export and no check is under way, on any host",
	} {
		var b bytes.Buffer
		status{Erasing: true, Attention: []string{owedCompaction(shared)}}.print(&b)
		for _, want := range []string{
			"\nerasing     not done: the database still has bytes of what was erased\n",
			"\nattention   " + attention + "\n",
		} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %q in\n%s", want, b.String())
			}
		}
	}
}
