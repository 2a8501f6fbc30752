package session

import (
	"errors"
	"net"
	"sync"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/internal/exit"
	"zapis/internal/peer"
	"zapis/internal/trustee/vault"
)

// ErrNone says that no agent serves a place.
var ErrNone = errors.New("there is no session of this vault")

// patience bounds one request.
const patience = 30 * time.Second

// Session is a connection to an agent. Any number of goroutines may use its keys; requests go one at a time.
type Session struct {
	card card.Card
	file [32]byte

	mu   sync.Mutex // held during a request
	conn *net.UnixConn
}

// Join connects to the agent of a place: ErrNone where there is none, or where the process there is another user's.
// The caller closes it.
func Join(p Place) (*Session, error) {
	s, err := dial(p)
	if err != nil {
		return nil, err
	}
	r, err := s.ask(request{Op: opHello})
	if err == nil {
		s.card, err = card.Parse(r.Card)
	}
	if err != nil || copy(s.file[:], r.File) != len(s.file) {
		s.Close()
		return nil, ErrNone
	}
	return s, nil
}

func dial(p Place) (*Session, error) {
	if !p.there() {
		return nil, ErrNone
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: p.Socket(), Net: "unix"})
	if err != nil {
		return nil, ErrNone
	}
	if same, err := peer.SameUser(conn); err != nil || !same {
		conn.Close()
		return nil, ErrNone
	}
	return &Session{conn: conn}, nil
}

// End has the agent of a place forget its keys and end, and waits for it. ended is false where there was none.
func End(p Place) (ended bool, err error) {
	s, err := dial(p)
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer s.Close()
	if _, err := s.ask(request{Op: opEnd}); !errors.Is(err, errGone) {
		return false, errors.New("the session did not end")
	}
	return true, nil
}

// Close ends the connection; the agent goes on.
func (s *Session) Close() error { return s.conn.Close() }

// File is the SHA-256 of the identity file that the agent holds.
func (s *Session) File() [32]byte { return s.file }

// Key is the identity whose operations the agent does.
func (s *Session) Key() (vault.Key, error) {
	signer, err := card.NewRemoteSigner(s.card.Name, s.card.SSH, func(blob []byte) ([]byte, error) {
		r, err := s.ask(request{Op: opSign, Data: blob})
		return r.Data, err
	})
	return vault.Key{Card: s.card, Age: identity{s}, Signer: signer}, err
}

// identity unwraps at the agent.
type identity struct{ s *Session }

func (i identity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	r, err := i.s.ask(request{Op: opUnwrap, Stanzas: stanzasOf(stanzas)})
	if err != nil {
		return nil, err
	}
	if r.NoMatch {
		return nil, age.ErrIncorrectIdentity
	}
	return r.Data, nil
}

// errGone says that the agent has closed the connection.
var errGone = exit.New(exit.KeyMissing, "", "the session has ended")

func (s *Session) ask(q request) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var r reply
	if err := s.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return r, errGone
	}
	if writeFrame(s.conn, q) != nil || readFrame(s.conn, &r) != nil {
		return reply{}, errGone
	}
	if r.Failure != "" {
		return reply{}, exit.New(exit.KeyMissing, "", "the session: %s", r.Failure)
	}
	return r, nil
}
