package main

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zapis/internal/exit"
	"zapis/store"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]struct {
		network string
		public  bool
	}{
		"127.0.0.1:8080":        {"tcp", false},
		"127.8.9.1:0":           {"tcp", false},
		"[::1]:80":              {"tcp", false},
		"[::ffff:127.0.0.1]:80": {"tcp", false},
		"localhost:8080":        {"tcp", false},
		":8080":                 {"tcp", true},
		"0.0.0.0:8080":          {"tcp", true},
		"[::]:8080":             {"tcp", true},
		"192.0.2.7:80":          {"tcp", true},
		"localhost.example:80":  {"tcp", true},
		"unix:/run/z/z.sock":    {"unix", false},
	} {
		a, err := parseAddress("--listen "+text, text)
		if err != nil || a.network != want.network || a.public() != want.public {
			t.Errorf("%s: %+v, public %v, %v", text, a, a.public(), err)
		}
	}
	for text, want := range map[string]string{
		"8080":  "--listen 8080: address 8080: missing port in address",
		"unix:": "--listen unix: names no path",

		"127.0.0.1:99999": "--listen 127.0.0.1:99999: address 99999: invalid port",
	} {
		if _, err := parseAddress("--listen "+text, text); err == nil || err.Error() != want || exit.StatusOf(err) != exit.Usage {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// A folder that the service's user may not enter is not one without a ledger: init would be the wrong hint.
func TestNotOpened(t *testing.T) {
	none := exit.New(exit.Failed, "zapisd init makes one", "%w: D has no ledger.db", store.ErrNoLedger)
	for _, tt := range []struct {
		seen       error
		want, hint string
	}{
		{&fs.PathError{Op: "stat", Path: "D/ledger.db", Err: fs.ErrPermission}, "this user may not look into D",
			"run it as the user whose folder that is, or give the folder to this one (chown -R)"},
		{&fs.PathError{Op: "stat", Path: "D/ledger.db", Err: fs.ErrNotExist}, "there is no ledger here: D has no ledger.db", "zapisd init makes one"},
	} {
		if err := notOpened("D", none, tt.seen); err.Error() != tt.want || exit.HintOf(err) != tt.hint || exit.StatusOf(err) != exit.Failed {
			t.Errorf("%v: %v, %s", tt.seen, err, exit.HintOf(err))
		}
	}
}

func TestListenUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := listenUnix(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode is %v, %v", info.Mode(), err)
	}
	if _, err := listenUnix(path, 0o600); err == nil || !strings.HasSuffix(err.Error(), "another process answers there") {
		t.Errorf("a second listener: %v", err)
	}

	// A killed process leaves the socket's name, and no listener.
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	l, err = listenUnix(path, 0o600)
	if err != nil {
		t.Fatalf("over a dead socket: %v", err)
	}
	l.Close()

	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listenUnix(file, 0o600); err == nil || !strings.HasSuffix(err.Error(), "is there and is no socket") {
		t.Errorf("over a file: %v", err)
	}
	if content, _ := os.ReadFile(file); string(content) != "mine" {
		t.Error("the file was harmed")
	}
}

func TestSocketInADeepFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path, release, err := socketIn(dir, controlSocket)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	l, err := listenUnix(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := os.Stat(filepath.Join(dir, controlSocket)); err != nil {
		t.Errorf("the socket is not in the folder: %v", err)
	}
}

func TestATakenPort(t *testing.T) {
	first, err := address{"tcp", "127.0.0.1:0"}.listen()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	at := first.Addr().String()
	_, err = address{"tcp", at}.listen()
	if want := "listen tcp " + at + ": bind: address already in use"; err == nil || err.Error() != want ||
		!strings.HasPrefix(exit.HintOf(err), "stop what listens there, or give another port") {
		t.Errorf("%v, hint %q, want %s", err, exit.HintOf(err), want)
	}
}
