package store

import "testing"

func checkFolder(t testing.TB, dir string) {}
