// Package anchor asks RFC 3161 authorities for time-stamp tokens, and verifies
// them strictly. A token over a checkpoint says: this ledger, up to this size,
// existed at that time. It knows no network: requests and responses are bytes
// (DER, as `openssl ts` reads and writes them).
//
// The parsing is digitorus/timestamp's and digitorus/pkcs7's, which check no
// certificate chain, accept a token without certificates, and take any number
// of signers; everything that makes a token evidence is checked here.
package timestamp
