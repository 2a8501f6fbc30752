package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/ledgercopy"
)

// Checked is the result of Check.
type Checked struct {
	Entries uint64
	Parts   int    // files of sealed parts and bodies
	Bytes   int64  // in these
	Events  uint64 // of the custody log
	Heads   int    // of the custody log, in the ledger
	Opened  bool   // whether each event was opened too
	Wrong   []string
	Foreign bool     // one of the faults is a head of the owner that is not of this log
	Earlier []string // the owner's logs from before this one, which its first event names, as sentences without full stop
}

// Check verifies the whole vault. Opening it has verified the newest checkpoint and the links of the custody log. Check
// verifies chain and tree, reads every part again, compares the custody log with the heads in the ledger, and, with a key, opens
// every event and every statement that the owner has signed.
func (v *Vault) Check(ctx context.Context, progress func(bytes int64)) (*Checked, error) {
	if v.key != nil {
		record := custody.Record{By: v.By(), Act: custody.Verified, Subject: fmt.Sprintf("the vault: %d entries", v.Size())}
		if _, err := v.Custody.Record(record); err != nil {
			return nil, err
		}
	}
	if trusted, _ := v.copy.Trusts(); trusted > 0 {
		if _, err := ledgercopy.Load(filepath.Join(v.dir, ImportsDir), nil); err != nil {
			return nil, err
		}
	}
	c := &Checked{Entries: v.Size(), Events: v.Custody.Len()}
	if err := v.checkParts(ctx, c, progress); err != nil {
		return nil, err
	}
	if v.Empty() {
		return c, nil
	}
	wrong, err := v.copy.CheckCheckpoints(ctx)
	if err != nil {
		return nil, err
	}
	c.Wrong = append(c.Wrong, wrong...)
	heads, err := v.checkHeads(0)
	if err != nil {
		return nil, err
	}
	c.Heads, c.Earlier, c.Foreign = heads.count, heads.earlier, heads.foreign
	c.Wrong = append(c.Wrong, heads.wrong...)
	if v.key != nil {
		c.Opened = true
		return c, v.checkOwn(ctx, c)
	}
	return c, nil
}

// TotalBytes returns how many bytes Check reads.
func (v *Vault) TotalBytes() (total int64) {
	v.copy.EachPart(func(_ string, p ledger.Part, _ func() (*ledgercopy.PartFile, error)) error {
		total += p.Size
		return nil
	})
	return total
}

func (v *Vault) checkParts(ctx context.Context, c *Checked, progress func(int64)) error {
	return v.copy.EachPart(func(where string, p ledger.Part, open func() (*ledgercopy.PartFile, error)) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := open()
		if errors.Is(err, os.ErrNotExist) {
			if _, erased := v.Copy().ErasedBy(p.Hash); !erased {
				c.Wrong = append(c.Wrong, fmt.Sprintf("%s: %s: its file is missing from the vault", where, p.Kind))
			}
			return nil
		}
		if exit.StatusOf(err) == exit.Mismatch {
			c.Wrong = append(c.Wrong, fmt.Sprintf("%s: %s: %v", where, p.Kind, err))
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		got, err := DigestFile(f)
		if err != nil {
			return err
		}
		if ledger.Hash(got.Hash) != p.Hash {
			c.Wrong = append(c.Wrong, fmt.Sprintf("%s: %s: its file has the hash %s, and the ledger names %s", where, p.Kind, hex.EncodeToString(got.Hash[:]), p.Hash))
		}
		c.Parts++
		c.Bytes += got.Size
		progress(got.Size)
		return nil
	})
}

// checkOwn opens the custody log's events, and the owner's statements, for each of which there must be an event.
func (v *Vault) checkOwn(ctx context.Context, c *Checked) error {
	recorded := make(map[string]bool)
	for n := uint64(1); n <= v.Custody.Len(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := v.Custody.Read(n, v.key.Age)
		if err != nil {
			c.Wrong = append(c.Wrong, err.Error())
			continue
		}
		recorded[e.Out] = true
	}
	own, err := v.SignedStatements()
	if err != nil {
		c.Wrong = append(c.Wrong, err.Error())
	}
	for _, signed := range own {
		switch signed.Statement.Kind {
		case "reply", "review", "exhibit":
			if !recorded[custody.Hex(signed.Statement.Subject)] {
				c.Wrong = append(c.Wrong, fmt.Sprintf("statement %d (%s): the custody log has no event for it", signed.Statement.Number, signed.Statement.Kind))
			}
		}
	}
	return nil
}

// DigestFile reads a file to its end and goes back to its beginning.
func DigestFile(f io.ReadSeeker) (seal.Digest, error) {
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	return seal.Digest{Hash: [32]byte(sum.Sum(nil)), Size: n}, err
}
