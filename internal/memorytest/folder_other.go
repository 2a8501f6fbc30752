//go:build !linux

package memorytest

func folder() string { return "" }
