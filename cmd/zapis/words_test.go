package main

import (
	"testing"

	"zapis/internal/incident"
)

func TestEveryFieldHasALabel(t *testing.T) {
	for _, f := range incident.Fields() {
		if labels[f.Name] == "" {
			t.Errorf("show has no label for %s", f.Name)
		}
	}
}
