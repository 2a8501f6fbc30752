package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// echoOff has the console no longer show what is typed.
func echoOff(in *os.File) error {
	var mode uint32
	if err := windows.GetConsoleMode(windows.Handle(in.Fd()), &mode); err != nil {
		return err
	}
	return windows.SetConsoleMode(windows.Handle(in.Fd()), mode&^windows.ENABLE_ECHO_INPUT)
}
