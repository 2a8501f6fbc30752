package keylock

import (
	"context"
	"errors"
	"testing"
)

func TestOneHolderPerKey(t *testing.T) {
	var l Locks
	a, b := [32]byte{1}, [32]byte{2}
	unlock, err := l.Lock(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := l.Lock(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Lock(ended, a); !errors.Is(err, context.Canceled) || err.Error() != "waiting for a lock: context canceled" {
		t.Errorf("%v", err)
	}
	got := make(chan func())
	go func() {
		second, err := l.Lock(context.Background(), a)
		if err != nil {
			t.Error(err)
		}
		got <- second
	}()
	select {
	case <-got:
		t.Error("two hold one key")
	default:
	}
	unlock()
	(<-got)()
	other()
	if len(l.held) != 0 {
		t.Errorf("%d locks are left", len(l.held))
	}
}
