package release

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"zapis/internal/atomicfile"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
)

// Extract writes the attachments of a case that can be opened into dir, which it creates where needed. It records each
// before it opens it, writes it under a temporary name, and renames it once all of it has verified. It returns the
// names written, and overwrites no file. progress is called with bytes.
func Extract(ctx context.Context, t *casework.Trustee, o *casefile.Case, dir string, progress func(bytes int64)) ([]string, error) {
	open := slices.DeleteFunc(slices.Clone(o.Exhibits), func(e casefile.Exhibit) bool { return e.Closed != "" })
	if len(open) == 0 {
		return nil, nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, e := range open {
		if _, err := root.Lstat(e.File); !errors.Is(err, os.ErrNotExist) {
			if err != nil {
				return nil, err
			}
			return nil, exit.New(exit.Failed, "name an empty folder", "%s/%s exists already and is never overwritten", dir, e.File)
		}
	}
	var names []string
	for _, e := range open {
		err := gate{t}.pass(request{kind: extraction,
			prepare: func([]*casefile.Case) ([]custody.Record, error) {
				return []custody.Record{exhibitRecord(o.ID, custody.Extracted, e)}, nil
			},
			act: func() error { return extract(ctx, t, e, root, progress) }})
		if err != nil {
			return names, err
		}
		names = append(names, e.File)
	}
	return names, atomicfile.SyncFolder(dir)
}

func extract(ctx context.Context, t *casework.Trustee, e casefile.Exhibit, root *os.Root, progress func(int64)) error {
	aside := "." + e.File + ".part"
	// A file left by an interrupted extraction is overwritten.
	if err := root.Remove(aside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(&counting{w: f, ctx: ctx, progress: progress}, 256<<10)
	err = t.OpenExhibit(out, e)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = root.Rename(aside, e.File)
	}
	if err != nil {
		root.Remove(aside)
	}
	return err
}

func exhibitRecord(id string, act custody.Act, e casefile.Exhibit) custody.Record {
	return custody.Record{Act: act, Case: id, In: e.Part.Hash.String(), Out: e.SHA256, Subject: fmt.Sprintf("%s (%s)", e.Name, e.Place)}
}

// counting stops a long write when the context ends, and reports its progress.
type counting struct {
	w        io.Writer
	ctx      context.Context
	progress func(int64)
}

func (c *counting) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.w.Write(b)
	c.progress(int64(n))
	return n, err
}
