package main

import (
	"testing"

	"zapis/internal/cli/scripttest"
)

// unlock and hold start processes of their own.
func TestHostileNamesForgeNoLine(t *testing.T) {
	scripttest.HostileNames(t, program, "unlock", "hold")
}
