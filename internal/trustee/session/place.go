package session

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zapis/internal/exit"
)

// Place is where the agent of one vault listens: a socket and a lock in a folder of the user's own.
type Place struct{ dir, name string }

// maxSocket is the longest path of a socket that every system takes, in bytes (sun_path of unix(7), 104 on BSD).
const maxSocket = 103

// PlaceOf returns the place of a vault: zapis/<hash>.sock in XDG_RUNTIME_DIR, or zapis-<user id>/<hash>.sock in the
// folder for temporary files. The hash is of the vault's absolute path without symbolic links. The vault need not exist
// yet; the folder that it is to be in must.
func PlaceOf(vault string) (Place, error) {
	at, err := resolved(vault)
	if err != nil {
		return Place{}, err
	}
	sum := sha256.Sum256([]byte(at))
	p := Place{runtimeDir(), fmt.Sprintf("%x", sum[:12])}
	if len(p.Socket()) > maxSocket {
		return Place{}, exit.New(exit.Failed, "set XDG_RUNTIME_DIR, or TMPDIR, to a folder with a shorter path", "the path of the socket is too long: %s", p.Socket())
	}
	return p, nil
}

// Socket is the path of the socket.
func (p Place) Socket() string { return filepath.Join(p.dir, p.name+".sock") }

func (p Place) lock() string { return filepath.Join(p.dir, p.name+".lock") }

func resolved(name string) (string, error) {
	at, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	whole, err := filepath.EvalSymlinks(at)
	if !errors.Is(err, os.ErrNotExist) {
		return whole, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(at))
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, filepath.Base(at)), nil
}

// runtimeDir is the folder of the sockets; it need not exist.
func runtimeDir() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) && checkOwn(dir) == nil {
		return filepath.Join(dir, "zapis")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("zapis-%d", os.Getuid()))
}

// prepare makes the folder, and refuses one that another user can enter or owns.
func (p Place) prepare() error {
	if err := os.Mkdir(p.dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := checkOwn(p.dir); err != nil {
		return exit.New(exit.Failed, "remove it, or set XDG_RUNTIME_DIR to a folder that only you can enter", "the folder for the session's socket: %w", err)
	}
	return nil
}

// there reports whether the socket exists in a folder that is the user's own.
func (p Place) there() bool {
	if checkOwn(p.dir) != nil {
		return false
	}
	info, err := os.Lstat(p.Socket())
	return err == nil && info.Mode().Type() == os.ModeSocket
}
