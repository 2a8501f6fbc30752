package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/session"
	"zapis/internal/trustee/vault"
)

// maxIdle is the longest that keys stay unlocked without a request.
const maxIdle = 12 * time.Hour

// unlockCmd starts a session: a process that holds the keys until it has been idle.
type unlockCmd struct {
	vaultFlag
	Idle time.Duration `default:"15m" placeholder:"15m" help:"Forget the keys after so long without a command (${default}; at most 12h)."`
}

func (u *unlockCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if session.ErrUnsupported != nil {
		return session.ErrUnsupported
	}
	if u.Idle < time.Second || u.Idle > maxIdle {
		return exit.New(exit.Usage, "like 15m or 1h", "--idle %s: it is at least a second and at most 12 hours", u.Idle)
	}
	place, err := session.PlaceOf(u.Vault)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(u.Vault)
	if err != nil {
		return err
	}
	sealed, err := g.Sealed()
	if err != nil {
		return err
	}
	id, err := g.Load(ctx)
	if err != nil {
		return err
	}
	if id.Hardware() {
		return exit.New(exit.Failed, "give --identity and --plugin to each command", "hardware holds the key of this identity, and a session can't ask for its touch")
	}
	if err := vault.MayOwn(dir, id.Card); err != nil {
		return err
	}
	if _, err := session.End(place); err != nil {
		return err
	}
	locking, err := session.Start(id.Text(), "hold", "--vault", dir, "--idle", u.Idle.String(), "--file", hashOf(sealed))
	if err != nil {
		return err
	}
	escape.Fprintf(s.Err, "Unlocked for %s: commands on this vault ask for no passphrase until %s have passed without one. zapis lock ends it at once.\n", id.Card.Name, u.Idle)
	if text := lockingText[locking]; text != "" {
		warn(s, "%s", text)
	}
	return nil
}

// lockingText is what is said where not all of a session's memory is locked.
var lockingText = map[session.Locking]string{
	session.TextLocked: "this system lets only the text of the identity be locked in memory: what is computed from it may reach the swap space for moments. ulimit -l unlimited, or no swap, prevents that",
	session.NotLocked:  "this system does not let memory be locked: the keys may reach the swap space",
}

func hashOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// lockCmd ends a session.
type lockCmd struct{ vaultFlag }

func (l *lockCmd) Run(s *cli.Streams) error {
	if session.ErrUnsupported != nil {
		return session.ErrUnsupported
	}
	place, err := session.PlaceOf(l.Vault)
	if err != nil {
		return err
	}
	ended, err := session.End(place)
	if err != nil {
		return err
	}
	if ended {
		escape.Fprintln(s.Err, "Locked: the session has forgotten the keys and has ended.")
	} else {
		escape.Fprintln(s.Err, "There was no session of this vault.")
	}
	return nil
}

// holdCmd is the process of a session. unlock starts it.
type holdCmd struct {
	Vault string        `required:""`
	Idle  time.Duration `required:""`
	File  string        `required:""`
}

func (h *holdCmd) Run(ctx context.Context, s *cli.Streams) error {
	place, err := session.PlaceOf(h.Vault)
	if err != nil {
		return err
	}
	o := session.Options{Idle: h.Idle, Load: parseKey, Ready: func(l session.Locking) error { return session.WriteReady(s.Out, l) }}
	if n, err := hex.Decode(o.File[:], []byte(h.File)); err != nil || n != len(o.File) {
		return exit.New(exit.Usage, "", "--file is a SHA-256")
	}
	return session.Serve(ctx, place, s.In, o)
}

func parseKey(text []byte) (*vault.Key, error) {
	id, err := cli.ParseIdentity(text)
	if err != nil {
		return nil, err
	}
	k := keyOf(id)
	return &k, nil
}

// unlocked returns the keys that a verb works with, and what gives them up: those of the vault's session where no
// passphrase file is named and no other identity; else those of the identity file. nil where neither is there and none
// is needed.
func (f vaultFlag) unlocked(ctx context.Context, g *grammar, needed bool) (*vault.Key, func(), error) {
	none := func() {}
	if joined, err := f.join(g); err != nil {
		return nil, none, err
	} else if joined != nil {
		key, err := joined.Key()
		if err != nil {
			joined.Close()
			return nil, none, err
		}
		return &key, func() { joined.Close() }, nil
	}
	if g.Identity == "" && !needed {
		return nil, none, nil
	}
	id, err := g.Load(ctx)
	if err != nil {
		return nil, none, err
	}
	key := keyOf(id)
	return &key, none, nil
}

// join connects to the vault's session; nil where there is none, or where the flags name another identity.
func (f vaultFlag) join(g *grammar) (*session.Session, error) {
	if g.PassphraseFile != "" {
		return nil, nil
	}
	place, err := session.PlaceOf(f.Vault)
	if err != nil {
		return nil, nil // where the vault can't be, opening it says why
	}
	joined, err := session.Join(place)
	if errors.Is(err, session.ErrNone) {
		return nil, nil
	}
	if err != nil || g.Identity == "" {
		return joined, err
	}
	sealed, err := g.Sealed()
	if err == nil && sha256.Sum256(sealed) == joined.File() {
		return joined, nil
	}
	joined.Close()
	return nil, err
}
