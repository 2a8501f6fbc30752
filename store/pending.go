package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"zapis/crypto/ledger"
	"zapis/store/blob"
	"zapis/store/kv"
)

// An attachment that no body names is one whose submission never came, or, where several hosts share a ledger, another
// host's that will be named soon. A host records in the table pending which attachments it keeps, before it keeps them, and
// removes none but its own. So an opening looks at these alone, and at no other file.

// hereHost stands for a host's name in the table pending of a ledger that is in a folder.
const hereHost = "here"

// erasedMark replaces a host's name where an attachment was erased and is still to be removed, by any host.
var erasedMark = []byte("erased")

// announce records durably that this host will keep an attachment.
func (s *Store) announce(h ledger.Hash) error {
	return s.ask(context.Background(), &request{act: func() error {
		want := []kv.Key{{Table: tablePending, Key: h[:]}, {Table: tableFiles, Key: h[:]}, {Table: tableErased, Key: h[:]}}
		return s.updateWith(want, func(tx kv.Tx) error {
			pending := tx.Table(tablePending)
			host := pending.Get(h[:])
			if host != nil && string(host) != s.host || tx.Table(tableFiles).Get(h[:]) != nil || tx.Table(tableErased).Get(h[:]) != nil {
				return fmt.Errorf("%w: %s", ErrPartTaken, h)
			}
			return pending.Put(h[:], []byte(s.host))
		})
	}})
}

// settled removes the record of announce.
func (s *Store) settled(h ledger.Hash) error {
	return s.ask(context.Background(), &request{act: func() error {
		return s.update(func(tx kv.Tx) error { return deletePending(tx, []ledger.Hash{h}) })
	}})
}

func deletePending(tx kv.Tx, hashes []ledger.Hash) error {
	pending := tx.Table(tablePending)
	for _, h := range hashes {
		if err := pending.Delete(h[:]); err != nil {
			return err
		}
	}
	return nil
}

// removePending removes, at opening, the attachments that this host has kept and no body names, and those that were
// erased. It reads only the table pending, so that its time does not depend on the number of attachments.
func (s *Store) removePending() error {
	var gone []ledger.Hash
	err := kv.View(s.db, func(tx kv.Tx) error {
		c := tx.Table(tablePending).Cursor()
		for k, host := c.First(); k != nil; k, host = c.Next() {
			if len(k) == len(ledger.Hash{}) && (string(host) == s.host || bytes.Equal(host, erasedMark)) {
				gone = append(gone, ledger.Hash(k))
			}
		}
		return nil
	})
	if err != nil || len(gone) == 0 {
		return err
	}
	for _, h := range gone {
		if err := s.parts.Remove(context.Background(), blob.Hash(h)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.update(func(tx kv.Tx) error { return deletePending(tx, slices.Clip(gone)) })
}
