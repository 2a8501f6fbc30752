package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault"
)

// keys are those of the tests. Their text stands for an identity's.
var keys = sync.OnceValue(func() *vault.Key {
	opener, err := age.GenerateHybridIdentity()
	if err != nil {
		panic(err)
	}
	signer, err := card.NewSigner("anna", bytes.Repeat([]byte{3}, 32))
	if err != nil {
		panic(err)
	}
	return &vault.Key{Card: signer.Card(opener.Recipient().String()), Age: opener, Signer: signer}
})

// place is a new place in folders of the test's own.
func place(t *testing.T) Place {
	t.Helper()
	dir, err := os.MkdirTemp("", "z") // short: a socket's path is
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	p, err := PlaceOf(filepath.Join(dir, "vault"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// begin serves a place until the test ends; ended receives what Serve returned.
func begin(t *testing.T, p Place, o Options) (ended chan error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	ready := make(chan struct{})
	o.Ready = func(Locking) error { close(ready); return nil }
	if o.Load == nil {
		o.Load = func(text []byte) (*vault.Key, error) {
			if string(text) != "the text" {
				return nil, errors.New("another text")
			}
			return keys(), nil
		}
	}
	if o.Idle == 0 {
		o.Idle = time.Hour
	}
	ended = make(chan error, 1)
	go func() { ended <- Serve(ctx, p, strings.NewReader("the text"), o) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	return ended
}

func TestASessionOpensAndSignsAsTheKeysThemselves(t *testing.T) {
	p := place(t)
	begin(t, p, Options{File: [32]byte{9}})
	s, err := Join(p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.File() != [32]byte{9} {
		t.Errorf("the identity file is %x", s.File())
	}
	k, err := s.Key()
	if err != nil {
		t.Fatal(err)
	}
	if k.Card != keys().Card {
		t.Errorf("the card is %+v", k.Card)
	}

	opener := keys().Age.(*age.HybridIdentity)
	other, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(to ...age.Recipient) io.Reader {
		var b bytes.Buffer
		w, err := age.Encrypt(&b, to...)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "words")
		w.Close()
		return &b
	}
	var all sync.WaitGroup
	for range 4 { // workers share a session
		all.Go(func() {
			plain, err := age.Decrypt(sealed(other.Recipient(), opener.Recipient()), k.Age)
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := io.ReadAll(plain); string(text) != "words" || err != nil {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	all.Wait()
	if _, err := age.Decrypt(sealed(other.Recipient()), k.Age); !errors.Is(err, age.ErrIncorrectIdentity) {
		t.Errorf("a file for another key: %v", err)
	}
	got, err := k.Signer.Sign(card.NamespaceStatement, []byte("words"))
	if err != nil {
		t.Fatal(err)
	}
	if err := card.Verify(card.NamespaceStatement, []byte("words"), got, keys().Card.SSH); err != nil {
		t.Error(err)
	}
	if _, err := k.Signer.Sign("git", []byte("words")); exit.StatusOf(err) != exit.KeyMissing || !strings.Contains(err.Error(), "namespace of ours") {
		t.Errorf("a signature in another namespace: %v", err)
	}
}

func TestTheSocketIsForItsOwnerAlone(t *testing.T) {
	shorttest.Skip(t, "no process of another user is started")
	p := place(t)
	begin(t, p, Options{})
	for name, mode := range map[string]os.FileMode{p.dir: 0o700, p.Socket(): 0o600} {
		info, err := os.Lstat(name)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	// A folder that others may enter could hold a socket of theirs.
	if err := os.Chmod(p.dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := Join(p); !errors.Is(err, ErrNone) {
		t.Errorf("joined in a folder that others may enter: %v", err)
	}
	if err := os.Chmod(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	err := Serve(t.Context(), p, strings.NewReader("the text"), Options{})
	if exit.StatusOf(err) != exit.Failed || err.Error() != fmt.Sprintf("another session of this vault has not ended: the lock is held by \"process %d\"", os.Getpid()) {
		t.Errorf("a second agent: %v", err)
	}
}

func TestAFolderOfOthersIsRefused(t *testing.T) {
	p := place(t)
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	err := Serve(t.Context(), p, strings.NewReader("the text"), Options{})
	if err == nil || !strings.Contains(err.Error(), "other users may enter") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(p.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), p.dir); err != nil {
		t.Fatal(err)
	}
	if err := Serve(t.Context(), p, strings.NewReader("the text"), Options{}); err == nil || !strings.Contains(err.Error(), "is no folder") {
		t.Errorf("%v", err)
	}
}

func TestASessionEndsWhenItIsTold(t *testing.T) {
	p := place(t)
	if ended, err := End(p); ended || err != nil {
		t.Fatalf("a session ended before there was one: %v, %v", ended, err)
	}
	done := begin(t, p, Options{})
	s, err := Join(p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	k, err := s.Key()
	if err != nil {
		t.Fatal(err)
	}
	if ended, err := End(p); !ended || err != nil {
		t.Fatalf("%v, %v", ended, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	_, err = k.Signer.Sign(card.NamespaceBundle, nil)
	if exit.StatusOf(err) != exit.KeyMissing || !strings.Contains(err.Error(), "the session has ended") {
		t.Errorf("after the end: %v", err)
	}
	if _, err := os.Lstat(p.Socket()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket: %v", err)
	}
	if _, err := Join(p); !errors.Is(err, ErrNone) {
		t.Errorf("joined after the end: %v", err)
	}
}

func TestASessionEndsByItself(t *testing.T) {
	t.Run("after its idle time", func(t *testing.T) {
		if err := <-begin(t, place(t), Options{Idle: time.Millisecond}); err != nil {
			t.Error(err)
		}
	})
	t.Run("when a request makes it panic", func(t *testing.T) {
		p := place(t)
		first := true
		done := begin(t, p, Options{Load: func([]byte) (*vault.Key, error) {
			k := *keys()
			if first {
				k.Age, first = broken{}, false
			}
			return &k, nil
		}})
		s, err := Join(p)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		k, err := s.Key()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Age.Unwrap(nil); exit.StatusOf(err) != exit.KeyMissing {
			t.Errorf("%v", err)
		}
		if err := <-done; err == nil || !strings.Contains(err.Error(), "ended by a fault in it") {
			t.Errorf("%v", err)
		}
	})
}

type broken struct{}

func (broken) Unwrap([]*age.Stanza) ([]byte, error) { panic("broken") }

func TestKeysAreDroppedAndComputedOfTheTextAgain(t *testing.T) {
	s, err := newSecret()
	if err != nil {
		t.Fatal(err)
	}
	s.n = copy(s.b, "the text")
	loads := 0
	a := &agent{secret: s, ended: func(error) {}, o: Options{Idle: time.Hour, Load: func(text []byte) (*vault.Key, error) {
		loads++
		if string(text) != "the text" {
			return nil, errors.New("another text")
		}
		return keys(), nil
	}}}
	for range 2 {
		if r := a.do(request{Op: opHello}); r.Failure != "" {
			t.Fatal(r.Failure)
		}
	}
	a.forget()
	if a.key != nil {
		t.Error("the keys were not dropped")
	}
	if r := a.do(request{Op: opHello}); r.Failure != "" || loads != 2 {
		t.Errorf("%q after %d loads", r.Failure, loads)
	}
	a.close()
	if r := a.do(request{Op: opHello}); r.Failure != errEnded.Error() {
		t.Errorf("after the end: %+v", r)
	}
	if bytes.ContainsFunc(s.b[:16], func(r rune) bool { return r != 0 }) {
		t.Error("the text was not wiped")
	}
	if r := a.do(request{Op: "shell"}); r.Failure == "" {
		t.Error("there is an operation shell")
	}
}

func TestWhatIsNoMessageEndsTheConnection(t *testing.T) {
	for name, text := range map[string]string{"a length that is too great": "\xff\xff\xff\xff", "cut": "\x00\x00\x00\x09{", "no JSON": "\x00\x00\x00\x01{"} {
		var q request
		if err := readFrame(strings.NewReader(text), &q); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := writeFrame(io.Discard, request{Data: make([]byte, maxFrame)}); err == nil {
		t.Error("a message that is too long was written")
	}
}

func TestPlacesAreApartByVaultAndTheSameByAnyName(t *testing.T) {
	p := place(t)
	dir := filepath.Dir(p.dir)
	for _, name := range []string{"vault", "other"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("vault", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, same := range map[string]bool{"vault": true, "link": true, "other/../vault/": true, "other": false} {
		if got, err := PlaceOf(dir + "/" + name); err != nil || (got == p) != same {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	t.Setenv("XDG_RUNTIME_DIR", "relative")
	t.Setenv("TMPDIR", "/"+strings.Repeat("long/", 20))
	if _, err := PlaceOf(dir + "/vault"); exit.StatusOf(err) != exit.Failed || !strings.Contains(err.Error(), "the path of the socket is too long") {
		t.Errorf("%v", err)
	}
}
