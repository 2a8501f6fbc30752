//go:build !windows

package cli

// takesEscapes reports whether w is a terminal, which takes escape sequences on this system.
func takesEscapes(w any) bool { return isTerminal(w) }
