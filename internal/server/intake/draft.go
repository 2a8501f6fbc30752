package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/filekind"
	"zapis/internal/incident"
	"zapis/store"
)

// A Draft is a submission before it is sent: files first, then Send or SendFollowUp once. It belongs to one goroutine.
// Discard is safe at any time and must be called at the end.
type Draft struct {
	in        *Intake
	files     []*file
	bytes     int64 // of all accepted files
	identify  bool  // the files show who the reporter is
	uploading bool  // holds a place among the uploads
	done      bool
}

// errDone is returned for a mistake of the caller.
var errDone = errors.New("intake: the draft was sent or discarded before")

// Begin returns an empty draft. It takes a place for uploads with its first file.
func (in *Intake) Begin(ctx context.Context) (*Draft, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &Draft{in: in}, nil
}

// MarkIdentify records that the files show who the reporter is. Later files are sealed under the identity quorum;
// earlier ones are resealed when the draft is sent, without plaintext on the disk.
func (d *Draft) MarkIdentify() { d.identify = true }

// Files returns the number of accepted files.
func (d *Draft) Files() int { return len(d.files) }

// Digest returns a SHA-256 over names, sizes and contents of the accepted files, in order: two drafts with one digest
// hold the same files.
func (d *Draft) Digest() [32]byte {
	h := sha256.New()
	for _, f := range d.files {
		fmt.Fprintf(h, "%d %s %d %x\n", len(f.name), f.name, f.content.Size, f.content.Hash)
	}
	return [32]byte(h.Sum(nil))
}

// AddFile reads a file to its end and seals it. name is the file's name on the reporter's device. It skips a file
// without a name and without a byte, which is what a browser sends for an empty file field.
//
// For a file that is refused it returns an incident.FieldError of "file", and the draft stays usable without it; its
// sealed bytes are removed. Other errors are ErrBusy, ErrFull, those of the reader, and internal ones.
func (d *Draft) AddFile(name string, r io.Reader) error {
	if d.done {
		return errDone
	}
	kept, code := incident.FileName(name)
	if code != "" {
		return refuseFile(code)
	}
	var first [1]byte
	_, err := io.ReadFull(r, first[:])
	switch {
	case err == io.EOF && name == "":
		return nil
	case err == io.EOF:
		return refuseFile(incident.FileEmpty)
	case err != nil:
		return err
	case len(d.files) == d.in.limits.Files:
		return refuseFile(incident.TooMany)
	}
	if !d.uploading {
		if err := d.in.uploads.acquire(); err != nil {
			return err
		}
		d.uploading = true
	}
	var kind filekind.Sniffer
	defer kind.Wipe()
	f := &file{name: kept}
	bounded := &bounded{r: io.MultiReader(bytes.NewReader(first[:]), r), file: d.in.limits.File, report: d.in.limits.Report - d.bytes}
	if err := f.seal(d.in, d.identify, io.TeeReader(bounded, &kind)); err != nil {
		return err
	}
	f.mediaType = kind.MediaType(kept)
	d.files = append(d.files, f)
	d.bytes += f.content.Size
	return nil
}

func refuseFile(code string) error { return incident.FieldError{Field: incident.FileField, Code: code} }

// bounded returns the matching refusal once a file exceeds a limit.
type bounded struct {
	r            io.Reader
	file, report int64 // bytes left
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.file -= int64(n)
	b.report -= int64(n)
	switch {
	case b.file < 0:
		return 0, refuseFile(incident.FileTooLarge)
	case b.report < 0:
		return 0, refuseFile(incident.ReportTooLarge)
	}
	return n, err
}

// Discard removes everything from the disk that was not sent, and releases the draft's place.
func (d *Draft) Discard() {
	d.done = true
	for _, f := range d.files {
		f.discard()
	}
	d.files = nil
	if d.uploading {
		d.in.uploads.release()
		d.uploading = false
	}
}

// abandon releases the files and leaves them on the disk.
func (d *Draft) abandon() {
	for _, f := range d.files {
		f.key.Wipe()
	}
	d.files = nil
}

// file is one sealed file of a draft.
type file struct {
	name, mediaType string
	content         seal.Digest      // of the original
	sealed          seal.Digest      // of the age file
	to              *seal.Recipients // its recipients
	key             seal.FileKey     // for sealing it again; wiped once that was done
	canReseal       bool
	part            *store.PartWriter
	kept            *ledger.Part // nil until it lies under its final name
	keepErr         error        // why it could not be kept
}

// seal reads content to its end into a new part.
func (f *file) seal(in *Intake, identify bool, content io.Reader) error {
	r, err := in.recipients()
	if err != nil {
		return err
	}
	part, err := in.store.NewPart()
	if err != nil {
		return err
	}
	to := r.files(identify)
	roomy := &reservingWriter{w: part, space: in.space}
	defer roomy.done()
	sealed, key, err := seal.SealWithKey(roomy, seal.Attachment, to, content)
	if err != nil {
		_ = part.Discard()
		return err
	}
	f.part, f.to, f.key, f.canReseal = part, to, key, true
	f.content, f.sealed = sealed.Content, sealed.Ciphertext
	return nil
}

// reseal seals the file to other recipients and unlinks the first copy. It streams the plaintext through memory.
func (f *file) reseal(in *Intake, to *seal.Recipients) (err error) {
	if f.keepErr != nil {
		return f.keepErr
	}
	if !f.canReseal {
		return fmt.Errorf("%w: the trustees changed", ErrAgain)
	}
	src, err := f.part.Reader()
	if err != nil {
		return err
	}
	defer src.Close()
	part, err := in.store.NewPart()
	if err != nil {
		return err
	}
	roomy := &reservingWriter{w: part, space: in.space}
	defer roomy.done()
	sealed, err := seal.Reseal(roomy, seal.Attachment, to, src, f.key)
	if err == nil && sealed.Content != f.content {
		err = errors.New("a file read back from the disk is not what was written")
	}
	if err != nil {
		_ = part.Discard()
		return err
	}
	f.key.Wipe()
	f.canReseal = false
	_ = f.part.Discard()
	f.part, f.kept, f.keepErr, f.to, f.sealed = part, nil, nil, to, sealed.Ciphertext
	return nil
}

// keep makes the part durable, and returns it as the body names it.
func (f *file) keep() (ledger.Part, error) {
	if f.kept != nil {
		return *f.kept, nil
	}
	if f.keepErr != nil {
		return ledger.Part{}, f.keepErr
	}
	part, err := f.part.Keep(f.sealed.Hash)
	if err == nil && part.Size != f.sealed.Size {
		err = errors.New("a file on its way to the disk is not what was sealed")
	}
	if err != nil {
		f.keepErr = err
		return ledger.Part{}, err
	}
	f.kept = &part
	return part, nil
}

// keepAhead makes the files durable while the caller derives a code's keys: the one waits for the disk, the other for a
// core. The draft must not be used until wait returns. What could not be kept is an error of seal.
func (d *Draft) keepAhead() (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, f := range d.files {
			_, _ = f.keep()
		}
	}()
	return func() { <-done }
}

func (f *file) discard() {
	f.key.Wipe()
	f.canReseal = false
	if f.part != nil {
		_ = f.part.Discard()
	}
}

// attachment returns the file as it is committed.
func (f *file) attachment(exhibit int) seal.AttachmentValue {
	return seal.AttachmentValue{
		Exhibit: incident.ExhibitName(exhibit), SHA256: hex.EncodeToString(f.content.Hash[:]),
		Size: f.content.Size, MediaType: f.mediaType, Name: f.name,
	}
}
