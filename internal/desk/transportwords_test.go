package desk

import (
	"slices"
	"testing"

	"zapis/internal/trustee/casework"
)

func TestEveryThingInAnOutboxHasANameForOneAndForMore(t *testing.T) {
	for thing := casework.OutReply; thing <= casework.OutHead; thing++ {
		names := outNames[thing]
		if got := outLines([]casework.Counted{{Thing: thing, N: 1}, {Thing: thing, N: 2}}); names[0] == "" || names[1] == "" ||
			!slices.Equal(got, []string{"1 " + names[0], "2 " + names[1]}) {
			t.Errorf("thing %d: %q", thing, got)
		}
	}
}
