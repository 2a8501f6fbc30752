package incident

import (
	"testing"
)

func TestEveryFieldHasALabel(t *testing.T) {
	for _, f := range Fields() {
		if f.Label == "" {
			t.Errorf("there is no label for %s", f.Name)
		}
	}
}
