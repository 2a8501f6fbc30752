package timestamp

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"zapis/crypto/canonical"
)

// Imprint is the hash of a message, as requests and tokens name it (RFC 3161,
// MessageImprint).
type Imprint struct {
	Hash crypto.Hash // SHA256, SHA384 or SHA512
	Sum  []byte
}

// NewImprint hashes a message.
func NewImprint(h crypto.Hash, message []byte) Imprint { return Imprint{h, digest(h, message)} }

// Of reports whether the imprint is of this message.
func (i Imprint) Of(message []byte) bool { return bytes.Equal(digest(i.Hash, message), i.Sum) }

var hashes = []struct {
	hash crypto.Hash
	oid  asn1.ObjectIdentifier
}{
	{crypto.SHA256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}},
	{crypto.SHA384, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}},
	{crypto.SHA512, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}},
}

// hashOf returns the hash of an algorithm identifier; false for all but
// SHA-256, 384 and 512.
func hashOf(oid asn1.ObjectIdentifier) (crypto.Hash, bool) {
	for _, h := range hashes {
		if oid.Equal(h.oid) {
			return h.hash, true
		}
	}
	return 0, false
}

// digest hashes with one of the three; nil for any other hash.
func digest(h crypto.Hash, b []byte) []byte {
	switch h {
	case crypto.SHA256:
		s := sha256.Sum256(b)
		return s[:]
	case crypto.SHA384:
		s := sha512.Sum384(b)
		return s[:]
	case crypto.SHA512:
		s := sha512.Sum512(b)
		return s[:]
	}
	return nil
}

// tstInfo is RFC 3161, section 2.4.2.
type tstInfo struct {
	policy    asn1.ObjectIdentifier
	imprint   Imprint
	serial    *big.Int
	time      time.Time // UTC
	accuracy  time.Duration
	nonce     *big.Int // nil without one
	authority []byte   // GeneralName, DER; nil without one
}

// parseTSTInfo reads a TSTInfo to its last byte. Whatever the signer, it refuses a
// version that it does not know and a critical extension: no critical extension
// is known here.
func parseTSTInfo(der []byte) (*tstInfo, error) {
	if err := checkDER(der); err != nil {
		return nil, canonical.Refuse("the signed time stamp is not DER: %w", err)
	}
	input := cryptobyte.String(der)
	var in cryptobyte.String
	var version int
	if !input.ReadASN1(&in, casn1.SEQUENCE) || !in.ReadASN1Integer(&version) {
		return nil, unreadable("the signed time stamp begins with its version")
	}
	if version != 1 {
		return nil, canonical.Refuse("the signed time stamp is of version %d, and 1 is known", version)
	}
	t := &tstInfo{serial: new(big.Int)}
	if !in.ReadASN1ObjectIdentifier(&t.policy) {
		return nil, unreadable("the policy in the signed time stamp")
	}
	var err error
	if t.imprint, err = readImprint(&in); err != nil {
		return nil, err
	}
	if !in.ReadASN1Integer(t.serial) {
		return nil, unreadable("the serial number in the signed time stamp")
	}
	if t.time, err = readTime(&in); err != nil {
		return nil, err
	}
	return t, t.readOptional(in)
}

// readOptional reads what follows the time, up to the end.
func (t *tstInfo) readOptional(in cryptobyte.String) (err error) {
	if in.PeekASN1Tag(casn1.SEQUENCE) {
		if t.accuracy, err = readAccuracy(&in); err != nil {
			return err
		}
	}
	if in.PeekASN1Tag(casn1.BOOLEAN) {
		var ordering bool
		if !in.ReadASN1Boolean(&ordering) {
			return unreadable("the ordering in the signed time stamp")
		}
	}
	if in.PeekASN1Tag(casn1.INTEGER) {
		t.nonce = new(big.Int)
		if !in.ReadASN1Integer(t.nonce) {
			return unreadable("the nonce in the signed time stamp")
		}
	}
	var authority, extensions cryptobyte.String
	var named, extended bool
	if !in.ReadOptionalASN1(&authority, &named, tag0.Constructed()) || !in.ReadOptionalASN1(&extensions, &extended, tag1.Constructed()) {
		return unreadable("the authority's name or the extensions in the signed time stamp")
	}
	if !in.Empty() {
		return canonical.Refuse("%d bytes follow in the signed time stamp", len(in))
	}
	if named {
		t.authority = authority
	}
	return refuseCritical(extensions)
}

// refuseCritical refuses extensions that are marked critical, and what is no list
// of extensions.
func refuseCritical(extensions cryptobyte.String) error {
	for !extensions.Empty() {
		var one, value cryptobyte.String
		var id asn1.ObjectIdentifier
		var critical bool
		if !extensions.ReadASN1(&one, casn1.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&id) ||
			one.PeekASN1Tag(casn1.BOOLEAN) && !one.ReadASN1Boolean(&critical) ||
			!one.ReadASN1(&value, casn1.OCTET_STRING) || !one.Empty() {
			return unreadable("an extension of the signed time stamp")
		}
		if critical {
			return canonical.Refuse("the signed time stamp has the critical extension %s, which is not known", id)
		}
	}
	return nil
}

// readImprint reads a MessageImprint, whose algorithm may have the parameters
// NULL or none.
func readImprint(in *cryptobyte.String) (Imprint, error) {
	var seq, sum cryptobyte.String
	if !in.ReadASN1(&seq, casn1.SEQUENCE) {
		return Imprint{}, unreadable("the imprint")
	}
	oid, parameters, ok := readAlgorithm(&seq)
	if !ok || len(parameters) > 0 && !bytes.Equal(parameters, []byte{tagNull, 0}) || !seq.ReadASN1(&sum, casn1.OCTET_STRING) || !seq.Empty() {
		return Imprint{}, unreadable("the imprint")
	}
	h, known := hashOf(oid)
	if !known {
		return Imprint{}, canonical.Refuse("its imprint is made with the hash %s, and SHA-256, 384 or 512 is required", oid)
	}
	if len(sum) != h.Size() {
		return Imprint{}, canonical.Refuse("its imprint has %d bytes, and %s has %d", len(sum), h, h.Size())
	}
	return Imprint{h, sum}, nil
}

// readTime reads a GeneralizedTime as RFC 3161 restricts it: UTC with Z, whole
// seconds or a fraction that does not end with 0.
func readTime(in *cryptobyte.String) (time.Time, error) {
	var raw cryptobyte.String
	if !in.ReadASN1(&raw, casn1.GeneralizedTime) {
		return time.Time{}, unreadable("the time in the signed time stamp")
	}
	whole, fraction, dotted := strings.Cut(string(raw), ".")
	if dotted {
		digits := strings.TrimSuffix(fraction, "Z")
		if digits == "" || digits == fraction || strings.Trim(digits, "0123456789") != "" || len(digits) > 9 || digits[len(digits)-1] == '0' {
			return time.Time{}, unreadable("the fraction of a second in the signed time stamp")
		}
		whole += "Z"
	}
	const layout = "20060102150405Z"
	at, err := time.Parse(layout, whole)
	if err != nil || at.Format(layout) != whole {
		return time.Time{}, unreadable("the time in the signed time stamp is not written as YYYYMMDDhhmmssZ")
	}
	if dotted {
		digits := strings.TrimSuffix(fraction, "Z")
		n, _ := new(big.Int).SetString(digits+strings.Repeat("0", 9-len(digits)), 10)
		at = at.Add(time.Duration(n.Int64()))
	}
	return at, nil
}

// maxAccuracy is the most that a token may leave open, either way.
const maxAccuracy = 366 * 24 * time.Hour

// readAccuracy reads an Accuracy: seconds, milliseconds [0] and microseconds [1],
// each of which may be absent.
func readAccuracy(in *cryptobyte.String) (time.Duration, error) {
	bad := unreadable("the accuracy in the signed time stamp")
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, casn1.SEQUENCE) {
		return 0, bad
	}
	var seconds, millis, micros int64
	if seq.PeekASN1Tag(casn1.INTEGER) && !seq.ReadASN1Integer(&seconds) ||
		seq.PeekASN1Tag(tag0) && !seq.ReadASN1Int64WithTag(&millis, tag0) ||
		seq.PeekASN1Tag(tag1) && !seq.ReadASN1Int64WithTag(&micros, tag1) || !seq.Empty() {
		return 0, bad
	}
	if seconds < 0 || millis < 0 || millis > 999 || micros < 0 || micros > 999 {
		return 0, bad
	}
	if seconds > int64(maxAccuracy/time.Second) {
		return 0, canonical.Refuse("it states an accuracy of %d seconds, and says nothing with it", seconds)
	}
	return time.Duration(seconds)*time.Second + time.Duration(millis)*time.Millisecond + time.Duration(micros)*time.Microsecond, nil
}

// namesAuthority reports whether the name in a token is one of the
// certificate's (RFC 3161, section 2.4.2, field tsa).
func (t *tstInfo) namesAuthority(c *x509.Certificate) bool {
	if t.authority == nil {
		return true
	}
	input := cryptobyte.String(t.authority)
	if input.PeekASN1Tag(tag4.Constructed()) {
		var name cryptobyte.String
		if !input.ReadASN1(&name, tag4.Constructed()) || !input.Empty() {
			return false
		}
		return bytes.Equal(name, c.RawSubject) || nameText(name) == nameText(c.RawSubject) && nameText(name) != ""
	}
	for _, x := range c.Extensions {
		if !x.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		value := cryptobyte.String(x.Value)
		var all cryptobyte.String
		if !value.ReadASN1(&all, casn1.SEQUENCE) {
			return false
		}
		for !all.Empty() {
			var one cryptobyte.String
			var tag casn1.Tag
			if !all.ReadAnyASN1Element(&one, &tag) {
				return false
			}
			if bytes.Equal(one, t.authority) {
				return true
			}
		}
	}
	return false
}

// nameText writes a distinguished name, whatever string types it uses; empty
// where it can't be read.
func nameText(der []byte) string {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &rdns); err != nil || len(rest) > 0 {
		return ""
	}
	return rdns.String()
}
