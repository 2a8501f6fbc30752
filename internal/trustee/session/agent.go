package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"filippo.io/age"

	"zapis/internal/atomicfile/filelock"
	"zapis/internal/exit"
	"zapis/internal/peer"
	"zapis/internal/trustee/vault"
)

// Options are what an agent is told.
type Options struct {
	Idle time.Duration                         // it ends after so long without a request
	File [32]byte                              // SHA-256 of the identity file
	Load func(text []byte) (*vault.Key, error) // makes keys of an identity's text, which it must not keep

	// Ready is told once the socket answers, and what of the memory is locked. The agent ends with its error.
	Ready func(Locking) error
}

// quiet is how long keys stay computed after a request. Then they are dropped and the memory goes back to the kernel;
// the locked text stays.
const quiet = 2 * time.Second

// agent holds one identity.
type agent struct {
	o      Options
	secret *secret
	ended  context.CancelCauseFunc

	mu     sync.Mutex // guards what follows, and the secret's text
	key    *vault.Key // nil where it was dropped
	closed bool
	drop   *time.Timer
	idle   *time.Timer
}

// errEnded is the cause of an agent's ordinary end.
var errEnded = errors.New("the session has ended")

// Serve reads an identity's text from r and answers at the place until ctx ends, the idle time has passed, or a process
// asks it to end; then it has wiped the text and returns nil. Status Failed where another agent serves the place.
func Serve(ctx context.Context, p Place, r io.Reader, o Options) error {
	if ErrUnsupported != nil {
		return ErrUnsupported
	}
	if err := p.prepare(); err != nil {
		return err
	}
	held, err := filelock.Take(p.lock(), filelock.Options{Wait: 2 * time.Second, Context: ctx, Holder: fmt.Sprintf("process %d", os.Getpid())})
	if _, other := errors.AsType[*filelock.HeldError](err); other {
		return exit.New(exit.Failed, "", "another session of this vault has not ended: %w", err)
	}
	if err != nil {
		return err
	}
	defer held.Release()
	text, err := readSecret(r)
	if err != nil {
		return err
	}
	defer text.wipe()
	// There is no agent: this process holds the lock. An existing socket was left by an agent that was killed.
	if err := os.Remove(p.Socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.Socket(), Net: "unix"})
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := os.Chmod(p.Socket(), 0o600); err != nil {
		return err
	}
	return serve(ctx, listener, text, o)
}

// serve answers until the agent ends, and wipes.
func serve(ctx context.Context, listener *net.UnixListener, text *secret, o Options) error {
	ctx, end := context.WithCancelCause(ctx)
	a := &agent{o: o, secret: text, ended: end}
	defer a.close()
	if _, err := a.use(); err != nil {
		return err
	}
	if err := o.Ready(text.locking); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	for {
		conn, err := listener.AcceptUnix()
		if err != nil {
			if ctx.Err() == nil {
				return err
			}
			if cause := context.Cause(ctx); cause != errEnded && !errors.Is(cause, context.Canceled) {
				return cause
			}
			return nil
		}
		go a.answer(ctx, conn)
	}
}

// use returns the keys, computed of the locked text where they were dropped, and begins the idle time again.
func (a *agent) use() (*vault.Key, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, errEnded
	}
	if a.key == nil {
		key, err := a.o.Load(a.secret.text())
		if err != nil {
			return nil, err
		}
		a.key = key
	}
	if a.idle == nil {
		a.idle = time.AfterFunc(a.o.Idle, func() { a.ended(errEnded) })
		a.drop = time.AfterFunc(quiet, a.forget)
	}
	a.idle.Reset(a.o.Idle)
	a.drop.Reset(quiet)
	return a.key, nil
}

// forget drops the computed keys and has the collector return their memory.
func (a *agent) forget() {
	a.mu.Lock()
	a.key = nil
	a.mu.Unlock()
	debug.FreeOSMemory()
}

func (a *agent) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed, a.key = true, nil
	a.secret.wipe()
	if a.idle != nil {
		a.idle.Stop()
		a.drop.Stop()
	}
}

// answer serves one connection. A panic ends the agent: keys are not kept in a process whose state is not known.
func (a *agent) answer(ctx context.Context, conn *net.UnixConn) {
	defer conn.Close()
	defer func() {
		if r := recover(); r != nil {
			a.ended(fmt.Errorf("the session ended by a fault in it: %v", r))
		}
	}()
	if same, err := peer.SameUser(conn); err != nil || !same {
		return
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		var q request
		if readFrame(conn, &q) != nil {
			return
		}
		if q.Op == opEnd {
			a.close()
			a.ended(errEnded)
			return
		}
		r := a.do(q)
		err := writeFrame(conn, r)
		clear(r.Data)
		if err != nil {
			return
		}
	}
}

func (a *agent) do(q request) reply {
	key, err := a.use()
	if err != nil {
		return reply{Failure: err.Error()}
	}
	var data []byte
	switch q.Op {
	case opHello:
		return reply{Card: key.Card.Marshal(), File: a.o.File[:]}
	case opUnwrap:
		data, err = key.Age.Unwrap(q.stanzas())
	case opSign:
		data, err = key.Signer.SignBlob(q.Data)
	default:
		err = fmt.Errorf("a session does not know how to %q", q.Op)
	}
	switch {
	case errors.Is(err, age.ErrIncorrectIdentity):
		return reply{NoMatch: true}
	case err != nil:
		return reply{Failure: err.Error()}
	}
	return reply{Data: data}
}
