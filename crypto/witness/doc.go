// Package witness implements what witnesses state about a ledger: C2SP
// tlog-cosignature lines under a checkpoint, the C2SP tlog-witness request for
// them, and the C2SP tlog-policy text that defines how many are enough. It has
// no network, disk or clock.
//
// A cosigned checkpoint is the log's own note with lines after its two:
//
//	example.org/ledger
//	96
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— example.org/ledger <key id and Ed25519 signature>
//	— example.org/ledger <key id, timestamp and ML-DSA-44 cosignature>
//	— witness.example/w1 <key id, timestamp and Ed25519 cosignature>
//	— witness.example/w1 <key id, timestamp and ML-DSA-44 cosignature>
//
// A witness's line states that this is the largest checkpoint which the log
// has shown to it, and that it extends all earlier ones. docs/spec/witness.md
// has the formats.
package witness
