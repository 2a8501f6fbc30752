package export

import (
	"crypto/sha1"
	"encoding/hex"
)

// namespaceURL is RFC 9562's namespace for names that are URLs (appendix A).
var namespaceURL = [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// uuid5 returns the version 5 UUID of a name (RFC 9562, section 5.5), so that the same object has the same identifier
// in every file. The version prescribes SHA-1; nothing depends on its strength.
func uuid5(space [16]byte, name string) [16]byte {
	sum := sha1.Sum(append(space[:], name...))
	var id [16]byte
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}

// urn formats an identifier for JSON-LD and RDF.
func urn(id [16]byte) string {
	h := hex.EncodeToString(id[:])
	return "urn:uuid:" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
