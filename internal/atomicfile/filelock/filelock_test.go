package filelock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zapis/internal/atomicfile/filelock"
)

func TestASecondHolderIsRefusedAndToldWhoHasTheLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	first, err := filelock.Take(name, filelock.Options{Holder: "4711 zapis list"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = filelock.Take(name, filelock.Options{Holder: "4712 zapis show"})
	held, ok := errors.AsType[*filelock.HeldError](err)
	if !ok || held.Text != "4711 zapis list" {
		t.Fatalf("%v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := filelock.Take(name, filelock.Options{Holder: "4712 zapis show"})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Release()
	if text, err := os.ReadFile(name); string(text) != "4712 zapis show\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestSharedHoldersKeepOutAnExclusiveOne(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	for range 2 {
		l, err := filelock.Take(name, filelock.Options{Shared: true})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release()
	}
	if _, err := filelock.Take(name, filelock.Options{}); err == nil {
		t.Error("an exclusive lock was given beside two shared ones")
	}
	if l, err := filelock.Take(name, filelock.Options{Shared: true, ReadOnly: true}); err != nil {
		t.Error(err)
	} else {
		l.Release()
	}
}

func TestTheEndOfAContextEndsTheWait(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	first, err := filelock.Take(name, filelock.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	if _, err := filelock.Take(name, filelock.Options{Wait: time.Hour, Context: ctx}); !errors.Is(err, context.Canceled) {
		t.Errorf("while another has the lock: %v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := filelock.Take(name, filelock.Options{Wait: time.Hour, Context: ctx})
	if err != nil {
		t.Fatalf("a free lock: %v", err)
	}
	second.Release()
}
