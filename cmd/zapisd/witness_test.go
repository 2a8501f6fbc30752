package main

import (
	"context"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zapis/internal/cli/scripttest"
	"zapis/store"
)

// forward SOCKET FILE OLD makes a loopback address that leads to a socket, and writes it into a file in the
// place of the word OLD.
func scriptForward(ts *testscript.TestScript, _ bool, args []string) {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "socket"})
	proxy.Transport = scripttest.Socket(ts.MkAbs(args[0])).Transport
	srv := httptest.NewServer(proxy)
	ts.Defer(srv.Close)
	text := ts.ReadFile(args[1])
	if !strings.Contains(text, args[2]) {
		ts.Fatalf("%s holds no %s", args[1], args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.ReplaceAll(text, args[2], srv.URL)), 0o600))
}

// slot DIR opens the ledger on another day, for one slot: what waits becomes entries.
func scriptSlot(ts *testscript.TestScript, _ bool, args []string) {
	now := time.Now().AddDate(0, 0, 1)
	st, err := store.Open(ts.MkAbs(args[0]), store.Config{Slot: 24 * time.Hour, Verb: "a test", Now: func() time.Time { return now }})
	ts.Check(err)
	ts.Check(st.Sequence(context.Background()))
	ts.Check(st.Close())
}
