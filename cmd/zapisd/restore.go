package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"zapis/crypto/ledger"
	"zapis/internal/carry"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/server/backup"
	"zapis/store"
)

type restoreVerb struct {
	Dir    string   `required:"" placeholder:"D" help:"The ledger's new folder; or, without --from, the restored one that is to sign again."`
	From   string   `placeholder:"FOLDER" help:"The backup, or a partner's mirror."`
	LogKey string   `placeholder:"FILE" help:"The log's key, where the backup does not have it."`
	Newest []string `placeholder:"FILE" help:"Let it sign again, once it has log.key: the newest checkpoint that anybody outside has seen, as published, from a witness, or in a trustee's newest carry file. May be repeated."`
}

func (v *restoreVerb) Run(ctx context.Context, s *cli.Streams) error {
	if v.From == "" && len(v.Newest) == 0 {
		return exit.New(exit.Usage, "--from restores, --newest lets a restored ledger sign again", "restore takes --from, --newest or both")
	}
	notes, err := newestNotes(v.Newest)
	if err != nil {
		return err
	}
	if v.From != "" {
		if err := v.restore(ctx, s); err != nil {
			return err
		}
	}
	if len(notes) == 0 {
		escape.Fprintln(s.Err, "It can be read, checked and exported. It signs nothing until somebody outside has said what the newest checkpoint is: "+
			"zapisd restore --dir D --newest FILE. If more was signed than this copy has, continue it: zapisd init --continue D")
		return nil
	}
	if err := store.ConfirmShown(v.Dir, notes...); err != nil {
		return err
	}
	lacks, err := lacksKey(v.Dir)
	if err != nil {
		return err
	}
	if lacks != "" {
		escape.Fprintln(s.Out, "confirmed: nothing newer was shown")
		escape.Fprintf(s.Err, "It signs nothing yet: %s. Put the log's key there, readable by nobody else, or have the trustees approve a new one, "+
			"as compromised: zapisd key new. Until then it can be read, checked and exported.\n", lacks)
		return nil
	}
	escape.Fprintln(s.Out, "confirmed: it signs again")
	return nil
}

// logKeyFile is the log's signing key in a ledger's folder, and guardFile the last size and root that it has signed.
const (
	logKeyFile = "log.key"
	guardFile  = "guard"
)

// lacksKey returns what is wrong with a ledger's log.key; empty where it is the one in force.
func lacksKey(dir string) (string, error) {
	st, err := store.OpenReadOnly(dir)
	if err != nil {
		return "", err
	}
	defer st.Close()
	path := filepath.Join(dir, logKeyFile)
	key, err := backup.ReadKey(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path + " is missing", nil
	case exit.StatusOf(err) == exit.KeyMissing:
		return err.Error(), nil
	case err == nil && key.Keys() != st.Verifier().Keys():
		return path + " is not the key that is in force", nil
	}
	return "", err
}

func (v *restoreVerb) restore(ctx context.Context, s *cli.Streams) error {
	b := backup.At(v.From)
	key, err := v.key(b)
	if err != nil {
		return err
	}
	to := newScreen(s.Out, s)
	st, err := b.Restore(ctx, v.Dir, key, func(done, total int64) { to.Progress(tick{"restoring", done, total}) })
	to.done()
	if err != nil {
		return err
	}
	named := st.Header.Card()
	if err := os.WriteFile(filepath.Join(v.Dir, cardFile), []byte(named.String()+"\n"), 0o644); err != nil {
		return err
	}
	escape.Fprintf(s.Out, "%s\nrestored: %s, %d waiting\n", named, entries(st.Header.Size), st.Header.Waiting)
	if st.Header.Locators == 0 && st.Header.Size > 1 {
		escape.Fprintln(s.Err, "There are no locators in it, as in every mirror: reporters' codes lead nowhere from before.")
	}
	if key == nil {
		escape.Fprintln(s.Err, "There is no log key in it: bring back log.key, or have the trustees approve a new one, as compromised.")
	}
	return nil
}

func (v *restoreVerb) key(b *backup.Folder) (*ledger.SigningKey, error) {
	if v.LogKey != "" {
		k, err := backup.ReadKey(v.LogKey)
		if errors.Is(err, fs.ErrNotExist) {
			err = exit.New(exit.KeyMissing, "", "--log-key: %w", err)
		}
		return k, err
	}
	k, err := b.Key()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return k, err
}

// newestNotes reads checkpoints from files, which may be carry files.
func newestNotes(names []string) (notes [][]byte, err error) {
	for _, name := range names {
		note, err := noteIn(name)
		if err != nil {
			return nil, exit.New(max(exit.StatusOf(err), exit.Failed), "give a checkpoint, or a carry file", "--newest %s: %w", name, err)
		}
		notes = append(notes, note)
	}
	return notes, nil
}

// noteIn returns the checkpoint in a file, or the last one of a carry file.
func noteIn(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<16)
	if begin, _ := in.Peek(len("carry.txt\x00")); string(begin) != "carry.txt\x00" {
		note, err := io.ReadAll(io.LimitReader(in, ledger.MaxNote+1))
		if err != nil {
			return nil, err
		}
		_, err = ledger.NoteText(note)
		return note, err
	}
	r, err := carry.NewReader(in)
	if err != nil {
		return nil, err
	}
	var note []byte
	for {
		it, err := r.Next()
		if err != nil && err != io.EOF {
			return nil, err
		}
		if err == io.EOF || it.Kind != carry.Checkpoint {
			return note, nil
		}
		note = it.Text
	}
}
