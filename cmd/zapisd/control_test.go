package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zapis/internal/exit"
	"zapis/store"
)

// fakeServer answers on a folder's control socket with the handler.
func fakeServer(t *testing.T, answer http.HandlerFunc) (dir string) {
	t.Helper()
	dir = t.TempDir()
	l, err := listenUnix(filepath.Join(dir, controlSocket), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead { // a HEAD only checks that the server answers
			answer(w, r)
		}
	})}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return dir
}

func TestPerformOutlivesTheServer(t *testing.T) {
	dir := fakeServer(t, func(w http.ResponseWriter, r *http.Request) {
		frames := newFrameWriter(w)
		fmt.Fprint(frames, "half of a carry file")
		frames.send()
		panic(http.ErrAbortHandler)
	})
	var got tape
	err := perform(t.Context(), dir, "export", exportArgs{}, &got)
	want := "ledger.db in " + dir + " is damaged: reading it ended the process that read it"
	if err == nil || err.Error() != want || exit.StatusOf(err) != exit.Mismatch || exit.HintOf(err) == "" {
		t.Errorf("%v (status %d), want %s", err, exit.StatusOf(err), want)
	}
	if got.String() != "half of a carry file" {
		t.Errorf("%q came", got.String())
	}
}

func TestPerformAsksTheServer(t *testing.T) {
	dir := fakeServer(t, func(w http.ResponseWriter, r *http.Request) {
		args, _ := io.ReadAll(r.Body)
		frames := newFrameWriter(w)
		fmt.Fprintf(frames, "%s %s %s", r.Method, r.URL.Path, args)
		frames.End(exit.New(exit.KeyMissing, "bring it", "a key is missing"))
	})
	var got tape
	err := perform(t.Context(), dir, "export", exportArgs{Since: 7}, &got)
	if err == nil || err.Error() != "a key is missing" || exit.StatusOf(err) != exit.KeyMissing || exit.HintOf(err) != "bring it" {
		t.Errorf("%v, status %d, hint %q", err, exit.StatusOf(err), exit.HintOf(err))
	}
	if want := `POST /export {"since":7}`; got.String() != want {
		t.Errorf("asked %s, want %s", got.String(), want)
	}
}

func TestPerformWithAnOlderServer(t *testing.T) {
	dir := fakeServer(t, http.NotFound)
	err := perform(t.Context(), dir, "export", exportArgs{}, &tape{})
	if err == nil || err.Error() != "the process that serves the ledger does not know export" ||
		exit.HintOf(err) != "it may be of another version: stop it and start it again" {
		t.Errorf("%v, hint %q", err, exit.HintOf(err))
	}
}

// A stopped process accepts connections and answers none.
func TestAServerThatIsStopped(t *testing.T) {
	dir := t.TempDir()
	client, release, err := controlClient(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if there, err := alive(t.Context(), client, aliveWait); there || err != nil {
		t.Errorf("no socket: %v, %v", there, err)
	}
	l, err := listenUnix(filepath.Join(dir, controlSocket), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if there, err := alive(t.Context(), client, time.Millisecond); there || err != nil {
		t.Errorf("a socket that nobody answers on: %v, %v", there, err)
	}
	given, giveUp := context.WithCancel(t.Context())
	giveUp()
	if there, err := alive(given, client, aliveWait); there || !errors.Is(err, context.Canceled) {
		t.Errorf("given up on: %v, %v", there, err)
	}
}

// A cancelled operation ends.
func TestPerformIsGivenUp(t *testing.T) {
	ended := make(chan struct{})
	dir := fakeServer(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		io.Copy(io.Discard, r.Body) // net/http looks after the connection from here on
		frames := newFrameWriter(w)
		fmt.Fprint(frames, "begun")
		frames.send()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	err := perform(ctx, dir, "export", exportArgs{}, cancelling{cancel})
	if !errors.Is(err, context.Canceled) && !errors.Is(err, errNoEnd) {
		t.Errorf("it ended with %v", err)
	}
	<-ended
}

// cancelling is a reporter that cancels at the first output.
type cancelling struct{ cancel func() }

func (c cancelling) Write(p []byte) (int, error) { c.cancel(); return len(p), nil }
func (c cancelling) Progress(tick)               {}

// The socket is removed at the end, and a stale one is replaced.
func TestControlSocketComesAndGoes(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		stop, err := serveControl(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		stop()
		if _, err := os.Lstat(filepath.Join(dir, controlSocket)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
	}
}

func TestOperationsRefuseWrongArguments(t *testing.T) {
	for name, do := range map[string]operation{"export": operations["export"]} {
		if err := do(t.Context(), (*store.Store)(nil), json.RawMessage(`{"since":-1}`), &tape{}); err == nil {
			t.Errorf("%s takes a negative number", name)
		}
	}
}
