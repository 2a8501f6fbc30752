package store

import (
	"context"
	"testing"
)

// checkFolder verifies all of a ledger that nobody has open.
func checkFolder(t testing.TB, dir string) {
	t.Helper()
	for _, f := range faultsOf(t, dir) {
		t.Errorf("check: %s", f)
	}
}

func faultsOf(t testing.TB, dir string) []Fault {
	t.Helper()
	s, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	defer s.Close()
	faults, err := s.Check(context.Background(), nil)
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	return faults
}
