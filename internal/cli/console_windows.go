package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// takesEscapes reports whether w is a console that takes escape sequences. That of Windows takes them once it is told to,
// since Windows 10; an older one shows no progress rather than letters between brackets.
func takesEscapes(w any) bool {
	if !isTerminal(w) {
		return false
	}
	console := windows.Handle(w.(*os.File).Fd())
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
