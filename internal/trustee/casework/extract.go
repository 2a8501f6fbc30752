package casework

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"zapis/crypto/seal"
	"zapis/internal/atomicfile"
	"zapis/internal/evidence/custody"
	"zapis/internal/evidence/filekind"
	"zapis/internal/exit"
)

// FileName is what an exhibit is called where it is written: our name for it, and an ending from its kind. Of what the
// reporter's device called it, only the ending counts, where the container can be several things.
func (e Exhibit) FileName() string {
	return e.Name + "." + filekind.Extension(e.Value.MediaType, e.Value.Name)
}

// Extract writes the attachments of a case that can be opened into dir, which is made where it is missing, if
// anything goes there.
// Each is recorded before it is opened, written under another name, and gets its own once all of it has
// verified. It gives the names written. Nothing that exists is overwritten.
func (v *Trustee) Extract(ctx context.Context, o *OpenedCase, dir string, progress func(bytes int64)) ([]string, error) {
	open := slices.DeleteFunc(o.Exhibits(), func(e Exhibit) bool { return e.Closed != "" })
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
		if _, err := root.Lstat(e.FileName()); !errors.Is(err, os.ErrNotExist) {
			if err != nil {
				return nil, err
			}
			return nil, exit.New(exit.Failed, "name an empty folder", "%s/%s exists already and is never overwritten", dir, e.FileName())
		}
	}
	var names []string
	for _, e := range open {
		if err := v.extract(ctx, o.Case, e, root, progress); err != nil {
			return names, err
		}
		names = append(names, e.FileName())
	}
	return names, atomicfile.SyncFolder(dir)
}

func (v *Trustee) extract(ctx context.Context, id string, e Exhibit, root *os.Root, progress func(int64)) error {
	if err := v.recordExhibit(id, custody.Extracted, e); err != nil {
		return err
	}
	name := e.FileName()
	aside := "." + name + ".part"
	// One that is left from an extraction that was interrupted is in the way, and nobody's.
	if err := root.Remove(aside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(&counting{w: f, ctx: ctx, progress: progress}, 256<<10)
	err = v.openExhibit(out, e)
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
		err = root.Rename(aside, name)
	}
	if err != nil {
		root.Remove(aside)
	}
	return err
}

func (v *Trustee) recordExhibit(id string, act custody.Act, e Exhibit) error {
	_, err := v.Custody.Record(custody.Deed{By: v.By(), Act: act, Case: id, In: e.Part.Hash.String(), Out: e.Value.SHA256,
		Subject: fmt.Sprintf("%s (%s)", e.Name, e.of.Where())})
	return err
}

// openExhibit writes an attachment's original to dst. It is the original only if the error is nil: the
// sealed file is the one that the entry names, and what was in it the one that its line commits to.
func (v *Trustee) openExhibit(dst io.Writer, e Exhibit) error {
	src, err := v.source(e.of, e.Part)
	if err != nil {
		return err
	}
	defer src.file.Close()
	id, err := v.keys(src)
	if err != nil {
		return v.refusal(e.of, e.Part, err)
	}
	got, err := seal.Open(dst, seal.Attachment, src.file, src.want, id)
	if err != nil {
		return v.refusal(e.of, e.Part, err)
	}
	if hex.EncodeToString(got.Hash[:]) != e.Value.SHA256 || got.Size != e.Value.Size {
		return exit.New(exit.Mismatch, "say so to the other trustees: what does not verify is evidence too",
			"%s: %s: the file in it has %d bytes and the SHA-256 %x, and its line says %d and %s",
			e.of.Where(), e.Name, got.Size, got.Hash, e.Value.Size, e.Value.SHA256)
	}
	return nil
}

// counting ends a long writing when the context ends, and tells how far it is.
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
