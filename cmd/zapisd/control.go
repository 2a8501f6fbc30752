package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/gorilla/mux"

	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/store"
)

// controlSocket is in the ledger's folder while a process serves it: HTTP, mode 0600.
const controlSocket = "control.sock"

// maxArgs is the most bytes that an operation's arguments may have: an anchor with its certificates, as JSON.
const maxArgs = 2 << 20

// operation is a verb's work on an open ledger, in the process that has it open.
type operation func(ctx context.Context, st *store.Store, args json.RawMessage, to reporter) error

// with makes an operation of a function that takes arguments.
func with[A any](do func(context.Context, *store.Store, A, reporter) error) operation {
	return func(ctx context.Context, st *store.Store, raw json.RawMessage, to reporter) error {
		var args A
		if err := json.Unmarshal(raw, &args); err != nil {
			return err
		}
		return do(ctx, st, args, to)
	}
}

// plain makes an operation of a function without arguments.
func plain(do func(context.Context, *store.Store, reporter) error) operation {
	return func(ctx context.Context, st *store.Store, _ json.RawMessage, to reporter) error {
		return do(ctx, st, to)
	}
}

// reply writes an operation's answer as JSON.
func reply(to reporter, answer any) error { return json.NewEncoder(to).Encode(answer) }

// operations lists every verb that a serving process accepts on its control socket. A new verb is one more row.
var operations = map[string]operation{
	"export": with(exportLedger),
	"check":  with(checkLedger),
	"status": plain(tellStatus),

	"accept":  with(acceptHandedIn),
	"key-new": plain(newKeys),
	"compact": plain(compactLedger),

	"drill":       plain(drill),
	"rotate-duty": with(rotateDuty),

	"backup-state":   plain(backupState),
	"backup-parts":   with(backupParts),
	"continue-state": plain(continueState),

	"witness-state": plain(witnessState),
	"witness-prove": with(witnessProve),
	"witness-keep":  with(witnessKeep),
	"witness-stop":  with(witnessStop),
	"anchor-state":  with(anchorState),
	"anchor-append": with(anchorAppend),
}

// writing are the operations that change the ledger.
var writing = map[string]bool{"accept": true, "key-new": true, "compact": true, "witness-keep": true, "witness-stop": true, "anchor-append": true, "drill": true}

// withoutKey lists the operations that bring a new log key where the old one is lost.
var withoutKey = map[string]bool{"accept": true, "key-new": true}

// openFor opens a ledger that no process serves, for one operation. What it submits becomes an entry at a slot when
// the ledger is served again: this process must not choose the time.
func openFor(name, dir string) (*store.Store, error) {
	if !writing[name] {
		return store.OpenReadOnly(dir)
	}
	register, err := registerOf(dir)
	if err != nil {
		return nil, err
	}
	return store.Open(dir, store.Config{Slot: 24 * time.Hour, Verb: "zapisd " + name, KeyLost: withoutKey[name], Register: register})
}

// perform runs an operation on the ledger in dir: in the process that serves it, or else in a child process that takes
// the lock. It never runs in this process: reading a damaged database can end a process in ways that Go can't recover,
// and this process must report that.
func perform(ctx context.Context, dir, name string, args any, to reporter) error {
	payload, err := json.Marshal(args)
	if err != nil {
		return err
	}
	served, err := askServer(ctx, dir, name, payload, to)
	if !served && err == nil {
		err = askChild(ctx, dir, name, payload, to)
	}
	if errors.Is(err, errNoEnd) && ctx.Err() == nil {
		return exit.New(exit.Mismatch, "keep the folder as it is, and bring back the last backup that zapisd check accepts",
			"ledger.db in %s is damaged: reading it ended the process that read it", dir)
	}
	return err
}

// askChild runs an operation in a child process. Its stderr holds only a crash's traces.
func askChild(ctx context.Context, dir, name string, args []byte, to reporter) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.CommandContext(ctx, self, "perform", "--dir", dir, name)
	child.Args[0] = os.Args[0]
	if s, ok := to.(*screen); ok && s.file != nil {
		child.Args = append(child.Args, "--file", s.file.Name())
		child.ExtraFiles = []*os.File{s.file}
	}
	child.Stdin = bytes.NewReader(args)
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	ended := readFrames(out, to)
	if ended != nil {
		child.Process.Kill() // it may still be writing, and no reader is left
	}
	if err := child.Wait(); err != nil && ended == nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ended
}

// performVerb is the child process of the other verbs. It writes frames to stdout and exits with 0; the last frame
// holds the status. With --file results are not in frames: it writes them to the open file passedFile, so that a gigabyte
// does not go through a pipe and another process.
type performVerb struct {
	Dir  string `required:""`
	Name string `arg:""`
	File string // the open file's name, for errors
}

// passedFile is the number of the first of exec.Cmd.ExtraFiles.
const passedFile = 3

func (v *performVerb) Run(ctx context.Context, s *cli.Streams) error {
	frames := newFrameWriter(s.Out)
	if v.File != "" {
		frames.file = bufio.NewWriterSize(os.NewFile(passedFile, v.File), resultsBuffer)
	}
	return frames.End(v.work(ctx, s.In, frames))
}

func (v *performVerb) work(ctx context.Context, in io.Reader, to reporter) error {
	do, ok := operations[v.Name]
	if !ok {
		return exit.New(exit.Usage, "", "there is no %s", v.Name)
	}
	args, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	st, err := openFor(v.Name, v.Dir)
	if err != nil {
		return err
	}
	defer st.Close()
	return do(ctx, st, args, to)
}

// askServer asks the process that serves dir. It reports false where there is none, or where it does not answer.
func askServer(ctx context.Context, dir, name string, args []byte, to reporter) (served bool, err error) {
	client, release, err := controlClient(dir)
	if err != nil {
		return false, err
	}
	defer release()
	if there, err := alive(ctx, client, aliveWait); err != nil || !there {
		return err != nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://zapisd/"+name, bytes.NewReader(args))
	if err != nil {
		return true, err
	}
	resp, err := client.Do(req)
	switch {
	case nobodyThere(err):
		return false, nil
	case err != nil:
		return true, exit.New(exit.Failed, "", "the process that serves the ledger: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return true, exit.New(exit.Failed, "it may be of another version: stop it and start it again",
			"the process that serves the ledger does not know %s", name)
	}
	return true, readFrames(resp.Body, to)
}

// controlClient returns a client of dir's control socket.
func controlClient(dir string) (client *http.Client, release func(), err error) {
	path, release, err := socketIn(dir, controlSocket)
	if err != nil {
		return nil, nil, err
	}
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
		DisableKeepAlives: true,
	}}, release, nil
}

func nobodyThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// aliveWait is how long a serving process may take to answer any request, under any load.
const aliveWait = 5 * time.Second

// alive reports whether the server answers within a time. A stopped process (SIGSTOP) still accepts connections: such
// a process gets no request, and the caller then finds the lock held and names its holder.
func alive(ctx context.Context, client *http.Client, within time.Duration) (bool, error) {
	wait, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(wait, http.MethodHead, "http://zapisd/", nil)
	if err != nil {
		return false, err
	}
	resp, err := client.Do(req)
	var of *url.Error // it adds an address that means nothing here
	if errors.As(err, &of) {
		err = of.Err
	}
	switch {
	case err == nil:
		resp.Body.Close()
		return true, nil
	case nobodyThere(err), wait.Err() != nil && ctx.Err() == nil:
		return false, nil
	case errors.Is(err, syscall.ENOTDIR):
		return false, exit.New(exit.Failed, "name the folder that zapisd init has made", "what --dir names is no folder")
	}
	return false, exit.New(exit.Failed, "ask as the user who runs zapisd serve", "the control socket: %w", err)
}

// serveControl answers on dir's control socket until stop is called.
func serveControl(dir string, st *store.Store) (stop func(), err error) {
	path, release, err := socketIn(dir, controlSocket)
	if err != nil {
		return nil, err
	}
	l, err := listenUnix(path, 0o600)
	if err != nil {
		release()
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	srv := &http.Server{
		Handler:           controlHandler(st),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		srv.Serve(l)
	}()
	return func() {
		// A client whose own request ended the serving still gets its answer.
		grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			srv.Close()
		}
		<-served // it removes the socket's name, and must not remove a successor's
		os.Remove(path)
		release()
	}, nil
}

func controlHandler(st *store.Store) http.Handler {
	r := mux.NewRouter()
	for name, do := range operations {
		r.HandleFunc("/"+name, func(w http.ResponseWriter, req *http.Request) {
			args, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxArgs))
			if err != nil {
				http.Error(w, "arguments", http.StatusBadRequest)
				return
			}
			frames := newFrameWriter(w)
			frames.End(do(req.Context(), st, args, frames))
		}).Methods(http.MethodPost)
	}
	return r
}
