//go:build !linux

package bolt

func populate(uintptr, uintptr) {}

func inOrder(uintptr, uintptr) {}

func atRandom(uintptr, uintptr) {}
