//go:build !unix && !windows

package cli

import (
	"errors"
	"os"
)

// echoOff fails: a browser has no terminal.
func echoOff(*os.File) error { return errors.ErrUnsupported }
