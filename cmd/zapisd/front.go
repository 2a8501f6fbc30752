package main

import (
	"cmp"
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"time"

	"zapis/internal/exit"
	"zapis/internal/server/connlimit"
	"zapis/internal/server/intake"
	"zapis/web"
)

// bounds are the flags that limit what the machine accepts.
type bounds struct {
	MaxFile     size `default:"500M" placeholder:"500M" help:"The largest file that is taken, at most 4G (${default})."`
	MaxReport   size `default:"2G" placeholder:"2G" help:"The most that one report's files have together, at most 64G (${default})."`
	FilesFloor  size `default:"2G" placeholder:"2G" help:"Files are refused once less than this would stay free on the disk (${default})."`
	WordsFloor  size `default:"256M" placeholder:"256M" help:"And words once less than this would (${default})."`
	Quota       size `default:"0" placeholder:"40G" help:"The most that the ledger may take up; files are refused at nine tenths of it. 0: only the disk counts (${default})."`
	Uploads     int  `default:"64" placeholder:"64" help:"How many may send files at the same time (${default})."`
	Connections int  `default:"0" placeholder:"4096" help:"How many connections there may be at the same time. 0: 4096, or as many as open files allow (${default})."`

	MinRate    size          `default:"1K" placeholder:"1K" help:"The least that a sender has to bring, in bytes a second (${default})."`
	RateOver   time.Duration `default:"30s" placeholder:"30s" help:"The time over which that is measured (${default})."`
	HeaderTime time.Duration `default:"10s" placeholder:"10s" help:"How long a request's header may take (${default})."`
	IdleTime   time.Duration `default:"60s" placeholder:"60s" help:"How long a connection may be idle (${default})."`
}

func (b *bounds) limits() intake.Limits {
	return intake.Limits{
		File: int64(b.MaxFile), Report: int64(b.MaxReport), Uploads: b.Uploads,
		FilesFloor: int64(b.FilesFloor), WordsFloor: int64(b.WordsFloor), Quota: int64(b.Quota),
	}
}

// check returns a message about a flag that is out of range. named names a flag with its value by where it was set.
func (b *bounds) check(named func(flag string, value any) string) error {
	for name, d := range map[string]time.Duration{"rate-over": b.RateOver, "header-time": b.HeaderTime, "idle-time": b.IdleTime} {
		if d < time.Millisecond {
			return exit.New(exit.Usage, "", "%s: it has to be a time, as 30s", named(name, d))
		}
	}
	for name, n := range map[string]size{"max-file": b.MaxFile, "max-report": b.MaxReport} {
		if n < 1 {
			return exit.New(exit.Usage, "", "%s: it has to be a size, as 500M", named(name, n))
		}
	}
	both := func(one string, a any, other string, c any) string { return named(one, a) + ", " + named(other, c) }
	l := b.limits()
	for _, some := range []struct {
		flags string
		is    intake.Limits
	}{
		{both("max-file", b.MaxFile, "max-report", b.MaxReport), intake.Limits{File: l.File, Report: l.Report}},
		{named("uploads", b.Uploads), intake.Limits{Uploads: l.Uploads}},
		{both("files-floor", b.FilesFloor, "words-floor", b.WordsFloor), intake.Limits{FilesFloor: l.FilesFloor, WordsFloor: l.WordsFloor}},
	} {
		if err := some.is.Check(); err != nil {
			return exit.New(exit.Usage, "", "%s: %w", some.flags, err)
		}
	}
	switch available := fileLimit() - filesKeptBack; {
	case b.Uploads < 1:
		return exit.New(exit.Usage, "", "%s: it has to be at least 1", named("uploads", b.Uploads))
	case b.WordsFloor < 1 || b.FilesFloor < 1:
		return exit.New(exit.Usage, "", "%s: something has to stay free", both("files-floor", b.FilesFloor, "words-floor", b.WordsFloor))
	case b.MinRate < 1:
		return exit.New(exit.Usage, "", "%s: it has to be at least one byte a second", named("min-rate", b.MinRate))
	case b.Connections < 0:
		return exit.New(exit.Usage, "", "%s: it can't be negative", named("connections", b.Connections))
	case available < 1:
		return exit.New(exit.Failed, "ulimit -n, or LimitNOFILE= in the unit, lets it have more",
			"this process may have %d files open, and needs more than %d", available+filesKeptBack, filesKeptBack)
	case b.Connections > available:
		return exit.New(exit.Usage, "ulimit -n, or LimitNOFILE= in the unit, lets it have more",
			"%s: this process may have %d files open, which is enough for %d", named("connections", b.Connections), available+filesKeptBack, available)
	}
	return nil
}

// filesKeptBack is the number of file descriptors that are reserved for the ledger, for uploads in progress, and for
// connections beyond the limit.
const filesKeptBack = 256 + connlimit.MaxExtraFiles

func (b *bounds) front() front {
	return front{
		connections: b.Connections, headerTime: b.HeaderTime, idleTime: b.IdleTime,
		pages: web.Options{Rate: int64(b.MinRate), Window: b.RateOver},
	}
}

// front configures the public side. Zeros have the flags' defaults.
type front struct {
	connections          int
	headerTime, idleTime time.Duration
	pages                web.Options
}

// keepWaiting is how long a client may keep the server waiting when all places are taken.
const keepWaiting = 2 * time.Second

// maxHeader is the most that a request's line and headers may have, in bytes; net/http adds 4 KiB.
const maxHeader = 16 << 10

// public is the listener for reporters with a limited number of places, and an overflow that answers the others.
type public struct {
	listener           *connlimit.Listener
	admitted, overflow *http.Server
}

func newPublic(l net.Listener, f front, handler, busy http.Handler) *public {
	answerTime := f.pages.AnswerTime()
	server := func(h http.Handler) *http.Server {
		return &http.Server{
			Handler:           h,
			ReadHeaderTimeout: cmp.Or(f.headerTime, 10*time.Second),
			IdleTimeout:       cmp.Or(f.idleTime, time.Minute),
			WriteTimeout:      answerTime,
			MaxHeaderBytes:    maxHeader,
			// net/http logs clients' addresses when a handshake or a handler fails. Those messages are dropped.
			ErrorLog: log.New(nowhere{}, "", 0),
			// Without this, net/http answers OPTIONS * itself, without our headers.
			DisableGeneralOptionsHandler: true,
		}
	}
	p := &public{
		listener: connlimit.New(l, cmp.Or(f.connections, max(1, min(4096, fileLimit()-filesKeptBack))), keepWaiting),
		admitted: server(handler), overflow: server(busy),
	}
	p.overflow.SetKeepAlivesEnabled(false)
	return p
}

// serve answers until shutdown; any other end is sent to failed.
func (p *public) serve(failed chan<- error) {
	go p.overflow.Serve(p.listener.Overflow())
	go func() {
		if err := p.admitted.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
}

// shutdown accepts no new connections, and lets open ones finish until ctx ends. It reports false where some were cut
// off.
func (p *public) shutdown(ctx context.Context) bool {
	err := p.admitted.Shutdown(ctx)
	p.admitted.Close()
	p.overflow.Close()
	return err == nil
}

// nowhere drops what net/http would log.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
