package session

import "zapis/internal/exit"

// checkOwn refuses every folder: Windows has no counterpart to mode 0700 and SO_PEERCRED that this package relies on.
func checkOwn(string) error { return ErrUnsupported }

// ErrUnsupported says that there are no sessions on this system.
var ErrUnsupported = exit.New(exit.Failed, "give the identity and the passphrase to each command", "there are no sessions on Windows")
