// Package store is the ledger on disk. It stores what it can't read: entries
// and the tree over them, signed checkpoints, sealed parts, and submissions
// that wait for their slot.
//
//	D/ledger.db        entries, tree, checkpoints, what waits, small parts (bbolt)
//	D/parts/ab/ab3f…   one attachment each, named by the SHA-256 of its ciphertext
//	D/parts/incoming/  attachments still being written
//	D/guard            the last checkpoint, outside the database and outside backups
//	D/log.key          the log's two signing keys (0600)
//	D/lock             the process that has the folder open
//
// Guarantees:
//
//   - Submit returns a promise only after what it promises is on the disk.
//   - A submission is waiting or an entry, wherever the power fails.
//   - A signature leaves only after the checkpoint it covers is on the disk and
//     in the guard. Checkpoints' times grow, whatever the clock does.
//   - No entry, bucket key or file name holds a time of arrival, or an order of
//     arrival within a slot.
//
// One goroutine, the committer, writes; all others read snapshots. After a
// failed write to the disk the store refuses further writes (ErrBroken): what
// the kernel then returns need not be on the disk. A full disk is the
// exception (ErrFull).
//
// The layout is specified in docs/spec/store.md.
package store
