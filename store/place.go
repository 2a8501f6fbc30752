package store

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"zapis/internal/atomicfile"
	"zapis/internal/exit"
	"zapis/store/postgres"
)

// placeName is the file in a ledger's folder with the ledger's place, if that is not the folder itself:
//
//	# where the ledger is kept; written by zapisd init and zapisd move
//	host = 3f0a…                this host's own name among the writers
//	database = postgres://zapis@10.0.0.1,10.0.0.2/ledger?sslmode=verify-full&target_session_attrs=read-write
//	attachments = s3://key@s3.example.org/bucket
//	standby = none              only where a database without one was asked for
//
// Passwords are separate, in database.secret and attachments.secret (0600).
const (
	placeName         = "zapisd.conf"
	databaseSecret    = "database.secret"
	attachmentsSecret = "attachments.secret"
)

// PlaceKeys are the keys of zapisd.conf about the place.
var PlaceKeys = []string{"host", "database", "attachments", "standby"}

// Place is where a ledger is stored. The zero Place is its folder: bbolt, and a file for each attachment.
type Place struct {
	Database    string // postgres://…; empty for D/ledger.db
	Attachments string // s3://…; empty for the database, or for files where there is none
	NoStandby   bool   // the database has no standby: for trials
	Host        string // this host's name among the writers; made by Create and Join

	Pieces int // the number of tables for large values; 0 for the engine's default. Only Create uses it
}

// PlaceError says which part of a place is invalid.
type PlaceError struct {
	Key string // database or attachments, as in zapisd.conf
	Err error  // with its status and hint
}

func (e *PlaceError) Error() string { return e.Key + ": " + e.Err.Error() }
func (e *PlaceError) Unwrap() error { return e.Err }

func (p Place) folder() bool { return p.Database == "" }

// PlaceOf returns the place of a folder's ledger.
func PlaceOf(dir string) (Place, error) { return readPlace(dir) }

// Shared reports whether several hosts may write to the ledger.
func (p Place) Shared() bool { return !p.folder() }

// check refuses an invalid place with a PlaceError, before anything is created.
func (p Place) check() error {
	switch {
	case p.Database == "" && p.Attachments != "":
		return &PlaceError{"attachments", exit.Advise(exit.Usage, exit.AddDatabase.With(), "attachments lie apart only where the ledger is in a database")}
	case p.Database != "" && !strings.HasPrefix(p.Database, "postgres://") && !strings.HasPrefix(p.Database, "postgresql://"):
		return &PlaceError{"database", exit.New(exit.Usage, "postgres://USER@HOST/DATABASE", "only PostgreSQL is known")}
	case p.Attachments != "" && !strings.HasPrefix(p.Attachments, "s3://"):
		return &PlaceError{"attachments", exit.New(exit.Usage, "s3://KEY:SECRET@HOST/BUCKET", "only s3:// is known")}
	}
	return nil
}

// readPlace reads zapisd.conf and the secrets beside it. Without the file the ledger is in its folder. Other keys are
// the server's.
func readPlace(dir string) (p Place, err error) {
	path := filepath.Join(dir, placeName)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "host":
			p.Host = value
		case "database":
			p.Database = value
		case "attachments":
			p.Attachments = value
		case "standby":
			if value != "none" {
				return p, exit.New(exit.Usage, "leave the line out where there is one", "%s: standby can only be none", path)
			}
			p.NoStandby = true
		}
	}
	if p.folder() {
		return Place{}, nil
	}
	if p.Host == "" {
		return p, exit.Advise(exit.Failed, exit.WriteConfiguration.With(), "%s: it has no line host", path)
	}
	if secretsAside(dir) {
		return p, exit.Advise(exit.Failed, exit.RepeatMove.With(), "a move of the ledger in %s was cut off before the passwords of its new place were there", dir)
	}
	for i, address := range []*string{&p.Database, &p.Attachments} {
		if err := addSecret(filepath.Join(dir, p.secrets()[i].secretName), address); err != nil {
			return p, err
		}
	}
	return p, nil
}

// addSecret inserts the password of a file into an address.
func addSecret(path string, address *string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || *address == "" {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return exit.New(exit.Failed, "chmod 600 "+path, "%s can be read by others", path)
	}
	secret, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	u, err := url.Parse(*address)
	if err != nil || u.User == nil {
		return exit.New(exit.Failed, "name the user: postgres://USER@HOST/DATABASE, s3://KEY@HOST/BUCKET", "%s: its address names no user", path)
	}
	u.User = url.UserPassword(u.User.Username(), strings.TrimSuffix(string(secret), "\n"))
	*address = u.String()
	return nil
}

// otherLines returns the lines of a zapisd.conf that are not about the place; none where there is no file.
func otherLines(path string) (others []byte, err error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		key, _, _ := strings.Cut(string(line), "=")
		if !slices.Contains(PlaceKeys, strings.TrimSpace(key)) && string(line) != placeHeader {
			others = append(others, line...)
		}
	}
	return others, nil
}

const placeHeader = "# where the ledger is kept; written by zapisd\n"

// secrets are the addresses of a place, each with its key in zapisd.conf and the file of its password.
func (p Place) secrets() []placeSecret {
	return []placeSecret{{"database", databaseSecret, p.Database}, {"attachments", attachmentsSecret, p.Attachments}}
}

type placeSecret struct{ key, secretName, address string }

// dropSecrets removes the files of passwords that a folder's place does not use.
func dropSecrets(dir string, p Place) error {
	for _, s := range p.secrets() {
		if _, secret, err := splitSecret(s.address); err != nil || secret != "" {
			continue
		}
		if err := os.Remove(filepath.Join(dir, s.secretName)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return atomicfile.SyncFolder(dir)
}

// write writes zapisd.conf, with the lines of dir's that are not about the place, and then the secrets to the folder aside, synced,
// and returns their names in the order in which a new folder gets them.
func (p Place) write(aside, dir string) (names []string, err error) {
	others, err := otherLines(filepath.Join(dir, placeName))
	if err != nil {
		return nil, err
	}
	text := placeHeader + "host = " + p.Host + "\n"
	secrets := make(map[string]string) // by the name of the file
	for _, s := range p.secrets() {
		if s.address == "" {
			continue
		}
		address, secret, err := splitSecret(s.address)
		if err != nil {
			return nil, &PlaceError{s.key, exit.New(exit.Usage, "", "it can't be read as an address")}
		}
		text += s.key + " = " + address + "\n"
		if secret != "" {
			secrets[s.secretName] = secret
			names = append(names, s.secretName)
		}
	}
	if p.NoStandby {
		text += "standby = none\n"
	}
	if err := writeAside(filepath.Join(aside, placeName), append([]byte(text), others...)); err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := writeAside(filepath.Join(aside, name), []byte(secrets[name]+"\n")); err != nil {
			return nil, err
		}
	}
	return append(names, placeName), nil
}

// splitSecret cuts the password out of an address.
func splitSecret(address string) (without, secret string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", err
	}
	if secret, ok := u.User.Password(); ok {
		u.User = url.User(u.User.Username())
		return u.String(), secret, nil
	}
	return address, "", nil
}

// newHost returns a random name for a host.
func newHost() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// String returns the place without its secrets.
func (p Place) String() string {
	if p.folder() {
		return dbName
	}
	without, _, err := splitSecret(p.Database)
	if err != nil {
		return "the database"
	}
	if p.Attachments != "" {
		if at, _, err := splitSecret(p.Attachments); err == nil {
			return fmt.Sprintf("%s, attachments in %s", without, at)
		}
	}
	return without
}

// Ports returns the TCP ports that a host must reach.
func (p Place) Ports() ([]uint16, error) {
	ports, err := postgres.Ports(p.Database)
	if err != nil || p.Attachments == "" {
		return ports, err
	}
	u, err := url.Parse(p.Attachments)
	if err != nil {
		return nil, err
	}
	port := uint64(443)
	if u.Port() != "" {
		port, err = strconv.ParseUint(u.Port(), 10, 16)
	}
	return append(ports, uint16(port)), err
}
