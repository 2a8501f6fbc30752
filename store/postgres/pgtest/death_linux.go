package pgtest

import "syscall"

// setDeathSignal has a server end with the process that started it.
func setDeathSignal(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGQUIT }
