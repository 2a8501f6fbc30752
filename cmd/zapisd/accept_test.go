package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"zapis/crypto/card"
	"zapis/internal/exit"
	"zapis/internal/server/outbox"
)

// A statement that does not verify is distinguished from one that can't be applied now, by its line and by the count
// that determines the status.
func TestOutcomeLines(t *testing.T) {
	signed := func(n uint64) card.Signed {
		return card.Signed{Statement: card.Statement{Kind: card.KindReply, Number: n, Signer: "SHA256:abc"}}
	}
	var out bytes.Buffer
	lines := &outcomes{w: &out}
	for _, o := range []outbox.Outcome{
		{Statement: signed(1), From: "anna", Text: "taken: entry 7"},
		{Statement: signed(2), From: "anna", Text: "known already", Known: true},
		{Statement: signed(3), From: "boris", Err: exit.New(exit.Failed, "do this", "another answer has its tag already")},
		{Statement: signed(4), Err: exit.New(exit.Mismatch, "", "its signer \x1b[2J is not among the trustees")},
	} {
		fmt.Fprintln(lines, outcomeLine(o))
	}
	want := strings.Join([]string{
		"reply 1 of anna: taken: entry 7",
		"reply 2 of anna: known already",
		"NOT TAKEN reply 3 of boris: another answer has its tag already (do this)",
		"REFUSED reply 4 of SHA256:abc: its signer \\u{1b}[2J is not among the trustees",
	}, "\n") + "\n"
	if out.String() != want || lines.refused != 1 || lines.late != 1 {
		t.Errorf("%d refused, %d late\n%s\nwant\n%s", lines.refused, lines.late, out.String(), want)
	}
}
