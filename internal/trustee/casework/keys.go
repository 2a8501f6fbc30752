package casework

import (
	"encoding/hex"
	"io"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
)

// ledgersOwn is source for the file that the ledger names, never a resealed copy: its key opens what every trustee
// has.
func (v *Trustee) ledgersOwn(s ledgercopy.Submission, p ledger.Part) (*source, error) {
	f, err := v.file(s, p)
	if err != nil {
		return nil, err
	}
	src := &source{file: f, want: digestOf(p)}
	err = seal.CheckDigest(f, src.want)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	} else {
		err = v.refusal(s, p, err)
	}
	if err == nil {
		err = v.count(src, s, p)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return src, nil
}

// KeyClosed returns the reason why the key of a part, as in the ledger, can't be disclosed; empty where it can.
func (v *Trustee) KeyClosed(s ledgercopy.Submission, p ledger.Part) (string, error) {
	src, err := v.ledgersOwn(s, p)
	if err != nil {
		return "", err
	}
	defer src.close()
	return src.closed(), nil
}

// LedgerFileKey decrypts the file key of a part from the header in the ledger. The caller has recorded the disclosure.
func (v *Trustee) LedgerFileKey(s ledgercopy.Submission, p ledger.Part) (seal.FileKey, error) {
	src, err := v.ledgersOwn(s, p)
	if err != nil {
		return seal.FileKey{}, err
	}
	return v.fileKey(src, s, p)
}

// FileKey decrypts the file key of a part. The caller has recorded that.
func (v *Trustee) FileKey(s ledgercopy.Submission, p ledger.Part) (seal.FileKey, error) {
	src, err := v.source(s, p)
	if err != nil {
		return seal.FileKey{}, err
	}
	return v.fileKey(src, s, p)
}

func (v *Trustee) fileKey(src *source, s ledgercopy.Submission, p ledger.Part) (seal.FileKey, error) {
	defer src.close()
	id, err := v.keys(src)
	if err != nil {
		return seal.FileKey{}, v.refusal(s, p, err)
	}
	key, err := seal.ReadFileKey(src.header, id)
	if err != nil {
		return seal.FileKey{}, v.refusal(s, p, err)
	}
	return key, nil
}

// SealedFile opens the ciphertext of a part, as the ledger names it.
func (v *Trustee) SealedFile(s ledgercopy.Submission, p ledger.Part) (*ledgercopy.PartFile, error) {
	return v.file(s, p)
}

// OpenExhibit writes an attachment's original to dst. The output is valid only if the error is nil: then the sealed
// file has the hash in the entry, and its content the hash in its line.
func (v *Trustee) OpenExhibit(dst io.Writer, e casefile.Exhibit) error {
	of, known := v.Copy().SubmissionAt(e.Of, e.Index)
	if !known {
		return ledgercopy.Damaged("%s of %s: its submission is not there", e.Name, e.Place)
	}
	src, err := v.source(of, e.Part)
	if err != nil {
		return err
	}
	defer src.file.Close()
	id, err := v.keys(src)
	if err != nil {
		return v.refusal(of, e.Part, err)
	}
	got, err := seal.Open(dst, seal.Attachment, src.file, src.want, id)
	if err != nil {
		return v.refusal(of, e.Part, err)
	}
	if hex.EncodeToString(got.Hash[:]) != e.SHA256 || got.Size != e.Size {
		return exit.New(exit.Mismatch, "say so to the other trustees: what does not verify is evidence too",
			"%s: %s: the file in it has %d bytes and the SHA-256 %x, and its line says %d and %s",
			e.Place, e.Name, got.Size, got.Hash, e.Size, e.SHA256)
	}
	return nil
}
