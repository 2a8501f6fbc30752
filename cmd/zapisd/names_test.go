package main

import (
	"testing"

	"zapis/internal/cli"
	"zapis/internal/cli/scripttest"
)

// demo and serve serve, setup writes outside of the folder where it runs, and perform talks to another process.
func TestHostileNamesForgeNoLine(t *testing.T) {
	scripttest.HostileNames(t, func() cli.Program { return cli.Program{Name: "zapisd", About: about, Grammar: new(grammar)} },
		"demo", "serve", "setup", "perform", "witness serve")
}
