package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/carry"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/store"
)

type exportVerb struct {
	Dir    string  `required:"" placeholder:"D" help:"The ledger's folder."`
	Since  *uint64 `placeholder:"N" help:"Leave out the entries before this one, which the trustees have."`
	Urgent bool    `help:"Of what waits for its slot, only what asks for attention; and no entries, unless --since names the first."`
	Out    string  `required:"" placeholder:"FILE" help:"The carry file to write; - is standard output, where that is no terminal."`
}

type exportArgs struct {
	Since  uint64 `json:"since"`
	Urgent bool   `json:"urgent,omitempty"`
	None   bool   `json:"none,omitempty"` // no entries, whatever Since says
}

func (v *exportVerb) args() exportArgs {
	a := exportArgs{Urgent: v.Urgent, None: v.Urgent && v.Since == nil}
	if v.Since != nil {
		a.Since = *v.Since
	}
	return a
}

func (v *exportVerb) Run(ctx context.Context, s *cli.Streams) error {
	if v.Out != "-" {
		return writeAside(v.Out, func(f *os.File) error { return v.write(ctx, s, f) })
	}
	if s.Watched() {
		return exit.New(exit.Usage, "name a file, or lead standard output elsewhere: --out - > carry.tar", "a carry file is not for a terminal")
	}
	return v.write(ctx, s, s.Out)
}

// resultsBuffer is how much of a file is written at once, in bytes.
const resultsBuffer = 1 << 20

func (v *exportVerb) write(ctx context.Context, s *cli.Streams, out io.Writer) error {
	w := bufio.NewWriterSize(out, resultsBuffer)
	to := newScreen(w, s)
	if v.Out != "-" { // a reader of standard output may end first: a signal then ends this process, and no error of a child
		to.file, _ = out.(*os.File)
	}
	defer to.done()
	if err := perform(ctx, v.Dir, "export", v.args(), to); err != nil {
		return err
	}
	return w.Flush()
}

// exportLedger writes a carry file.
func exportLedger(ctx context.Context, st *store.Store, args exportArgs, to reporter) error {
	return st.Snapshot(func(n *store.Snapshot) error {
		x := &exporting{ctx: ctx, from: n, to: to, urgent: args.Urgent}
		since := args.Since
		if args.None {
			since = n.Size()
		}
		if since > n.Size() {
			return exit.New(exit.Failed, "", "--since %d: the ledger has %s", since, entries(n.Size()))
		}
		return x.write(since)
	})
}

// exporting writes a snapshot of the ledger in the order of a carry file.
type exporting struct {
	ctx  context.Context
	from *store.Snapshot
	to   reporter
	w    *carry.Writer

	urgent bool // of what waits, only what asks for attention and answers to it

	bytes  int64 // of the entries' parts
	copied int64
}

func (x *exporting) write(since uint64) (err error) {
	waiting := uint64(x.from.WaitingCount())
	if x.urgent {
		waiting = 0
		if err := x.from.WaitingWithParts(func(waits store.Waiting) error {
			if x.takes(waits) {
				waiting++
			}
			return nil
		}); err != nil {
			return err
		}
	}
	named := x.from.Card()
	x.w, err = carry.NewStream(x.to, carry.Header{
		Origin: named.Origin, Genesis: named.Genesis, Since: since, Size: x.from.Size(), Waiting: waiting,
	})
	if err != nil {
		return err
	}
	if err := x.from.Checkpoints(since, func(_ uint64, note []byte) error { return x.w.Checkpoint(note) }); err != nil {
		return err
	}
	if err := x.entries(since); err != nil {
		return err
	}
	if err := x.parts(since); err != nil {
		return err
	}
	if err := x.waiting(); err != nil {
		return err
	}
	return x.w.Close()
}

func (x *exporting) entries(since uint64) error {
	return x.from.Entries(since, func(index uint64, text []byte) error {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		e, err := ledger.ParseEntry(text)
		if err != nil {
			return exit.New(exit.Mismatch, checkHint, "entry %d: %w", index, err)
		}
		for _, p := range e.Body.Parts {
			x.bytes += p.Size
		}
		return x.w.Entry(text)
	})
}

// parts writes the parts of the entries, which are read again: a list of all parts takes 300 bytes of memory for each.
func (x *exporting) parts(since uint64) error {
	var writing *ledger.Part
	again := func(visit func(text []byte) error) error {
		return x.from.EntriesWithParts(since, func(_ uint64, text []byte) error {
			err := visit(text)
			if err == nil {
				writing = nil
			}
			return err
		})
	}
	err := x.w.Parts(again, func(p ledger.Part) (io.ReadCloser, error) {
		writing = nil
		if err := x.ctx.Err(); err != nil {
			return nil, err
		}
		r, _, err := x.from.Part(p.Hash)
		switch {
		case errors.Is(err, store.ErrErased): // a tombstone in the file says so
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("part %s: %w", p.Hash, err)
		}
		writing = &p
		return &written{r, func() { x.tick(p) }}, nil
	})
	if err != nil && writing != nil {
		return exit.New(exit.Mismatch, checkHint, "part %s: %w", writing.Hash, err)
	}
	return err
}

// written calls done when a part has been written.
type written struct {
	io.ReadCloser
	done func()
}

func (w *written) Close() error {
	w.done()
	return w.ReadCloser.Close()
}

func (x *exporting) tick(p ledger.Part) {
	x.copied += p.Size
	x.to.Progress(tick{"writing", x.copied, x.bytes})
}

// takes reports whether something that waits goes into the file. What those on duty have answered goes with what is urgent.
func (x *exporting) takes(waits store.Waiting) bool {
	return !x.urgent || waits.Body.Kind == ledger.KindDuty || x.from.Urgent(waits.Hash)
}

func (x *exporting) waiting() error {
	return x.from.WaitingWithParts(func(waits store.Waiting) error {
		if !x.takes(waits) {
			return nil
		}
		if err := x.w.Waiting(waits.Text, waits.Promise); err != nil {
			return err
		}
		for _, p := range waits.Body.Parts {
			if err := x.copy(p, x.w.WaitingPart); err != nil {
				return err
			}
		}
		return nil
	})
}

const checkHint = "zapisd check says all that is wrong with the ledger"

// copy writes one part.
func (x *exporting) copy(p ledger.Part, write func(ledger.Hash, io.Reader) error) error {
	if err := x.ctx.Err(); err != nil {
		return err
	}
	r, _, err := x.from.Part(p.Hash)
	if err != nil {
		return fmt.Errorf("part %s: %w", p.Hash, err)
	}
	defer r.Close()
	if err := write(p.Hash, r); err != nil {
		return exit.New(exit.Mismatch, checkHint, "part %s: %w", p.Hash, err)
	}
	x.tick(p)
	return nil
}

// writeAside writes a file under another name in the same folder, syncs it, and renames it. The old content stays
// until then.
func writeAside(name string, write func(*os.File) error) (err error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return exit.New(exit.Failed, "name a file", "%s is there, and is no file: it stays as it is", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.part")
	if err != nil {
		return exit.New(exit.Failed, "", "the file %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return atomicfile.Rename(f.Name(), name)
}
