package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"zapis/crypto/ledger"
	"zapis/internal/carry"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/server/backup"
	"zapis/store"
)

type backupVerb struct {
	Dir     string `required:"" placeholder:"D" help:"The ledger's folder."`
	Out     string `required:"" placeholder:"FOLDER" help:"The backup's folder, on another disk: made where it is missing, else brought up to date."`
	WithKey bool   `help:"Keep the log's key there too. Anyone who has the folder can then sign in the ledger's name."`
}

func (v *backupVerb) Run(ctx context.Context, s *cli.Streams) error {
	b, err := backup.Open(v.Out)
	if err != nil {
		return err
	}
	defer b.Close()
	state, end := stream(ctx, v.Dir, "backup-state", struct{}{}, s)
	res, err := b.Update(ctx, state, func(ctx context.Context, wanted []ledger.Part, take func(ledger.Part, io.Reader) error) error {
		return fetchParts(ctx, v.Dir, wanted, take, s)
	})
	if err := end(err); err != nil {
		return err
	}
	if v.WithKey {
		key, err := os.ReadFile(filepath.Join(v.Dir, logKeyFile))
		if err != nil {
			return err
		}
		if err := b.KeepKey(key); err != nil {
			return err
		}
	}
	sayUpdated(s, res)
	return nil
}

func sayUpdated(s *cli.Streams, r *backup.Result) {
	escape.Fprintf(s.Out, "%s\n%s; new: %s, %d parts, %d bytes", r.Header.Card(), verified("", r.Header.Size),
		entries(r.Header.Size-r.From), r.Fetched, r.Bytes)
	if r.Removed > 0 {
		escape.Fprintf(s.Out, "; taken away: %d parts", r.Removed)
	}
	fmt.Fprintln(s.Out)
}

// stream returns the output of an operation as a reader that ends with the operation's error. end waits for the
// operation; its argument is the error of the reading side, and it returns the first of both errors.
func stream(ctx context.Context, dir, name string, args any, s *cli.Streams) (r io.Reader, end func(error) error) {
	ctx, cancel := context.WithCancel(ctx)
	pr, pw := io.Pipe()
	done := make(chan error, 1)
	go func() {
		to := newScreen(pw, s)
		err := perform(ctx, dir, name, args, to)
		to.done()
		pw.CloseWithError(err)
		done <- err
	}()
	return pr, func(err error) error {
		defer cancel()
		if err == nil {
			_, err = io.Copy(io.Discard, pr)
			return exit.First(<-done, err)
		}
		cancel()
		pr.Close()
		<-done
		return err
	}
}

// partsAtOnce is how many parts are asked for in one go: their hashes fit into the arguments.
const partsAtOnce = 10000

// fetchParts requests parts and splits the answer: for each part a line "HASH SIZE" and SIZE bytes.
func fetchParts(ctx context.Context, dir string, wanted []ledger.Part, take func(ledger.Part, io.Reader) error, s *cli.Streams) error {
	for some := range slices.Chunk(wanted, partsAtOnce) {
		r, end := stream(ctx, dir, "backup-parts", partsArgs{Parts: hashesOf(some)}, s)
		if err := end(takeParts(bufio.NewReaderSize(r, 1<<20), some, take)); err != nil {
			return err
		}
	}
	return nil
}

func hashesOf(parts []ledger.Part) []ledger.Hash {
	all := make([]ledger.Hash, len(parts))
	for i, p := range parts {
		all[i] = p.Hash
	}
	return all
}

func takeParts(r *bufio.Reader, wanted []ledger.Part, take func(ledger.Part, io.Reader) error) error {
	for _, p := range wanted {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		hash, size, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if hash != p.Hash.String() {
			return fmt.Errorf("the part %s was asked for, and %q came", p.Hash, hash)
		}
		if size == "-" {
			continue // erased
		}
		n, err := strconv.ParseInt(size, 10, 64)
		if err != nil {
			return err
		}
		content := io.LimitReader(r, n)
		if err := take(p, content); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, content); err != nil {
			return err
		}
	}
	return nil
}

type partsArgs struct {
	Parts []ledger.Hash `json:"parts"`
}

// backupParts writes parts, each after a line with its hash and size. The size of an erased part is "-".
func backupParts(ctx context.Context, st *store.Store, args partsArgs, to reporter) error {
	done := int64(0)
	return st.EachPart(args.Parts, func(h ledger.Hash, r io.ReadCloser, size int64, err error) error {
		done++
		if errors.Is(err, store.ErrErased) {
			escape.Fprintf(to, "%s -\n", h)
			return ctx.Err()
		}
		if err != nil {
			return exit.New(exit.Mismatch, checkHint, "part %s: %w", h, err)
		}
		escape.Fprintf(to, "%s %d\n", h, size)
		_, err = io.Copy(to, r)
		if err := exit.First(err, r.Close()); err != nil {
			return err
		}
		to.Progress(tick{"copying parts", done, int64(len(args.Parts))})
		return ctx.Err()
	})
}

// backupState writes a backup's ledger.tar.
func backupState(ctx context.Context, st *store.Store, to reporter) error {
	return st.Snapshot(func(n *store.Snapshot) error {
		kept, err := keptBeside(st)
		if err != nil {
			return err
		}
		named := n.Card()
		h := carry.BackupHeader{Origin: named.Origin, Genesis: named.Genesis, Size: n.Size(), Waiting: uint64(n.WaitingCount()), Kept: uint64(len(kept))}
		if err := n.Locators(func([32]byte, []byte) error { h.Locators++; return nil }); err != nil {
			return err
		}
		w, err := carry.NewBackupWriter(to, h)
		if err != nil {
			return err
		}
		if err := backupLedger(ctx, n, w); err != nil {
			return err
		}
		for _, path := range kept {
			text, err := readKept(st, path)
			if err == nil {
				err = w.Put(carry.BackupItem{Kind: carry.BackupKept, Name: path, Text: text})
			}
			if err != nil {
				return err
			}
		}
		return w.Close()
	})
}

func backupLedger(ctx context.Context, n *store.Snapshot, w *carry.BackupWriter) error {
	err := n.Checkpoints(0, func(size uint64, note []byte) error {
		return w.Put(carry.BackupItem{Kind: carry.BackupCheckpoint, Size: size, Text: bytes.Clone(note)})
	})
	if err != nil {
		return err
	}
	err = n.Entries(0, func(index uint64, text []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.Put(carry.BackupItem{Kind: carry.BackupEntry, Index: index, Text: text})
	})
	if err != nil {
		return err
	}
	err = n.Waiting(func(one store.Waiting) error {
		return w.Put(carry.BackupItem{Kind: carry.BackupWaiting, Hash: one.Hash, Text: one.Promise})
	})
	if err != nil {
		return err
	}
	return n.Locators(func(name [32]byte, box []byte) error {
		return w.Put(carry.BackupItem{Kind: carry.BackupLocator, Hash: name, Text: box})
	})
}

// cosignedFolder holds the checkpoints with lines of witnesses. Where several hosts share the ledger they are stored
// in its database, and a backup still holds them as files.
const cosignedFolder = "cosigned/"

// keptBeside lists the files beside the database that belong to a backup.
func keptBeside(st *store.Store) ([]string, error) {
	kept, err := keptFiles(st.Dir())
	if err != nil {
		return nil, err
	}
	p, err := store.PlaceOf(st.Dir())
	if err != nil || !p.Shared() {
		return kept, err
	}
	kept = slices.DeleteFunc(kept, func(path string) bool { return strings.HasPrefix(path, cosignedFolder) })
	sizes, err := st.CosignedSizes()
	for _, size := range sizes {
		kept = append(kept, cosignedFolder+strconv.FormatUint(size, 10))
	}
	slices.Sort(kept)
	return kept, err
}

func readKept(st *store.Store, path string) ([]byte, error) {
	p, err := store.PlaceOf(st.Dir())
	if err != nil {
		return nil, err
	}
	if digits, ok := strings.CutPrefix(path, cosignedFolder); ok && p.Shared() {
		size, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			return nil, err
		}
		return st.Cosigned(size)
	}
	return os.ReadFile(filepath.Join(st.Dir(), filepath.FromSlash(path)))
}

// keptFiles lists the files beside the database that belong to a backup, sorted by path.
func keptFiles(dir string) (all []string, err error) {
	for _, folder := range carry.KeptFolders {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return fs.SkipAll
			}
			if err != nil || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(d.Name(), ".new") {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			all = append(all, filepath.ToSlash(rel))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(all)
	return all, nil
}
