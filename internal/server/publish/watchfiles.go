package publish

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
)

// guardLines is the content of the guard: the last cosigned checkpoint of each
// ledger.
//
//	zapis/witness-guard/v1
//	cosigned example.org/ledger 96 <root, hex>
type guardLines map[string]ledger.Checkpoint

const guardLinesHeader = "zapis/witness-guard/v1"

func (g guardLines) with(c ledger.Checkpoint) guardLines {
	next := guardLines{c.Origin: c}
	for origin, other := range g {
		if origin != c.Origin {
			next[origin] = other
		}
	}
	return next
}

func (g guardLines) marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, guardLinesHeader)
	for _, origin := range slices.Sorted(maps.Keys(g)) {
		fmt.Fprintf(&b, "cosigned %s %d %s\n", origin, g[origin].Size, g[origin].Root)
	}
	return b.Bytes()
}

func parseGuardLines(text []byte) (guardLines, error) {
	r := canonical.Begin(text, 1<<20, guardLinesHeader)
	g := guardLines{}
	for r.More() {
		w := r.Words("cosigned", 3)
		g[w[0]] = ledger.Checkpoint{Origin: w[0], Size: r.Decimal(w[1], ledger.MaxIndex), Root: r.Hash(w[2])}
	}
	return g, r.End()
}
