package cli

import (
	"testing"

	"zapis/internal/incident"
)

func TestEveryFieldHasALabel(t *testing.T) {
	for _, f := range incident.Fields() {
		if answerLabels[f.Name] == "" {
			t.Errorf("there is no label for %s", f.Name)
		}
	}
}
