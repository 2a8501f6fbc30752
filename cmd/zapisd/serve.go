package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/sandbox"
	"zapis/internal/server/intake"
	"zapis/internal/server/publish"
	"zapis/internal/server/signals"
	"zapis/store"
	"zapis/web"
)

type serveVerb struct {
	Config    configFlag    `placeholder:"FILE" help:"Where the other flags are set too, one a line, as slot = 24h. zapisd setup writes one."`
	Dir       string        `required:"" placeholder:"D" help:"The ledger's folder."`
	Listen    string        `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"HOST:PORT, or unix:PATH for a proxy or tor (${default})."`
	Slot      time.Duration `default:"24h" placeholder:"24h" help:"How often waiting reports become entries; 0, for trials only: at once (${default})."`
	Site      string        `placeholder:"FILE" help:"Who runs this form, who reads, and when: shown to reporters. Needed in public."`
	NoPublish bool          `help:"Keep the checkpoint and the tiles of hashes to yourself."`
	Grace     time.Duration `default:"60s" placeholder:"60s" help:"For how long uploads in flight may go on after a stop (${default})."`

	Health       string `placeholder:"unix:PATH" help:"Where a monitor on this machine asks for /health; health.sock in the ledger's folder without it."`
	CircuitLimit int    `default:"0" placeholder:"16" help:"How many connections one of tor's circuits may have at a time. The socket is then tor's alone, with HiddenServiceExportCircuitID; 0: it is not."`

	bounds `embed:""`
}

func (v *serveVerb) Run(ctx context.Context, s *cli.Streams) error {
	at, health, err := v.check()
	if err != nil {
		return err
	}
	srv, err := startServing(serving{
		verb: "zapisd serve", dir: v.Dir, at: at, health: health, circuits: v.CircuitLimit, slot: v.Slot, site: v.Site,
		limits: v.limits(), publish: !v.NoPublish, grace: v.Grace, talk: s, front: v.front(), confined: true,
	})
	if err != nil {
		return err
	}
	return srv.wait(ctx)
}

// check refuses values out of range, naming where each was set.
func (v *serveVerb) check() (at address, health *address, err error) {
	if at, err = parseAddress(v.Config.named("listen", v.Listen), v.Listen); err != nil {
		return at, nil, err
	}
	if v.Health != "" {
		h, err := parseAddress(v.Config.named("health", v.Health), v.Health)
		if err != nil {
			return at, nil, err
		}
		health = &h
	}
	wrong := func(flag string, value any, what string) error {
		return exit.New(exit.Usage, "", "%s: %s", v.Config.named(flag, value), what)
	}
	switch {
	case v.Slot < 0:
		err = wrong("slot", v.Slot, "it can't be negative")
	case v.Slot%time.Second != 0, v.Slot > 366*24*time.Hour:
		err = wrong("slot", v.Slot, "it has whole seconds, and 366 days at most")
	case v.Grace < 0:
		err = wrong("grace", v.Grace, "it can't be negative")
	case health != nil && (health.network != "unix" || *health == at):
		err = wrong("health", v.Health, "it must be unix:PATH, and not the form's own socket")
	case v.CircuitLimit < 0:
		err = wrong("circuit-limit", v.CircuitLimit, "it can't be negative")
	case v.CircuitLimit > 0 && at.network != "unix":
		err = wrong("circuit-limit", v.CircuitLimit, "only tor's own socket has circuits: it needs --listen unix:PATH")
	case v.Site == "" && at.public():
		err = exit.New(exit.Usage, siteHint, "%s is public: reporters must read who runs this form, so --site FILE is needed", v.Config.named("listen", v.Listen))
	case v.Site == "" && v.CircuitLimit > 0:
		err = exit.New(exit.Usage, siteHint, "%s: an onion service is public: reporters must read who runs this form, so --site FILE is needed",
			v.Config.named("circuit-limit", v.CircuitLimit))
	}
	if err == nil {
		err = v.bounds.check(v.Config.named)
	}
	return at, health, err
}

const siteHint = "docs/guides/operator.md has a site file to copy"

// serving configures how a ledger is served.
type serving struct {
	verb     string // named to other processes as the holder of the lock
	dir      string
	at       address
	health   *address // nil for the folder's own
	circuits int      // connections of one tor circuit; 0 where the listener is not tor's
	slot     time.Duration
	site     string // file, or empty
	limits   intake.Limits
	front    front
	publish  bool
	grace    time.Duration
	talk     *cli.Streams
	confined bool // to the ledger's folder, for ever
}

// server is a ledger that is being served.
type server struct {
	store    *store.Store
	listener net.Listener
	public   *public
	grace    time.Duration
	failed   chan error // what ended the slots or the listener
	stops    []func()   // run last to first when it ends
}

// startServing opens the ledger, answers on the control socket, and listens.
func startServing(c serving) (_ *server, err error) {
	sandbox.HideMemory()
	srv := &server{grace: c.grace, failed: make(chan error, 2)}
	defer func() {
		if err != nil {
			srv.stop()
		}
	}()

	register, err := registerOf(c.dir)
	if err != nil {
		return nil, err
	}
	srv.store, err = store.Open(c.dir, store.Config{Slot: c.slot, Verb: c.verb, Register: register})
	if err != nil {
		_, seen := os.Stat(filepath.Join(c.dir, "ledger.db"))
		return nil, notOpened(c.dir, err, seen)
	}
	srv.stops = append(srv.stops, func() { srv.store.Close() })
	closeControl, err := serveControl(c.dir, srv.store)
	if err != nil {
		return nil, err
	}
	srv.stops = append(srv.stops, closeControl)

	health, release, err := c.healthAddress()
	if err != nil {
		return nil, err
	}
	srv.stops = append(srv.stops, release)
	closeHealth, err := serveHealth(health, srv.store)
	if err != nil {
		return nil, err
	}
	srv.stops = append(srv.stops, closeHealth)

	_, set := srv.store.SetInForce()
	site, err := loadSite(c.site, set)
	if err != nil {
		return nil, err
	}
	keepDutyTrue(&site, set, c.talk.Err)
	duty := signals.New(srv.store, signals.Config{Slot: c.slot, Now: time.Now})
	c.front.pages.OnDuty = duty.OnDuty
	c.front.pages.Broken = sayBroken(c.talk)
	limitMemory()
	pages, err := web.New(intake.New(srv.store, c.limits, time.Now), site, c.front.pages)
	if err != nil {
		return nil, err
	}

	srv.listener, err = c.at.listen()
	if err != nil {
		return nil, exit.New(exit.Failed, "", "--listen: %w", err)
	}
	if c.circuits > 0 {
		srv.listener = newCircuitListener(srv.listener, c.circuits)
	}
	srv.public = newPublic(srv.listener, c.front, routes(pages, srv.store, duty, c.publish), pages.Busy())
	if c.confined {
		ports, err := portsOf(c.dir)
		if err != nil {
			return nil, err
		}
		if err := confine(c.dir, ports, c.at, health); err != nil {
			return nil, fmt.Errorf("the process can't be confined to its folder: %w", err)
		}
	}
	slots, endSlots := context.WithCancel(context.Background())
	slotsEnded := make(chan struct{})
	srv.stops = append(srv.stops, func() { endSlots(); <-slotsEnded })
	go func() {
		defer close(slotsEnded)
		if err := srv.store.Run(slots); err != nil && slots.Err() == nil {
			srv.failed <- err
		}
	}()
	dutyEnded := make(chan struct{})
	srv.stops = append(srv.stops, func() { endSlots(); <-dutyEnded })
	go func() {
		defer close(dutyEnded)
		duty.Run(slots, func(err error) { escape.Fprintf(c.talk.Err, "zapisd: no batch of signals was made: %v\n", err) })
	}()
	place, err := store.PlaceOf(c.dir)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(c.talk.Err, noteOf(place))
	if text := warningOf(srv.store); text != "" {
		escape.Fprintf(c.talk.Err, "WARNING: %s\n", text)
	}
	srv.public.serve(srv.failed)
	escape.Fprintln(c.talk.Err, "listening on", shown(srv.listener))
	return srv, nil
}

// notOpened adds a hint to the error of a ledger that did not open. seen is the error of looking for its database.
func notOpened(dir string, err, seen error) error {
	switch {
	case errors.Is(err, store.ErrNoGuard):
		return exit.New(exit.StatusOf(err), cli.Hint(err)+": zapisd restore --dir D --newest FILE takes a checkpoint or a carry file", "%w", err)
	case errors.Is(err, store.ErrNoLedger) && errors.Is(seen, fs.ErrPermission):
		return exit.New(exit.Failed, "run it as the user whose folder that is, or give the folder to this one (chown -R)",
			"this user may not look into %s", dir)
	}
	return err
}

// healthAddress returns the address for the monitor. The caller keeps what release closes until the listener is
// closed.
func (c serving) healthAddress() (at address, release func(), err error) {
	if c.health != nil {
		return *c.health, func() {}, nil
	}
	path, release, err := socketIn(c.dir, healthSocket)
	return address{"unix", path}, release, err
}

// routes puts what is public about the ledger beside the pages.
func routes(pages http.Handler, st *store.Store, duty *signals.Server, public bool) http.Handler {
	hashes := publish.Handler(st)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, set := st.SetInForce()
		if len(set.Duty) > 0 && signals.Handles(r.URL.Path) {
			duty.ServeHTTP(w, r)
			return
		}
		// What brings a body along is refused by the pages: net/http would wait for the body for ever.
		if public && r.Body == http.NoBody && publish.Published(r.URL.Path) {
			hashes.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// wait serves until ctx ends, then lets uploads in flight go on within the grace, and closes everything.
func (s *server) wait(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-s.failed:
	}
	grace, cancel := context.WithTimeout(context.Background(), s.grace)
	defer cancel()
	if !s.public.shutdown(grace) && failure == nil {
		failure = fmt.Errorf("uploads in flight did not end within %s and were cut off", s.grace)
	}
	s.stop()
	return failure
}

func (s *server) stop() {
	for _, stop := range slices.Backward(s.stops) {
		stop()
	}
	s.stops = nil
}

// sayBroken reports to the operator that a page failed, once for each place in the program: the function and line, and
// nothing of the request.
func sayBroken(s *cli.Streams) func(stack []byte) {
	var told atomic.Int32
	return func(stack []byte) {
		if told.Add(1) > 20 {
			return
		}
		fmt.Fprintf(s.Err, "zapisd: a page could not be made (%s)\n%s\n", runtime.Version(), functions(stack))
	}
}

// functions returns a stack's function names and lines of code, without arguments.
func functions(stack []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(stack)) {
		if strings.HasPrefix(line, "\t") {
			b.WriteString(line)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
