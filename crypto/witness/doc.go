// Package cosign is what witnesses say about a ledger: C2SP tlog-cosignature
// lines under a checkpoint, the C2SP tlog-witness request that asks for them,
// and the C2SP tlog-policy text that says whose lines are enough. It knows no
// network, no disk and no clock.
//
// A cosigned checkpoint is the log's own note with lines behind its two:
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
// A witness's line says: of all that this log has ever shown me this is the
// largest, and it only grew. docs/spec/witness.md has the formats.
package witness
