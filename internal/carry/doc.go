// Package carry writes and reads the two archives that travel between a ledger
// and its trustees: the carry file, which takes the ledger to the offline
// machine, and the outbox, which brings signed statements back. Both are tar
// archives that stock tar lists and extracts, and both have one encoding only:
// a header is a function of a member's name and size, and the members stand in
// one order. The formats are specified in docs/spec/carry.md.
//
// Readers stream. They compare every hash that a name promises, and refuse
// whatever else an archive can hold: links, devices, folders, owners, times,
// doubles, members out of their order, bytes after the end. Signatures, chain
// and tree are for the reader's caller to judge, with ledger.Chain.
package carry
