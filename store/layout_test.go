package store

import (
	"testing"

	"zapis/crypto/ledger"
)

// What a host reads of a value in a foreign database is bounded by each table's own limit, which is well above what is written there.
func TestEveryTableHasALimit(t *testing.T) {
	const row, note, small = 64 << 10, 4 * ledger.MaxNote, 2 << 20
	want := map[string]int{tableMeta: row, tableEntries: row, tableCheckpoints: note, tableBodies: row, tableGoverning: row, tableWaiting: row, tableSmall: small, tableFiles: row,
		tableLocators: row, tableTags: row, tableErased: row, tableSignals: note, tablePending: row, tableCosigned: note}
	for _, s := range sharedSpecs {
		if s.Most != want[s.Name] || s.Limit() != s.Most {
			t.Errorf("%s: %d bytes, and %d are read", s.Name, s.Most, s.Limit())
		}
	}
	if len(sharedSpecs) != len(want) || row < 4*ledger.MaxEntry || row < 4*MaxLocator || small < 2*ledger.MaxSmall {
		t.Error("a limit is missing, or below what is written")
	}
}
