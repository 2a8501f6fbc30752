// Package timestamp makes RFC 3161 time-stamp requests and verifies the tokens
// that answer them. A token over a checkpoint proves that this ledger, up to
// this size, existed at that time. The package has no network, disk or clock:
// requests and responses are bytes (DER, as `openssl ts` reads and writes
// them).
//
// Tokens are untrusted input. A response passes a strict DER check before it
// is parsed, with cryptobyte; certificates, signatures and chains are
// crypto/x509's. docs/spec/anchor.md lists what is verified.
package timestamp
