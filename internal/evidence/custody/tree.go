package custody

import (
	"crypto/sha256"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/ledger"
)

// The tree of a custody log is that of RFC 6962, section 2.1. Its n-th leaf is
// the SHA-256 of event n: it can be computed without opening an event.

func leafHash(event [32]byte) [32]byte { return tlog.RecordHash(event[:]) }

func nodeHash(left, right [32]byte) [32]byte { return tlog.NodeHash(left, right) }

// emptyRoot returns the root of a log without events.
func emptyRoot() [32]byte { return sha256.Sum256(nil) }

// treeRoot returns the root over the first n events.
func treeRoot(t ledger.StoredTree, n uint64) ([32]byte, error) {
	if n == 0 {
		return emptyRoot(), nil
	}
	return tlog.TreeHash(int64(n), t)
}

// grown returns the tree of all events of the log.
func (l *Log) grown() (ledger.StoredTree, error) {
	have := sort.Search(len(l.records), func(n int) bool { return tlog.StoredHashCount(int64(n)) >= int64(len(l.tree)) })
	for i, r := range l.records[have:] {
		if err := l.tree.Add(uint64(have+i), leafHash(r.hash)); err != nil {
			return nil, err
		}
	}
	return l.tree, nil
}

// TreeHead returns the head of the log for a custody entry, with proofs that
// it extends each of the earlier heads that are given by their numbers of
// events.
func (l *Log) TreeHead(extends []uint64) (ledger.CustodyHead, error) {
	n, link := l.Head()
	all, err := l.grown()
	if err != nil {
		return ledger.CustodyHead{}, err
	}
	root, err := treeRoot(all, n)
	if err != nil {
		return ledger.CustodyHead{}, err
	}
	head := ledger.CustodyHead{Events: n, Link: link, Root: root}
	for _, m := range extends {
		e := ledger.ExtendedHead{Events: m}
		if e.Root, err = treeRoot(all, m); err != nil {
			return ledger.CustodyHead{}, err
		}
		if m < n {
			proof, err := tlog.ProveTree(int64(n), int64(m), all)
			if err != nil {
				return ledger.CustodyHead{}, err
			}
			for _, h := range proof {
				e.Proof = append(e.Proof, ledger.Hash(h))
			}
		}
		head.Extends = append(head.Extends, e)
	}
	return head, nil
}

// RootAt returns the root of the first n events; false where the log is
// shorter.
func (l *Log) RootAt(n uint64) (root [32]byte, ok bool) {
	if n > l.Len() {
		return root, false
	}
	all, err := l.grown()
	if err != nil {
		return root, false
	}
	root, err = treeRoot(all, n)
	return root, err == nil
}
