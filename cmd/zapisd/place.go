package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"

	"zapis/crypto/witness"
	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/server/backup"
	"zapis/internal/server/publish"
	"zapis/store"
)

// Where a ledger is kept: its folder, or a database that several hosts share.

// placeFlags name a place other than the folder.
type placeFlags struct {
	Database    string `placeholder:"URL" help:"Keep the ledger in PostgreSQL, which several hosts may share: postgres://USER:PASSWORD@HOST/DATABASE. The database is there, and empty."`
	Attachments string `placeholder:"URL" help:"Keep attachments in an S3-compatible store: s3://KEY:SECRET@HOST/BUCKET. Without it they are in the database."`
	NoStandby   bool   `name:"no-standby" help:"The database has no synchronous standby: a report is then lost with its machine. For trials."`
}

func (f placeFlags) place() store.Place {
	return store.Place{Database: f.Database, Attachments: f.Attachments, NoStandby: f.NoStandby}
}

// placeFlag names the flag in the error of a place.
func placeFlag(err error) error {
	if _, ok := errors.AsType[*store.PlaceError](err); ok {
		return fmt.Errorf("--%w", err)
	}
	return err
}

// join creates the folder of a further host.
func (v *initVerb) join(s *cli.Streams) error {
	key, err := backup.ReadKey(v.LogKey)
	if errors.Is(err, fs.ErrNotExist) {
		err = exit.New(exit.KeyMissing, "", "--log-key: %w", err)
	}
	if err != nil {
		return err
	}
	named, err := store.Join(v.Dir, v.place(), key)
	if err != nil {
		return placeFlag(err)
	}
	if err := writeCard(v.Dir, named); err != nil {
		return err
	}
	escape.Fprintln(s.Out, named)
	return nil
}

// noteOf returns what an operator has to know of a ledger's place when it is served, as a line, or nothing.
func noteOf(p store.Place) string {
	if p.Attachments == "" {
		return ""
	}
	return "attachments go to an S3 store: whether an object is on its disks when it answers can't be told from here; docs/guides/cluster.md says how to find out\n"
}

// warningOf returns what is wrong with a ledger's place although it works, with what to do, or nothing.
func warningOf(st *store.Store) string {
	err := st.Warning()
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%s; to mend it: %s", escape.Text(err.Error()), escape.Text(cli.Hint(err)))
}

// registerOf returns the witnesses of D/witnesses, which are asked before a checkpoint is released where several hosts
// share the ledger.
func registerOf(dir string) (store.Register, error) {
	p, err := store.PlaceOf(dir)
	if err != nil || !p.Shared() {
		return nil, err
	}
	_, policy, err := policyFlags{Dir: dir}.load()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the store's error says what is missing
	}
	if err != nil {
		return nil, err
	}
	r, err := publish.NewRegister(publish.NewClient(nil), policy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, policyFile), err)
	}
	return r, nil
}

// portsOf returns the TCP ports that a process which serves a shared ledger must reach.
func portsOf(dir string) ([]uint16, error) {
	p, err := store.PlaceOf(dir)
	if err != nil || !p.Shared() {
		return nil, err
	}
	ports, err := p.Ports()
	if err != nil {
		return nil, err
	}
	text, err := atomicfile.ReadSmall(filepath.Join(dir, policyFile), witness.MaxPolicy)
	if err != nil {
		return nil, err
	}
	policy, err := witness.ParsePolicy(text)
	if err != nil {
		return nil, err
	}
	for _, w := range policy.Witnesses {
		if u, err := url.Parse(w.URL); err == nil && u.Host != "" {
			ports = append(ports, portOf(u))
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports), nil
}

func portOf(u *url.URL) uint16 {
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(n)
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

type moveVerb struct {
	Dir         string `required:"" placeholder:"D" help:"The ledger's folder. Stop what serves it, on every host."`
	To          string `required:"" placeholder:"URL" help:"postgres://USER:PASSWORD@HOST/DATABASE, an empty database; or folder, for bbolt and files in D."`
	Attachments string `placeholder:"URL" help:"With a database: keep attachments in an S3-compatible store, s3://KEY:SECRET@HOST/BUCKET."`
	NoStandby   bool   `name:"no-standby" help:"The database has no synchronous standby. For trials."`
}

// moveFlag is placeFlag for the flags of a move, where --to names the database.
func moveFlag(err error) error {
	p, ok := errors.AsType[*store.PlaceError](err)
	switch {
	case !ok:
		return err
	case p.Key == "database":
		return fmt.Errorf("--to: %w", p.Err)
	case exit.AdviceOf(err).Code == exit.AddDatabase:
		return exit.New(exit.Usage, "--to postgres://USER@HOST/DATABASE", "--attachments: %s", p.Err)
	}
	return placeFlag(err)
}

func (v *moveVerb) Run(ctx context.Context, s *cli.Streams) error {
	p := store.Place{Attachments: v.Attachments, NoStandby: v.NoStandby}
	if v.To != "folder" {
		p.Database = v.To
	}
	screen := newScreen(s.Out, s)
	check := func(done, total int64) { screen.Progress(tick{"checking", done, total}) }
	err := store.Move(ctx, v.Dir, p, check)
	screen.done()
	if err != nil {
		return moveFlag(err)
	}
	st, err := store.OpenReadOnly(v.Dir)
	if err != nil {
		return err
	}
	faults, err := st.Check(ctx, nil)
	size := st.Size()
	if err := exit.First(err, st.Close()); err != nil {
		return err
	}
	if len(faults) > 0 {
		return exit.New(exit.Mismatch, checkHint, "after the move it has %d faults: %s", len(faults), faults[0])
	}
	escape.Fprintf(s.Out, "moved: %s, all verified\n", entries(size))
	escape.Fprintln(s.Err, "What was left behind is marked as moved, and signs nothing. Delete it once the new place has a backup.")
	return nil
}
