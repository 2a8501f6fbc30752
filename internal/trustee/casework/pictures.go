package casework

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/vault"
)

// picturesCache is the cache of the hashes by which pictures are compared: zapis/pictures/v1. A hash is a coarse image of a
// picture, so it is sealed to the owner as the words of statements are.
var picturesCache = vault.Cache{File: "pictures", Header: "zapis/pictures/v1 "}

// pictureLine is the hash of one picture, by its sealed part. It is 0 where the picture could not be decoded.
type pictureLine struct {
	Part ledger.Hash `json:"part"`
	Hash uint64      `json:"hash,omitempty"`
}

// PictureHasher computes the difference hash of a picture file: 0 where it can't be decoded. name is what the sender called
// the file. An error means that no file can be hashed now. media.Client.Hash does this.
type PictureHasher func(ctx context.Context, name string, data []byte) (hash uint64, err error)

// Limits of reading pictures. A step holds what it opens in memory, and it holds the vault's turn while it opens.
const (
	stepPictures  = 32
	stepBytes     = 48 << 20 // of the pictures of a step; a larger one is a step by itself
	maxPicture    = 64 << 20 // bytes; a larger file is not compared
	savedPictures = 512      // hashes after which the cache is written
)

// Pictures are the hashes of a vault's pictures, and the pictures that have none yet. It belongs to one goroutine.
type Pictures struct {
	hashes map[ledger.Hash]uint64 // by part
	wait   []casefile.Exhibit
	total  int // how many were waiting at first
	fresh  int // hashes since the cache was written
}

func (v *Trustee) pictures() (*Pictures, error) {
	lines, err := vault.ReadCache[pictureLine](v.Vault, picturesCache)
	if err != nil {
		return nil, err
	}
	p := &Pictures{hashes: make(map[ledger.Hash]uint64, len(lines))}
	for _, l := range lines {
		p.hashes[l.Part] = l.Hash
	}
	return p, nil
}

// of returns the hash of an exhibit, 0 where it has none. A picture that the cache does not have, and that the owner's key
// opens now, is added to those that wait.
func (p *Pictures) of(e casefile.Exhibit) uint64 {
	hash, known := p.hashes[e.Part.Hash]
	if !known && e.Closed == "" && strings.HasPrefix(e.MediaType, "image/") && e.Size <= maxPicture {
		p.wait, p.total = append(p.wait, e), p.total+1
	}
	return hash
}

// Waiting returns the number of pictures that have no hash yet.
func (p *Pictures) Waiting() int { return len(p.wait) }

// Read computes the hashes of the pictures that wait, and stores them sealed. turn calls its argument with the open vault;
// between two calls others may use the vault. Each opening is recorded first. progress is told after each picture how many
// of how many are done. A run that ends early keeps what it has stored, and the next one goes on from there.
func (p *Pictures) Read(ctx context.Context, turn func(func(*Trustee) error) error, hash PictureHasher, progress func(done, of int)) error {
	for len(p.wait) > 0 {
		var step []openedPicture
		err := turn(func(v *Trustee) (err error) {
			step, err = p.open(v)
			return err
		})
		if err == nil {
			err = p.hash(ctx, step, hash, progress)
		}
		for _, one := range step {
			clear(one.data)
		}
		if err == nil && (p.fresh >= savedPictures || len(p.wait) == 0) {
			err = turn(p.save)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openedPicture is a picture file in memory; data is empty where it does not verify.
type openedPicture struct {
	exhibit casefile.Exhibit
	data    []byte
}

// open opens the next few pictures, and takes them off the list. It records that first.
func (p *Pictures) open(v *Trustee) ([]openedPicture, error) {
	n, size := 0, int64(0)
	for n < min(len(p.wait), stepPictures) && (n == 0 || size+p.wait[n].Size <= stepBytes) {
		size += p.wait[n].Size
		n++
	}
	some := p.wait[:n]
	if err := v.recordPictures(some); err != nil {
		return nil, err
	}
	step := make([]openedPicture, 0, n)
	for _, e := range some {
		var b bytes.Buffer
		if err := v.OpenExhibit(&b, e); err != nil {
			// The case's page says what does not verify, and what was erased meanwhile.
			if status := exit.StatusOf(err); status != exit.Mismatch && !errors.Is(err, errErased) {
				return nil, err
			}
			b.Reset()
		}
		step = append(step, openedPicture{e, b.Bytes()})
	}
	p.wait = p.wait[n:]
	return step, nil
}

// recordPictures records in one event that pictures are opened for comparing them.
func (v *Trustee) recordPictures(list []casefile.Exhibit) error {
	sum := sha256.New()
	for _, e := range list {
		fmt.Fprintf(sum, "%s\n", e.Part.Hash)
	}
	_, err := v.Custody.Record(custody.Record{By: v.By(), Act: custody.Opened, In: custody.Hex([32]byte(sum.Sum(nil))),
		Subject: fmt.Sprintf("pictures to compare with others, %d", len(list))})
	return err
}

func (p *Pictures) hash(ctx context.Context, step []openedPicture, hash PictureHasher, progress func(done, of int)) error {
	for i, one := range step {
		if len(one.data) == 0 {
			continue
		}
		h, err := hash(ctx, one.exhibit.Original, one.data)
		if err != nil {
			return err
		}
		p.hashes[one.exhibit.Part.Hash] = h
		p.fresh++
		progress(p.total-len(p.wait)-len(step)+i+1, p.total)
	}
	return nil
}

// save writes the cache.
func (p *Pictures) save(v *Trustee) error {
	lines := make([]pictureLine, 0, len(p.hashes))
	for _, part := range slices.SortedFunc(maps.Keys(p.hashes), func(a, b ledger.Hash) int { return bytes.Compare(a[:], b[:]) }) {
		lines = append(lines, pictureLine{part, p.hashes[part]})
	}
	p.fresh = 0
	return vault.WriteCache(v.Vault, picturesCache, lines)
}
