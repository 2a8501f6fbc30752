package pgtest

import "syscall"

// setDeathSignal makes a server end with the process that started it.
func setDeathSignal(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGQUIT }
