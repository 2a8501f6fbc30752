// Package carry writes and reads the two archives that are carried between a
// ledger and its trustees: the carry file, which holds the ledger for the
// offline machine, and the outbox, which holds signed statements for the
// operator. Both are tar archives that stock tar lists and extracts, and both
// have one encoding only: a header is a function of a member's name and size,
// and the members have one order. The formats are specified in
// docs/spec/carry.md.
//
// Readers stream. They compare every hash that a name states, and refuse
// everything else that an archive can hold: links, devices, folders, owners,
// times, duplicates, members out of order, bytes after the end. The caller
// verifies signatures, chain and tree with ledger.Chain.
package carry
