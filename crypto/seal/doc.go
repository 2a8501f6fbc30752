// Package seal makes and opens parts: the age files that hold what a reporter
// wrote. It pads them, seals them to the trustees' post-quantum keys, puts them
// under a quorum where the ledger asks for one, and commits to every answer.
//
// It is pure: bytes in, bytes out, no clock, no disk, no network. It knows the
// formats and not the vocabulary: the names of the fields and their order are
// passed in.
//
// A part's plaintext, before age (docs/spec/part.md):
//
//	content | zeros | length of the content, uint64 big endian
//
// What a statement holds (docs/spec/commitments.md):
//
//	zapis/statement/v1
//	act report
//	case first
//	received 2026-11-21T20:47:45Z
//	form 5f0c…
//	mailbox age1pq1…
//	tags 91ab…
//	["kS3x…=","danger_now","yes"]
//	…
//	3b1c…  contact.json
//
// Nothing read from a part may be used before [Open] has returned nil: age gives
// no binding between a file's header and its payload, so the whole file's
// SHA-256 is compared first, and a cut is known only at the end.
//
// Positions are the trustees' numbers in the set, from 1: a trustee's position
// is also the ID of their share.
package seal
