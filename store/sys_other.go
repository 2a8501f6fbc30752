//go:build !linux

package store

import "os"

func syncData(f *os.File) error { return f.Sync() }

func startWriting(*os.File, int64, int64) {}

func readAhead(*os.File, int64, int64) {}
